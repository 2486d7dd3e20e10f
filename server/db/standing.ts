/** By what a caller was judged when the request was looked up. */
export type JudgedBy = {
  kind: "user" | "machine"
  /** The place in the organization. */ membershipId: string
  /** The session, or the access token. */ credentialId: string
  /** The roles held, as the views `held_…_roles` name them. */ roleKeys: readonly string[]
}

/** Whether a statement waits for a row that somebody is changing, or takes it for one that is not there. */
export type Waiting = "waits" | "skips"

export const lockedFor = (strength: "share" | "key share" | "update", waiting: Waiting): string =>
  `for ${strength}${waiting === "skips" ? " skip locked" : ""}`

/** Expressions of SQL for the same, the role keys as one text. */
type Caller = { membershipId: string; credentialId: string; roleKeys: string }

/** That the caller is still signed in, as the look-up finds it good, and still has the place. */
const isPlaced: Record<JudgedBy["kind"], (caller: Caller) => string> = {
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

const isStanding = (kind: JudgedBy["kind"], caller: Caller): string => `
      ${isPlaced[kind](caller)}
      and ${caller.roleKeys} = (
        select coalesce(string_agg(distinct role_key collate "C", ' ' order by role_key collate "C"), '')
        from ${heldBy[kind]} where org_id = $1 and membership_id = ${caller.membershipId}
      )
      and not exists (
        select from unnest(string_to_array(${caller.roleKeys}, ' ')) key
        where key like 'custom:%' and key not in (select role_key from held_roles)
      )`

const heldRoles = (keys: string, waiting: Waiting): string => `
  held_roles as (
    select 'custom:' || id || ':' || rules_digest as role_key from organization_roles
    where org_id = $1 and id = any(array(
      select split_part(key, ':', 2)::uuid from ${keys} key where key like 'custom:%'
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
  return `${heldRoles(`unnest(string_to_array(${caller.roleKeys}, ' '))`, waiting)}, standing as (
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
  ), ${heldRoles("callers, unnest(string_to_array(role_keys, ' '))", waiting)}, standing as (
    select number from callers c where ${isStanding(kind, caller)}
  )`
}

/** How many values each of these takes. */
export const callerValueCount = 3

const inOneText = (keys: readonly string[]): string => [...new Set(keys)].toSorted().join(" ")

export const callerValues = ({ membershipId, credentialId, roleKeys }: JudgedBy): unknown[] => [
  membershipId,
  credentialId,
  inOneText(roleKeys),
]

/** Each caller once, and for each of those given the number by which it is found there. */
export function callerLists(given: readonly JudgedBy[]): { lists: unknown[][]; numbers: number[] } {
  const callers = new Map<string, { values: unknown[]; number: number }>()
  const numbers = given.map((judgedBy) => {
    const values = callerValues(judgedBy)
    const name = values.join(" ")
    const caller = callers.get(name) ?? { values, number: callers.size + 1 }
    callers.set(name, caller)
    return caller.number
  })
  const each = [...callers.values()]
  const lists = Array.from({ length: callerValueCount }, (_, index) =>
    each.map(({ values }) => values[index]),
  )
  return { lists, numbers }
}
