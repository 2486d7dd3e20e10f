import type { Rule } from "./roles.ts"
import { projectActions, type ProjectSubject } from "./vocabulary.ts"

/** The roles that every project has. `custom` is not one: it is how a custom role is shown. */
export const builtInProjectRoles = ["admin", "member", "viewer", "no-access"] as const
export type BuiltInProjectRole = (typeof builtInProjectRoles)[number]

export const isBuiltInProjectRole = (slug: string): slug is BuiltInProjectRole =>
  (builtInProjectRoles as readonly string[]).includes(slug)

/** How the built-in roles are shown. Their ids are fixed, the same in every project. */
export const builtInProjectRoleNames: Record<
  BuiltInProjectRole,
  { id: string; name: string; description: string }
> = {
  admin: {
    id: "b1a9d2c0-6a0d-4b5e-8f53-0d1f6c2ad011",
    name: "Admin",
    description: "Full administrative access over the project",
  },
  member: {
    id: "b1a9d2c0-6a0d-4b5e-8f53-0d1f6c2ad012",
    name: "Developer",
    description: "Works with the secrets of the project, and does not decide who else does",
  },
  viewer: {
    id: "b1a9d2c0-6a0d-4b5e-8f53-0d1f6c2ad013",
    name: "Viewer",
    description: "May read, and change nothing",
  },
  "no-access": {
    id: "b1a9d2c0-6a0d-4b5e-8f53-0d1f6c2ad014",
    name: "No Access",
    description: "May do nothing in the project",
  },
}

const allow = <S extends ProjectSubject>(
  subject: S,
  ...action: (typeof projectActions)[S][number][]
): Rule => ({
  subject,
  action,
})
const everyAction = (subject: ProjectSubject): Rule => ({ subject, action: [...projectActions[subject]] })
const subjects = Object.keys(projectActions) as ProjectSubject[]

/** What each built-in role may do, as tables; `project-roles.snapshot.txt` shows every cell of them. */
export const builtInProjectRules: Record<BuiltInProjectRole, Rule[]> = {
  admin: subjects.map(everyAction),
  member: [
    everyAction("secrets"),
    everyAction("secret-folders"),
    everyAction("secret-imports"),
    everyAction("dynamic-secrets"),
    everyAction("integrations"),
    everyAction("webhooks"),
    everyAction("service-tokens"),
    everyAction("settings"),
    everyAction("environments"),
    everyAction("tags"),
    everyAction("commits"),
    everyAction("secret-rollback"),
    everyAction("secret-syncs"),
    allow("member", "read", "create"),
    allow("groups", "read"),
    allow("identity", "read", "edit", "create", "delete"),
    allow("role", "read"),
    allow("audit-logs", "read"),
    allow("ip-allowlist", "read"),
    allow("secret-approval", "read"),
    allow("secret-rotation", "read"),
  ],
  viewer: [
    allow("secrets", "read", "describeSecret", "readValue"),
    allow("secret-folders", "read"),
    allow("secret-imports", "read"),
    allow("dynamic-secrets", "read-root-credential"),
    allow("secret-approval", "read"),
    allow("secret-rollback", "read"),
    allow("secret-rotation", "read"),
    allow("secret-syncs", "read"),
    allow("commits", "read"),
    allow("member", "read"),
    allow("groups", "read"),
    allow("identity", "read"),
    allow("role", "read"),
    allow("integrations", "read"),
    allow("webhooks", "read"),
    allow("service-tokens", "read"),
    allow("settings", "read"),
    allow("environments", "read"),
    allow("tags", "read"),
    allow("audit-logs", "read"),
    allow("ip-allowlist", "read"),
  ],
  "no-access": [],
}
