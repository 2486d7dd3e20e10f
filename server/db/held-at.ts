import { run, type Queries } from "./database.ts"
import { everOf, heldWithin } from "./intervals.ts"
import type { StoredRule } from "./rules.ts"

/*
 * All that somebody has in an organization or a project, with every step of the way to it, now or at an earlier time.
 * What is there now is read from the views `active_…`, as for every decision; what was there from the intervals of the
 * rows themselves, which is why it is read here.
 */

export type HolderKind = "user" | "identity"

/** Somebody's place; without a project that in the organization. `at` is an earlier time, or absent for now. */
export type HolderPlace = {
  kind: HolderKind
  orgId: string
  membershipId: string
  projectId?: string
  at?: Date
}

/** A role or a privilege that somebody has, and how they come by it. */
export type HeldRow = {
  /** What the rules mean, as the views `held_…` name it; absent where a way into a project brings no role. */
  key: string | null
  is_privilege: boolean
  group_id: string | null
  group_name: string | null
  group_until: Date | null
  /** The membership in the project, by themselves or of the group. */ place_id: string | null
  place_until: Date | null
  /** The custom role, or the privilege. */ grant_id: string | null
  grant_name: string | null
  grant_until: Date | null
  /** Its content was changed after the time that is asked about, and is not kept as it was. */ is_changed: boolean
  /** Of a privilege, when an earlier time is asked about: it may be there no more. */
  permissions: StoredRule[] | null
}

/** What there is of a dated table now, or was at the value of `at`. */
const activeAt = (table: string, at: string | undefined): string =>
  at === undefined ? `active_${table}` : heldWithin(table, at, at)

const isChanged = (alias: string, at: string | undefined): string =>
  at === undefined ? "false" : `coalesce(${alias}.updated_at > ${at}, false)`

function organizationSql(kind: HolderKind, at: string | undefined): string {
  const active = (table: string): string => activeAt(table, at)
  return `
  with given as (
    select r.role, r.custom_role_id, r.valid_until, null::uuid as group_id, null::timestamptz as group_until
    from ${active(`organization_${kind}_role_grants`)} r where r.org_id = $1 and r.membership_id = $2
    union all
    select r.role, r.custom_role_id, r.valid_until, gm.group_id, gm.valid_until
    from ${active(`group_${kind}_memberships`)} gm
    join ${active("group_role_grants")} r on r.org_id = gm.org_id and r.group_id = gm.group_id
    where gm.org_id = $1 and gm.membership_id = $2
  )
  select coalesce('custom:' || c.id || ':' || c.rules_digest, g.role) as key, false as is_privilege,
    g.group_id, gr.name as group_name, g.group_until, null::uuid as place_id, null::timestamptz as place_until,
    c.id as grant_id, c.name as grant_name, g.valid_until as grant_until, ${isChanged("c", at)} as is_changed,
    null::jsonb as permissions
  from given g
  left join organization_roles c on c.org_id = $1 and c.id = g.custom_role_id
  left join groups gr on gr.org_id = $1 and gr.id = g.group_id`
}

function projectSql(kind: HolderKind, at: string | undefined): string {
  const active = (table: string): string => activeAt(table, at)
  return `
  with ways as (
    select null::uuid as group_id, null::timestamptz as group_until, m.id, m.valid_from, m.valid_until
    from ${active(`project_${kind}_memberships`)} m
    where m.org_id = $1 and m.membership_id = $2 and m.project_id = $3
    union all
    select gm.group_id, gm.valid_until, pg.id, greatest(gm.valid_from, pg.valid_from), pg.valid_until
    from ${active(`group_${kind}_memberships`)} gm
    join ${active("project_group_memberships")} pg on pg.org_id = gm.org_id and pg.group_id = gm.group_id
    where gm.org_id = $1 and gm.membership_id = $2 and pg.project_id = $3
  ), named as (
    select w.*, gr.name as group_name from ways w left join groups gr on gr.org_id = $1 and gr.id = w.group_id
  )
  select coalesce('project-role:' || c.id || ':' || c.rules_digest, r.role) as key, false as is_privilege,
    w.group_id, w.group_name, w.group_until, w.id as place_id, w.valid_until as place_until,
    c.id as grant_id, c.name as grant_name, r.valid_until as grant_until, ${isChanged("c", at)} as is_changed,
    null::jsonb as permissions
  from named w
  left join lateral (
    select role, custom_role_id, valid_until from ${active(`project_${kind}_role_grants`)} own
    where w.group_id is null and own.org_id = $1 and own.project_membership_id = w.id
    union all
    select role, custom_role_id, valid_until from ${active("project_group_role_grants")} of_group
    where w.group_id is not null and of_group.org_id = $1 and of_group.project_membership_id = w.id
  ) r on true
  left join project_roles c on c.org_id = $1 and c.id = r.custom_role_id
  union all
  select '${kind}-privilege:' || p.id || ':' || p.rules_digest, true,
    w.group_id, w.group_name, w.group_until, w.id, w.valid_until,
    p.id, p.slug, p.valid_until, ${isChanged("p", at)}, ${at === undefined ? "null::jsonb" : "p.permissions"}
  from ${active(`project_${kind}_privileges`)} p
  join named w on w.valid_from <= p.given_at
  where p.org_id = $1 and p.membership_id = $2 and p.project_id = $3`
}

/** The statement for all that somebody has: $1 is the organization, $2 their membership, $3 the project, then the time. */
export const textOf = (kind: HolderKind, isInProject: boolean, isNow: boolean): string => {
  const at = `$${isInProject ? 4 : 3}::timestamptz`
  return (isInProject ? projectSql : organizationSql)(kind, isNow ? undefined : at)
}

/** All that somebody has there, each way to it a row. */
export const heldAt = (db: Queries, place: HolderPlace): Promise<HeldRow[]> => {
  const { kind, orgId, membershipId, projectId, at } = place
  const values = [orgId, membershipId, projectId, at].filter((value) => value !== undefined)
  return run(db, textOf(kind, projectId !== undefined, at === undefined), values)
}

/**
 * Whether one of somebody's privileges in a project was changed or ended after a time, or begun anew: its rules and its
 * interval are those it had last, so that nobody knows what they were.
 */
export async function arePrivilegesChanged(
  db: Queries,
  { kind, orgId, membershipId, projectId, at }: HolderPlace,
): Promise<boolean> {
  const text = `
  select exists (
    select from project_${kind}_privileges
    where org_id = $1 and membership_id = $2 and project_id = $3 and created_at <= $4 and updated_at > $4
  ) as is_changed`
  const [row] = await run<{ is_changed: boolean }>(db, text, [orgId, membershipId, projectId, at])
  return row?.is_changed ?? false
}

/** Somebody's place in the organization: the one of that time, or else the last that they had. */
export type HolderRow = {
  /** The clock of the database. */ now: Date
  membership_id: string
  id: string
  /** What rules call them by. */ username: string
  /** By what the organization knows them. */ name: string
  metadata: { key: string; value: string }[] | null
  valid_until: Date | null
  is_there: boolean
  /** Has accepted the invitation; machine identities are asked for nothing. */ is_accepted: boolean
  is_inactive: boolean
  /** Something was changed after that time that is kept only as it is now. */ is_changed: boolean
}

const isThen = (at: string): string =>
  `m.valid_from <= ${at} and (m.valid_until is null or m.valid_until > ${at})
      and (not m.is_closed or m.valid_until <= statement_timestamp())`
const isThereNow = `not m.is_closed and ${isThen("statement_timestamp()")}`

const holderColumns: Record<HolderKind, (at: string | undefined) => string> = {
  user: (at) => `m.user_id as id, u.username, m.username as name, m.metadata,
    m.accepted_at is not null and m.accepted_at <= ${at ?? "statement_timestamp()"} as is_accepted,
    coalesce(m.deactivated_at <= ${at ?? "statement_timestamp()"}, false) as is_inactive,
    ${at === undefined ? "false" : `m.updated_at > ${at} and m.updated_at is distinct from m.valid_until`} as is_changed`,
  identity: () => `i.id, i.name as username, i.name,
    (
      select jsonb_agg(jsonb_build_object('key', d.key, 'value', d.value)) from identity_metadata d
      where d.org_id = $1 and d.identity_id = i.id and d.removed_at is null
    ) as metadata,
    true as is_accepted, false as is_inactive, false as is_changed`,
}
const holderTables: Record<HolderKind, (memberships: string) => string> = {
  user: (memberships) =>
    `${memberships} m join users u on u.id = m.user_id where m.org_id = $1 and m.user_id = $2`,
  identity: (
    memberships,
  ) => `${memberships} m join identities i on i.org_id = m.org_id and i.id = m.identity_id
  where m.org_id = $1 and m.identity_id = $2`,
}

function holderSql(kind: HolderKind, isOfNow: boolean, at: string | undefined): string {
  const memberships = `organization_${kind}_memberships`
  const isThere = at === undefined ? isThereNow : isThen(at)
  return `
  select statement_timestamp() as now, m.id as membership_id, m.valid_until, ${isThere} as is_there,
    ${holderColumns[kind](at)}
  from ${holderTables[kind](isOfNow ? `active_${memberships}` : everOf(memberships))}
  order by ${isThere} desc, m.valid_from desc limit 1`
}

/** Somebody of the organization, by their account or as a machine identity; also who has left it since. */
export async function holderAt(
  db: Queries,
  { kind, orgId, id, at }: { kind: HolderKind; orgId: string; id: string; at?: Date },
): Promise<HolderRow | undefined> {
  const ask = async (isOfNow: boolean): Promise<HolderRow | undefined> => {
    const text = holderSql(kind, isOfNow, at && "$3::timestamptz")
    const [row] = await run<HolderRow>(db, text, at ? [orgId, id, at] : [orgId, id])
    return row
  }
  // Nobody who is there now is looked for among all who ever were.
  const found = await ask(true)
  return found?.is_there ? found : ((await ask(false)) ?? found)
}
