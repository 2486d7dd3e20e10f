/**
 * Every subject of an organization and the actions on it, as the Infisical API names them
 * (the names are wire format: custom roles and permission answers carry them).
 */
export const organizationActions = {
  workspace: ["create"],
  project: ["create", "request-access"],
  "sub-organization": ["create", "edit", "delete", "direct-access", "link-group"],
  role: ["read", "create", "edit", "delete"],
  member: ["read", "create", "edit", "delete"],
  groups: [
    "read",
    "create",
    "edit",
    "delete",
    "grant-privileges",
    "add-members",
    "remove-members",
    "add-identities",
    "remove-identities",
  ],
  identity: [
    "read",
    "create",
    "edit",
    "delete",
    "grant-privileges",
    "revoke-auth",
    "create-token",
    "get-token",
    "delete-token",
  ],
  settings: ["read", "create", "edit", "delete"],
  "incident-contact": ["read", "create", "edit", "delete"],
  "secret-scanning": ["read", "create", "edit", "delete"],
  scim: ["read", "create", "edit", "delete"],
  ldap: ["read", "create", "edit", "delete"],
  kms: ["read", "create", "edit", "delete"],
  "project-templates": ["read", "create", "edit", "delete"],
  "github-org-sync": ["read", "create", "edit", "delete"],
  "github-org-sync-manual": ["read", "create", "edit", "delete"],
  sso: ["read", "create", "edit", "delete", "bypass-sso-enforcement"],
  "audit-logs": ["read"],
  billing: ["read", "manage-billing"],
  "email-domains": ["read", "create", "verify-domain", "delete"],
  "app-connections": ["read", "create", "edit", "delete", "connect", "rotate-credentials"],
  "organization-admin-console": ["access-all-projects"],
  "machine-identity-auth-template": [
    "list-templates",
    "create-templates",
    "edit-templates",
    "delete-templates",
    "unlink-templates",
    "attach-templates",
  ],
  gateway: [
    "list-gateways",
    "create-gateways",
    "edit-gateways",
    "delete-gateways",
    "attach-gateways",
    "revoke-gateway-access",
  ],
  relay: ["list-relays", "create-relays", "edit-relays", "delete-relays"],
} as const satisfies Record<string, readonly string[]>

export type OrganizationSubject = keyof typeof organizationActions
export type OrganizationAction<S extends OrganizationSubject = OrganizationSubject> =
  (typeof organizationActions)[S][number]

/** One action on one subject, for example `["edit", "groups"]`; a misspelt one does not compile. */
export type OrganizationPermission = {
  [S in OrganizationSubject]: readonly [OrganizationAction<S>, S]
}[OrganizationSubject]

const crud = ["read", "create", "edit", "delete"] as const
const delegation = ["grant-privileges", "assign-role"] as const

/** Every subject of a project and the actions on it; wire format, too. `read` on secrets is both ways of reading. */
export const projectActions = {
  role: crud,
  environments: crud,
  tags: crud,
  settings: crud,
  integrations: crud,
  webhooks: crud,
  "service-tokens": crud,
  "ip-allowlist": crud,
  "secret-folders": crud,
  "secret-imports": crud,
  workspace: ["edit", "delete"],
  member: [...crud, ...delegation, "assign-additional-privileges", "assume-privileges"],
  groups: [...crud, ...delegation],
  identity: [
    ...crud,
    ...delegation,
    "assign-additional-privileges",
    "assume-privileges",
    "revoke-auth",
    "create-token",
    "get-token",
    "delete-token",
  ],
  secrets: ["read", "describeSecret", "readValue", "create", "edit", "delete"],
  "dynamic-secrets": [
    "read-root-credential",
    "create-root-credential",
    "edit-root-credential",
    "delete-root-credential",
    "lease",
  ],
  "secret-approval": [...crud, "allow-change-bypass", "allow-access-bypass"],
  "secret-approval-request": ["read"],
  "secret-rollback": ["read", "create"],
  commits: ["read", "perform-rollback"],
  "secret-rotation": [...crud, "read-generated-credentials", "rotate-secrets"],
  "secret-syncs": [...crud, "sync-secrets", "import-secrets", "remove-secrets"],
  "audit-logs": ["read"],
} as const satisfies Record<string, readonly string[]>

export type ProjectSubject = keyof typeof projectActions
export type ProjectAction<S extends ProjectSubject = ProjectSubject> = (typeof projectActions)[S][number]

/** One action on one subject of a project; a misspelt one does not compile. */
export type ProjectPermission = { [S in ProjectSubject]: readonly [ProjectAction<S>, S] }[ProjectSubject]

/** Whatever may be asked of somebody's rights. */
export type Permission = OrganizationPermission | ProjectPermission
