import { run, type Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"

export type KeyedRules = { key: string; permissions: StoredRule[] }

const rulesSql = `
  select 'project-role:' || id || ':' || rules_digest as key, permissions
  from project_roles where org_id = $1 and id = any($2::uuid[])
  union all
  select 'user-privilege:' || id || ':' || rules_digest, permissions
  from active_project_user_privileges where org_id = $1 and id = any($2::uuid[])
  union all
  select 'identity-privilege:' || id || ':' || rules_digest, permissions
  from active_project_identity_privileges where org_id = $1 and id = any($2::uuid[])`

/** The rules of custom roles and of privileges as they are now, each with the key that names them by their content. */
export const rulesOf = (db: Queries, orgId: string, ids: string[]): Promise<KeyedRules[]> =>
  run(db, rulesSql, [orgId, ids])

const heldSql = (kind: "user" | "identity"): string => `
  select rules_key as key, source_kind, source_id, valid_from, valid_until
  from held_project_${kind}_rules where org_id = $1 and project_id = $2 and membership_id = $3
  order by source_kind, source_id, rules_key`
const texts = { user: heldSql("user"), identity: heldSql("identity") }

/** A set of rules that somebody has in a project, where it comes from, and how long it is good. */
export type HeldRules = {
  key: string
  /** `source_id` is the membership in the project, the group, or the privilege. */
  source_kind: "own" | "group" | "privilege"
  source_id: string
  valid_from: Date
  valid_until: Date | null
}

/** All that somebody has in a project now. */
export const rulesHeldBy = (
  db: Queries,
  kind: "user" | "identity",
  place: { orgId: string; projectId: string; membershipId: string },
): Promise<HeldRules[]> => run(db, texts[kind], [place.orgId, place.projectId, place.membershipId])
