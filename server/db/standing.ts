type Credential = {
  kind: "user" | "machine"
  /** The place in the organization. */ membershipId: string
  /** The session, or the access token. */ credentialId: string
}
/** By what a caller was judged when the request was looked up. */
export type JudgedBy = Credential & {
  /** The roles held, as the views `held_…_roles` name them. */ roleKeys: readonly string[]
}
/** The same for what is done in a project. */
export type JudgedInProject = Credential & {
  projectId: string
  /** The rules held in it, as the views `held_project_…_rules` name them. */ ruleKeys: readonly string[]
}

/** Whether a statement waits for a row that somebody is changing, or takes it for one that is not there. */
export type Waiting = "waits" | "skips"

export const lockedFor = (strength: "share" | "key share" | "update", waiting: Waiting): string =>
  `for ${strength}${waiting === "skips" ? " skip locked" : ""}`

/** Expressions of SQL for the same. */
type Placed = { membershipId: string; credentialId: string }
/** The role keys are one text. */
type Caller = Placed & { roleKeys: string }

/** That the caller is still signed in, as the look-up finds it good, and still has the place. */
const isPlaced: Record<JudgedBy["kind"], (caller: Placed) => string> = {
  user: ({ membershipId, credentialId }) => `
      exists (
        select from sessions s where s.id = ${credentialId} and s.ended_at is null and not s.is_removed
      ) and exists (
        select from active_organization_user_memberships m
        where m.org_id = $1 and m.id = ${membershipId} and m.accepted_at is not null and m.deactivated_at is null
      )`,
  machine: ({ membershipId, credentialId }) => `
      exists (
        select from identity_access_tokens t
        join identity_auth_methods a on a.org_id = t.org_id and a.id = t.auth_method_id and a.removed_at is null
        where t.org_id = $1 and t.id = ${credentialId} and t.revoked_at is null
          and (t.expires_at is null or t.expires_at > statement_timestamp())
      ) and exists (
        select from active_organization_identity_memberships m where m.org_id = $1 and m.id = ${membershipId}
      )`,
}
const heldBy = { user: "held_user_roles", machine: "held_identity_roles" } as const

/** All keys that a view names, as `inOneText` puts them together. */
const keysIn = (key: string, view: string, which: string): string => `(
        select coalesce(string_agg(distinct ${key} collate "C", ' ' order by ${key} collate "C"), '')
        from ${view} where org_id = $1 and ${which}
      )`

type Custom = { prefix: string; table: string }
const customOf: Record<"organization" | "project", Custom> = {
  organization: { prefix: "custom", table: "organization_roles" },
  project: { prefix: "project-role", table: "project_roles" },
}

const areRolesHeld = (keys: string, { prefix }: Custom): string => `not exists (
        select from unnest(string_to_array(${keys}, ' ')) key
        where key like '${prefix}:%' and key not in (select role_key from held_roles)
      )`

const isStanding = (kind: JudgedBy["kind"], caller: Caller): string => `
      ${isPlaced[kind](caller)}
      and ${caller.roleKeys} = ${keysIn("role_key", heldBy[kind], `membership_id = ${caller.membershipId}`)}
      and ${areRolesHeld(caller.roleKeys, customOf.organization)}`

const heldRoles = (keys: string, { prefix, table }: Custom, waiting: Waiting): string => `
  held_roles as (
    select '${prefix}:' || id || ':' || rules_digest as role_key from ${table}
    where org_id = $1 and id = any(array(
      select split_part(key, ':', 2)::uuid from ${keys} key where key like '${prefix}:%'
    ))
    order by id ${lockedFor("share", waiting)}
  )`

/**
 * Pieces of SQL for a write in one statement, by which it looks again at what its caller was judged by: there is a row
 * in `standing` if they are still signed in, have the place and hold the same roles as then. Custom roles are kept as
 * they are until the commit. `$1` is the organization, and the values from `$first` on are given by `callerValues`.
 */
export function standingCaller(kind: JudgedBy["kind"], first: number, waiting: Waiting): string {
  const caller = {
    membershipId: `$${first}::uuid`,
    credentialId: `$${first + 1}::uuid`,
    roleKeys: `$${first + 2}::text`,
  }
  const keys = `unnest(string_to_array(${caller.roleKeys}, ' '))`
  return `${heldRoles(keys, customOf.organization, waiting)}, standing as (
    select true where ${isStanding(kind, caller)}
  )`
}

/**
 * The same for several callers, given by `callerLists`: `standing` has the `number` of each that stands, from one on.
 */
export function standingCallers(kind: JudgedBy["kind"], first: number, waiting: Waiting): string {
  const caller = { membershipId: "c.membership_id", credentialId: "c.credential_id", roleKeys: "c.role_keys" }
  return `
  callers as (
    select * from unnest($${first}::uuid[], $${first + 1}::uuid[], $${first + 2}::text[])
      with ordinality as callers(membership_id, credential_id, role_keys, number)
  ), ${heldRoles("callers, unnest(string_to_array(role_keys, ' '))", customOf.organization, waiting)}, standing as (
    select number from callers c where ${isStanding(kind, caller)}
  )`
}

const heldInProjectBy = {
  user: "held_project_user_rules",
  machine: "held_project_identity_rules",
} as const

/**
 * The same for several callers who act in projects, given by `callerListsInProjects`: what they hold in the organization
 * counts for nothing there.
 */
export function standingCallersInProjects(kind: JudgedBy["kind"], first: number, waiting: Waiting): string {
  const types = ["uuid[]", "uuid[]", "uuid[]", "text[]"]
  const placed = { membershipId: "c.membership_id", credentialId: "c.credential_id" }
  const which = "project_id = c.project_id and membership_id = c.membership_id"
  return `
  callers as (
    select * from unnest(${types.map((type, index) => `$${first + index}::${type}`).join(", ")})
      with ordinality as callers(membership_id, credential_id, project_id, rule_keys, number)
  ), ${heldRoles("callers, unnest(string_to_array(rule_keys, ' '))", customOf.project, waiting)}, standing as (
    select number from callers c
    where ${isPlaced[kind](placed)}
      and c.rule_keys = ${keysIn("rules_key", heldInProjectBy[kind], which)}
      and ${areRolesHeld("c.rule_keys", customOf.project)}
  )`
}

/** How many values each of these takes. */
export const callerValueCount = 3
export const callerInProjectValueCount = 4

const inOneText = (keys: readonly string[]): string => [...new Set(keys)].toSorted().join(" ")

export const callerValues = ({ membershipId, credentialId, roleKeys }: JudgedBy): unknown[] => [
  membershipId,
  credentialId,
  inOneText(roleKeys),
]

const valuesInProject = (judgedBy: JudgedInProject): unknown[] => [
  judgedBy.membershipId,
  judgedBy.credentialId,
  judgedBy.projectId,
  inOneText(judgedBy.ruleKeys),
]

/** Each caller once, and for each of those given the number by which it is found there. */
type CallerLists = { lists: unknown[][]; numbers: number[] }

export const callerLists = (given: readonly JudgedBy[]): CallerLists =>
  eachOnce(given.map(callerValues), callerValueCount)

export const callerListsInProjects = (given: readonly JudgedInProject[]): CallerLists =>
  eachOnce(given.map(valuesInProject), callerInProjectValueCount)

function eachOnce(given: readonly unknown[][], count: number): CallerLists {
  const callers = new Map<string, { values: unknown[]; number: number }>()
  const numbers = given.map((values) => {
    const name = values.join(" ")
    const caller = callers.get(name) ?? { values, number: callers.size + 1 }
    callers.set(name, caller)
    return caller.number
  })
  const each = [...callers.values()]
  const lists = Array.from({ length: count }, (_, index) => each.map(({ values }) => values[index]))
  return { lists, numbers }
}
