import { run, type Queries } from "../db/database.ts"

/* Every insert of a place in a project, and of a role there, but for who makes a project; see docs/decisions/0004. */

export type Kind = "user" | "identity" | "group"
/** A project, and who is to be in it: a place in the organization, or a group. */
export type Place = { kind: Kind; orgId: string; projectId: string; holderId: string }

/** A role that is given to whoever is in a project: for good, or from one time to another. */
export type NewGrant = {
  id: string
  role: string
  custom_role_id: string | null
  temporary: { mode: string; range: string; starts_at: Date; ends_at: Date } | null
}

const isOpen = `not is_closed and valid_from <= statement_timestamp()
      and (valid_until is null or valid_until > statement_timestamp())`
const kinds = {
  user: { column: "membership_id", holders: "organization_user_memberships", isThere: isOpen },
  identity: { column: "membership_id", holders: "organization_identity_memberships", isThere: isOpen },
  group: { column: "group_id", holders: "groups", isThere: "deleted_at is null" },
} as const

/*
 * Grants as they are written down. The interval of a temporary one begins no earlier than it is given, since nothing
 * was held before; how it was asked for stands beside it.
 */
const grantColumns = `id, role, custom_role_id, is_temporary, temporary_mode, temporary_range,
  temporary_access_start_time, temporary_access_end_time, valid_from, valid_until`
const grantsFrom = (json: string): string => `
  select g.id, g.role, g.custom_role_id, g.starts_at is not null, g.mode, g.range, g.starts_at, g.ends_at,
    greatest(g.starts_at, statement_timestamp()),
    case when g.starts_at is not null then greatest(g.ends_at, g.starts_at, statement_timestamp()) end
  from jsonb_to_recordset(${json}::jsonb) as g(
    id uuid, role text, custom_role_id uuid, mode text, range text, starts_at timestamptz, ends_at timestamptz
  )`

const jsonOf = (grants: readonly NewGrant[]): string =>
  JSON.stringify(grants.map(({ temporary, ...grant }) => ({ ...grant, ...temporary })))

/*
 * Project and holder are locked against their end while the row goes in (whoever ends one takes FOR UPDATE), and are
 * looked at again under the lock.
 */
const addSql = (kind: Kind): string => {
  const { column, holders, isThere } = kinds[kind]
  return `
  with held_project as (
    select id from projects where org_id = $1 and id = $2 and deleted_at is null for key share
  ), held_holder as (
    select id from ${holders} where org_id = $1 and id = $3 and ${isThere} for key share
  ), added as (
    insert into project_${kind}_memberships (org_id, project_id, id, ${column})
    select $1, held_project.id, $4, held_holder.id from held_project, held_holder
    on conflict (org_id, project_id, ${column}) where not is_closed do nothing
    returning id
  ), granted as (
    insert into project_${kind}_role_grants (org_id, project_id, project_membership_id, ${grantColumns})
    select $1, $2, added.id, given.* from added, (${grantsFrom("$5")}) given
    returning id
  )
  select exists (select from held_project) as project_exists, exists (select from held_holder) as holder_exists,
    exists (select from added) as is_added`
}
const addTexts = { user: addSql("user"), identity: addSql("identity"), group: addSql("group") }

export type AddOutcome = { project_exists: boolean; holder_exists: boolean; is_added: boolean }

/** Puts somebody, or a group, into a project with roles, in one statement; says what stood in the way if anything. */
export async function addToProject(
  db: Queries,
  { kind, orgId, projectId, holderId }: Place,
  id: string,
  grants: readonly NewGrant[],
): Promise<AddOutcome> {
  const values = [orgId, projectId, holderId, id, jsonOf(grants)]
  const [outcome] = await run<AddOutcome>(db, addTexts[kind], values)
  return outcome ?? { project_exists: false, holder_exists: false, is_added: false }
}

const replaceSql = (kind: Kind): string => `
  with ended as (
    update project_${kind}_role_grants
    set is_closed = true, updated_at = statement_timestamp(),
      valid_until = greatest(valid_from, least(valid_until, statement_timestamp()))
    where org_id = $1 and project_membership_id = $3 and not is_closed
  ), touched as (
    update project_${kind}_memberships set updated_at = statement_timestamp() where org_id = $1 and id = $3
  )
  insert into project_${kind}_role_grants (org_id, project_id, project_membership_id, ${grantColumns})
  select $1, $2, $3, given.* from (${grantsFrom("$4")}) given`
const replaceTexts = {
  user: replaceSql("user"),
  identity: replaceSql("identity"),
  group: replaceSql("group"),
}

/** A membership in a project, by its own id. */
export type Membership = { kind: Kind; orgId: string; projectId: string; id: string }

/** Ends all roles of a locked membership and gives these in their place. */
export async function replaceGrants(
  db: Queries,
  { kind, orgId, projectId, id }: Membership,
  grants: readonly NewGrant[],
): Promise<void> {
  await run(db, replaceTexts[kind], [orgId, projectId, id, jsonOf(grants)])
}
