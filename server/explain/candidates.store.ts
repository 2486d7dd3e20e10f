import { run, type Queries } from "../db/database.ts"
import type { HolderKind } from "../db/held-at.ts"

/*
 * Who might have a right, in the order of a list. Where few have one of the roles that might give it, they are found by
 * these; where many have, everybody is looked at in order, so many at a time. Either way a page costs the same on every
 * page and in every organization.
 */

/** Where rights are asked about: the organization, or a project of it. */
export type Where = { orgId: string; projectId?: string }

/** What might give the right: built-in roles, custom roles by their ids, and what privileges that might contain. */
export type Giving = { builtIn: readonly string[]; custom: readonly string[]; traces: readonly object[] }

/** How far a list has been looked through, in the order of names. */
export type Position = { name: string; id: string }

/** Somebody who was looked at. */
export type Candidate = {
  membership_id: string
  id: string
  /** By what the list is sorted. */ sort_name: string
  /** By what the organization knows them. */ name: string
  /** What rules call them by. */ username: string
  metadata: { key: string; value: string }[] | null
  valid_until: Date | null
  /** Has accepted the invitation and is not set inactive; machine identities always. */ is_able: boolean
  /** All sets of rules that they have there, as the views `held_…` name them. */ keys: string[]
}

const people = `
    select m.id as membership_id, m.user_id as id, m.username as sort_name, m.username as name, m.metadata,
      m.valid_until, m.accepted_at is not null and m.deactivated_at is null as is_able
    from active_organization_user_memberships m
    where m.org_id = $1 and (m.username, m.user_id) > ($2::text collate "C", $3::uuid)`
const machines = `
    select m.id as membership_id, i.id, i.sort_key as sort_name, i.name, null::jsonb as metadata,
      m.valid_until, true as is_able
    from identities i
    join active_organization_identity_memberships m on m.org_id = i.org_id and m.identity_id = i.id
    where i.org_id = $1 and i.deleted_at is null and (i.sort_key, i.id) > ($2::text collate "C", $3::uuid)`
const searched = "($5::text is null or strpos(sort_name, $5::text) > 0)"

/** Those who are given by `looked`, with all that they have; $6 is the project, where it is in one. */
function withKeys(kind: HolderKind, isInProject: boolean): string {
  const held = isInProject
    ? `select rules_key as key from held_project_${kind}_rules h
      where h.org_id = $1 and h.project_id = $6 and h.membership_id = l.membership_id`
    : `select role_key as key from held_${kind}_roles h where h.org_id = $1 and h.membership_id = l.membership_id`
  const named =
    kind === "user"
      ? "(select username from users u where u.id = l.id) as username, l.metadata"
      : `l.name as username, (
      select jsonb_agg(jsonb_build_object('key', d.key, 'value', d.value)) from identity_metadata d
      where d.org_id = $1 and d.identity_id = l.id and d.removed_at is null
    ) as metadata`
  return `l.membership_id, l.id, l.sort_name, l.name, ${named}, l.valid_until, l.is_able,
    array(select distinct key from (${held} offset 0) of_them) as keys`
}

/** The next in order: of all, or of those with the memberships that are the last value. */
const walkSql = (kind: HolderKind, isInProject: boolean, isOfSome: boolean): string => `
  select ${withKeys(kind, isInProject)}
  from (
    select * from (
      ${kind === "user" ? people : machines}
      ${isOfSome ? `and m.id = any($${isInProject ? 7 : 6}::uuid[])` : ""}
    ) placed
    where ${searched}
    order by sort_name, id limit $4
  ) l
  order by l.sort_name, l.id /* planned anew */`

const builtIn = "r.role <> 'custom' and r.role = any($3::text[])"
const custom = "r.custom_role_id = any($4::uuid[])"
/** A branch for built-in roles and one for custom ones, since each has an index of its own. */
const either = (select: string): string[] => [builtIn, custom].map((isGiven) => `${select} and ${isGiven}`)

const inOrganization = (kind: HolderKind): string[] => [
  ...either(`select r.membership_id from active_organization_${kind}_role_grants r where r.org_id = $1`),
  ...either(`
    select gm.membership_id from active_group_role_grants r
    join active_group_${kind}_memberships gm on gm.org_id = $1 and gm.group_id = r.group_id
    where r.org_id = $1`),
]
const inProject = (kind: HolderKind): string[] => [
  ...either(`
    select m.membership_id from active_project_${kind}_role_grants r
    join active_project_${kind}_memberships m on m.org_id = $1 and m.id = r.project_membership_id
    where r.org_id = $1 and r.project_id = $5`),
  ...either(`
    select gm.membership_id from active_project_group_role_grants r
    join active_project_group_memberships pg on pg.org_id = $1 and pg.id = r.project_membership_id
    join active_group_${kind}_memberships gm on gm.org_id = $1 and gm.group_id = pg.group_id
    where r.org_id = $1 and r.project_id = $5`),
  `select p.membership_id from active_project_${kind}_privileges p
    where p.org_id = $1 and p.project_id = $5 and p.permissions @> any($6::jsonb[])`,
]

/** The memberships of those who have something, unless there are more ways to it than the second value. */
const holdersSql = (kind: HolderKind, isInProject: boolean): string => `
  select case when count(*) <= $2 then array_agg(distinct membership_id) end as ids, count(*)::integer as ways
  from (
    select membership_id from (
      ${(isInProject ? inProject : inOrganization)(kind).join("\n    union all ")}
    ) ways limit $2 + 1
  ) some_of_them /* planned anew */`

const textsOf = (sqlOf: (kind: HolderKind, isInProject: boolean) => string) => {
  const of = (kind: HolderKind) => ({ organization: sqlOf(kind, false), project: sqlOf(kind, true) })
  return { user: of("user"), identity: of("identity") }
}
const allTexts = textsOf((kind, isInProject) => walkSql(kind, isInProject, false))
const someTexts = textsOf((kind, isInProject) => walkSql(kind, isInProject, true))
const holdersTexts = textsOf(holdersSql)
const placeOf = ({ projectId }: Where) => (projectId === undefined ? "organization" : "project")

/** The memberships of those who have what might give the right; undefined where there are more than a few ways to it. */
export async function holdersOf(
  db: Queries,
  where: Where,
  kind: HolderKind,
  { few, builtIn, custom, traces }: Giving & { few: number },
): Promise<string[] | undefined> {
  const isInProject = where.projectId !== undefined
  const patterns = traces.map((each) => JSON.stringify(each))
  const values = [where.orgId, few, builtIn, custom, ...(isInProject ? [where.projectId, patterns] : [])]
  const [row] = await run<{ ids: string[] | null; ways: number }>(
    db,
    holdersTexts[kind][placeOf(where)],
    values,
  )
  return row?.ways === 0 ? [] : (row?.ids ?? undefined)
}

/** Whom to look at: the next `count` after a position, of all or of those who have these memberships. */
export type Asked = {
  where: Where
  kind: HolderKind
  after: Position
  count: number
  of: readonly string[] | undefined
  /** As names are sorted. */ search: string | undefined
}

/** Of all members or machine identities also those who have nothing. */
export function nextOf(db: Queries, { where, kind, after, count, of, search }: Asked): Promise<Candidate[]> {
  const { orgId, projectId } = where
  const values = [
    orgId,
    after.name,
    after.id,
    count,
    search ?? null,
    ...(projectId === undefined ? [] : [projectId]),
    ...(of ? [of] : []),
  ]
  return run(db, (of ? someTexts : allTexts)[kind][placeOf(where)], values)
}

/** The keys of all custom roles that there are, as the views `held_…` name them. */
export async function customRoleKeys(db: Queries, { orgId, projectId }: Where): Promise<string[]> {
  const text =
    projectId === undefined
      ? `select 'custom:' || id || ':' || rules_digest as key from organization_roles
         where org_id = $1 and deleted_at is null`
      : `select 'project-role:' || id || ':' || rules_digest as key from project_roles
         where org_id = $1 and project_id = $2 and deleted_at is null`
  const rows = await run<{ key: string }>(db, text, projectId === undefined ? [orgId] : [orgId, projectId])
  return rows.map(({ key }) => key)
}
