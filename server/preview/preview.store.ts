import { run, type Queries } from "../db/database.ts"

/*
 * What people and machine identities hold at a moment of a transaction: in the organization and in projects, by the keys
 * of the views `held_…`.
 */

export type Kind = "user" | "identity"
/** Somebody's place in the organization. */
export type Holder = { kind: Kind; membership_id: string }

type Place = { orgId: string; projectId: string | null }
/** One way in which holders are named, with its values. */
export type Named = { by: Naming; values: readonly string[] }
export type Naming =
  | "usernames"
  | "users"
  | "members"
  | "projectMembers"
  | "identities"
  | "groupIds"
  | "groupNames"
  | "organizationRoles"
  | "projectRoles"
  | "userPrivileges"
  | "identityPrivileges"
  | "everybodyInProject"

const users = (rest: string): string => `select 'user' as kind, membership_id from ${rest}`
const identities = (rest: string): string => `select 'identity' as kind, membership_id from ${rest}`
const both = (of: (kind: Kind) => string): string =>
  `${users(of("user"))} union ${identities(of("identity"))}`

/** A group counts by those who are in it. */
const membersOfGroups = (kind: Kind, groups: string): string => `
  active_group_${kind}_memberships where org_id = $1 and group_id in (select id from groups
    where org_id = $1 and deleted_at is null and ${groups})`

/** Each by `$2`, a list of texts, and `$3`, the project. */
const namings: Record<Naming, string> = {
  usernames: `select 'user' as kind, id as membership_id from active_organization_user_memberships
    where org_id = $1 and username = any($2::text[])`,
  users: `select 'user' as kind, id as membership_id from active_organization_user_memberships
    where org_id = $1 and user_id = any($2::uuid[])`,
  members: `select 'user' as kind, id as membership_id from active_organization_user_memberships
    where org_id = $1 and id = any($2::uuid[])`,
  identities: `select 'identity' as kind, id as membership_id from active_organization_identity_memberships
    where org_id = $1 and identity_id = any($2::uuid[])`,
  projectMembers: users(
    "active_project_user_memberships where org_id = $1 and id = any($2::uuid[]) and project_id = $3::uuid",
  ),
  groupIds: both((kind) => membersOfGroups(kind, "id = any($2::uuid[])")),
  groupNames: both((kind) => membersOfGroups(kind, "name = any($2::text[])")),
  organizationRoles: both(
    (kind) => `
    active_organization_${kind}_role_grants where org_id = $1 and custom_role_id = any($2::uuid[])
    union select '${kind}', gm.membership_id from active_group_role_grants r
    join active_group_${kind}_memberships gm on gm.org_id = r.org_id and gm.group_id = r.group_id
    where r.org_id = $1 and r.custom_role_id = any($2::uuid[])`,
  ),
  projectRoles: both(
    (kind) => `
    active_project_${kind}_memberships where org_id = $1 and id in (
      select project_membership_id from active_project_${kind}_role_grants
      where org_id = $1 and custom_role_id = any($2::uuid[]) and project_id = $3::uuid
    )
    union select '${kind}', gm.membership_id from active_project_group_role_grants r
    join active_project_group_memberships pg on pg.org_id = r.org_id and pg.id = r.project_membership_id
    join active_group_${kind}_memberships gm on gm.org_id = pg.org_id and gm.group_id = pg.group_id
    where r.org_id = $1 and r.custom_role_id = any($2::uuid[]) and r.project_id = $3::uuid`,
  ),
  userPrivileges: users(
    "open_project_user_privileges where org_id = $1 and id = any($2::uuid[]) and project_id = $3::uuid",
  ),
  identityPrivileges: identities(
    "open_project_identity_privileges where org_id = $1 and id = any($2::uuid[]) and project_id = $3::uuid",
  ),
  everybodyInProject: both((kind) => `project_${kind}_places where org_id = $1 and project_id = $3::uuid`),
}

/** Who is meant; $2 and $3 have no type where a text does not use them. */
export const holdersNamed = (db: Queries, { orgId, projectId }: Place, { by, values }: Named) =>
  run<Holder>(db, `with asked as (select $2::text[], $3::uuid) ${namings[by]}`, [orgId, values, projectId])

/** The projects that a group is in. */
export async function projectsOfGroup(db: Queries, orgId: string, groupId: string): Promise<string[]> {
  const text = `select project_id from active_project_group_memberships where org_id = $1 and group_id = $2`
  const rows = await run<{ project_id: string }>(db, text, [orgId, groupId])
  return rows.map(({ project_id: id }) => id)
}

/** Somebody's place in the organization, and what they hold there. */
export type PlaceRow = {
  membership_id: string
  /** Of the account, or the machine identity. */ id: string
  /** What rules call them by. */ username: string
  /** By what the organization knows them. */ name: string
  metadata: { key: string; value: string }[] | null
  is_accepted: boolean
  is_inactive: boolean
  /** The keys of the roles, in order; empty where they are not asked for. */ keys: string[]
}

const keysOf = (kind: Kind): string => `
  array(
    select distinct role_key from held_${kind}_roles held
    where held.org_id = $1 and held.membership_id = m.id and $3 order by 1
  ) as keys`
const placesSql: Record<Kind, string> = {
  user: `select m.id as membership_id, m.user_id as id, u.username, m.username as name, m.metadata,
      m.accepted_at is not null as is_accepted, m.deactivated_at is not null as is_inactive, ${keysOf("user")}
    from active_organization_user_memberships m join users u on u.id = m.user_id
    where m.org_id = $1 and m.id = any($2::uuid[])`,
  identity: `select m.id as membership_id, i.id, i.name as username, i.name, true as is_accepted, false as is_inactive,
      (
        select jsonb_agg(jsonb_build_object('key', d.key, 'value', d.value)) from identity_metadata d
        where d.org_id = $1 and d.identity_id = i.id and d.removed_at is null
      ) as metadata, ${keysOf("identity")}
    from active_organization_identity_memberships m
    join identities i on i.org_id = m.org_id and i.id = m.identity_id
    where m.org_id = $1 and m.id = any($2::uuid[])`,
}

type Asked = { orgId: string; membershipIds: readonly string[] }

/** Those who are in the organization. */
export const placesOf = (db: Queries, kind: Kind, { orgId, membershipIds }: Asked, withKeys: boolean) =>
  run<PlaceRow>(db, placesSql[kind], [orgId, membershipIds, withKeys])

/** What somebody holds in a project that they are in; no keys where they are in it without a role. */
export type ProjectRow = { membership_id: string; project_id: string; keys: string[] }

const projectsSql = (kind: Kind): string => `
  /* planned anew */ select membership_id, project_id, array_remove(array_agg(distinct rules_key order by rules_key), null) as keys
  from (
    select membership_id, project_id, null as rules_key from project_${kind}_places
    where org_id = $1 and membership_id = any($2::uuid[]) and ($3::uuid[] is null or project_id = any($3::uuid[]))
    union all
    select membership_id, project_id, rules_key from held_project_${kind}_rules
    where org_id = $1 and membership_id = any($2::uuid[]) and ($3::uuid[] is null or project_id = any($3::uuid[]))
  ) held
  group by membership_id, project_id`
const projectTexts = { user: projectsSql("user"), identity: projectsSql("identity") }

/** In which projects they are, of these or of all, and what they hold there. */
export const projectsOf = (
  db: Queries,
  kind: Kind,
  { orgId, membershipIds }: Asked,
  projectIds: readonly string[] | undefined,
) => run<ProjectRow>(db, projectTexts[kind], [orgId, membershipIds, projectIds ?? null])

export type NamedProject = { id: string; name: string }

export const projectsNamed = (db: Queries, orgId: string, ids: readonly string[]) =>
  run<NamedProject>(
    db,
    "select id, name from projects where org_id = $1 and id = any($2::uuid[]) order by name, id",
    [orgId, ids],
  )

/** A folder that is there. */
export type FolderRow = { project_id: string; environment: string; path: string }

/** The folders of these projects by environment and path, so many of them at most. */
export const foldersOf = (db: Queries, orgId: string, projectIds: readonly string[], limit: number) =>
  run<FolderRow>(
    db,
    `select f.project_id, e.slug as environment, f.path
     from environments e join folders f on f.org_id = e.org_id and f.environment_id = e.id
     where e.org_id = $1 and e.project_id = any($2::uuid[]) and e.deleted_at is null
       and f.ended_at is null and not f.is_reserved
     order by e.project_id, e.position, f.path limit $3`,
    [orgId, projectIds, limit],
  )

const isWorking = "m.accepted_at is not null and m.deactivated_at is null"

/** Whether anybody but these is an active admin of the organization. */
export async function hasOtherAdmin(db: Queries, orgId: string, others: readonly string[]): Promise<boolean> {
  const text = `
    select exists (
      select from held_user_roles h
      join active_organization_user_memberships m on m.org_id = h.org_id and m.id = h.membership_id and ${isWorking}
      where h.org_id = $1 and h.role_key = 'admin' and not h.membership_id = any($2::uuid[])
    ) as is_so`
  const [row] = await run<{ is_so: boolean }>(db, text, [orgId, others])
  return row?.is_so ?? false
}

/** Of these projects those that have an active admin but for who loses that: pairs of a project and a membership. */
export async function projectsWithOtherAdmin(
  db: Queries,
  orgId: string,
  losers: readonly { projectId: string; membershipId: string }[],
): Promise<string[]> {
  const text = `
    with losers as (select * from unnest($2::uuid[], $3::uuid[]) as losers(project_id, membership_id)),
    admins as (
      select h.project_id, h.membership_id from held_project_user_rules h
      join active_organization_user_memberships m on m.org_id = h.org_id and m.id = h.membership_id and ${isWorking}
      where h.org_id = $1 and h.project_id = any($2::uuid[]) and h.rules_key = 'admin'
      union all
      select project_id, membership_id from held_project_identity_rules
      where org_id = $1 and project_id = any($2::uuid[]) and rules_key = 'admin'
    )
    select distinct project_id from admins where (project_id, membership_id) not in (select * from losers)`
  const rows = await run<{ project_id: string }>(db, text, [
    orgId,
    losers.map(({ projectId }) => projectId),
    losers.map(({ membershipId }) => membershipId),
  ])
  return rows.map(({ project_id: id }) => id)
}

/** Lets the transaction come back to here. */
export const mark = async (db: Queries): Promise<void> => void (await run(db, "savepoint before_the_act", []))
export const comeBack = async (db: Queries): Promise<void> =>
  void (await run(db, "rollback to savepoint before_the_act", []))
