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
