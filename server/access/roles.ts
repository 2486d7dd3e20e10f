import { organizationActions, type OrganizationSubject } from "./vocabulary.ts"

/** The rule object of the public API; `@casl/ability` gives it its meaning. */
export type Rule = {
  subject: string
  action: string | string[]
  conditions?: Record<string, unknown>
  inverted?: boolean
}

/** The roles that every organization has. `custom` is not one: it is how a custom role is shown. */
export const builtInRoles = ["admin", "member", "no-access"] as const
export type BuiltInRole = (typeof builtInRoles)[number]

export const isBuiltInRole = (slug: string): slug is BuiltInRole =>
  (builtInRoles as readonly string[]).includes(slug)

/** How the built-in roles are shown. Their ids are fixed, the same in every organization. */
export const builtInRoleNames: Record<BuiltInRole, { id: string; name: string; description: string }> = {
  admin: {
    id: "b1a9d2c0-6a0d-4b5e-8f53-0d1f6c2ad001",
    name: "Admin",
    description: "Complete administration access over the organization",
  },
  member: {
    id: "b1a9d2c0-6a0d-4b5e-8f53-0d1f6c2ad002",
    name: "Member",
    description: "May see the organization and create projects in it",
  },
  "no-access": {
    id: "b1a9d2c0-6a0d-4b5e-8f53-0d1f6c2ad003",
    name: "No Access",
    description: "May do nothing in the organization",
  },
}

/** How a role is written down where it is given to somebody. */
export type StoredRole = { role: string; custom_role_id: string | null }

/** A built-in role as it is written down. */
export const storedRole = (role: BuiltInRole): StoredRole => ({ role, custom_role_id: null })

const everything: Rule[] = Object.entries(organizationActions).map(([subject, actions]) => ({
  subject,
  action: [...actions],
}))

const allow = <S extends OrganizationSubject>(
  subject: S,
  ...action: (typeof organizationActions)[S][number][]
): Rule => ({ subject, action })

/** What each built-in role may do, as tables; `roles.snapshot.txt` shows every cell of them. */
export const builtInRules: Record<BuiltInRole, Rule[]> = {
  admin: everything,
  member: [
    allow("workspace", "create"),
    allow("project", "create"),
    allow("member", "read"),
    allow("groups", "read"),
    allow("role", "read"),
    allow("settings", "read"),
    allow("billing", "read"),
    allow("incident-contact", "read"),
    allow("audit-logs", "read"),
    allow("secret-scanning", "read", "create", "edit", "delete"),
    allow("identity", "read", "create", "edit", "delete"),
    allow("app-connections", "connect"),
    allow("gateway", "list-gateways", "create-gateways", "attach-gateways"),
    allow("relay", "list-relays", "create-relays", "edit-relays"),
    allow("machine-identity-auth-template", "list-templates", "unlink-templates", "attach-templates"),
  ],
  "no-access": [],
}
