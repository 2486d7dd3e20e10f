import { run, type Queries } from "../db/database.ts"

/** Who can be in a project. The holder is a place in the organization, or a group. */
export type MemberKind = "user" | "identity" | "group"

const kinds = {
  user: { holder: "membership_id", hasPrivileges: true },
  identity: { holder: "membership_id", hasPrivileges: true },
  group: { holder: "group_id", hasPrivileges: false },
} as const

/** Of whom and of what something ends: whatever is not said is meant wholly. */
export type Places = { orgId: string; projectId?: string; holderId?: string }

const ended = `is_closed = true, updated_at = statement_timestamp(),
    valid_until = greatest(valid_from, least(valid_until, statement_timestamp()))`

function endSql(kind: MemberKind, { projectId, holderId }: Places): string {
  const { holder, hasPrivileges } = kinds[kind]
  const conditions = ["org_id = $1", "not is_closed"]
  if (projectId !== undefined) conditions.push("project_id = $2")
  if (holderId !== undefined) conditions.push(`${holder} = $${projectId === undefined ? 2 : 3}`)
  const where = conditions.join(" and ")
  const privileges = `, privileges as (
    update project_${kind}_privileges set ${ended} where ${where} returning id
  )`
  return `
  with places as (
    update project_${kind}_memberships set ${ended} where ${where} returning id
  ), grants as (
    update project_${kind}_role_grants set ${ended}
    where org_id = $1 and not is_closed and project_membership_id in (select id from places) returning id
  )${hasPrivileges ? privileges : ""}
  select exists (select from places) as is_ended`
}

/** Ends memberships in projects with the roles and privileges that hang on them; false when there were none. */
export async function endPlaces(db: Queries, kind: MemberKind, places: Places): Promise<boolean> {
  const { orgId, projectId, holderId } = places
  const values = [orgId, projectId, holderId].filter((value) => value !== undefined)
  const [outcome] = await run<{ is_ended: boolean }>(db, endSql(kind, places), values)
  return outcome?.is_ended ?? false
}

const restartSql = `
  update project_user_privileges set given_at = statement_timestamp()
  where org_id = $1 and membership_id = $2 and not is_closed`

/** Lets a person's privileges count from now on, when what they are in begins anew. */
export async function restartPrivileges(db: Queries, orgId: string, membershipId: string): Promise<void> {
  await run(db, restartSql, [orgId, membershipId])
}

const lockSql = (kind: MemberKind): string => `
  select id from project_${kind}_memberships
  where org_id = $1 and project_id = $2 and id = $3 and not is_closed for update`
const lockTexts = { user: lockSql("user"), identity: lockSql("identity"), group: lockSql("group") }

/** Locks an open membership, by its own id, until the transaction ends; false when there is none. */
export async function lockMember(
  db: Queries,
  kind: MemberKind,
  { orgId, projectId, id }: { orgId: string; projectId: string; id: string },
): Promise<boolean> {
  const rows = await run(db, lockTexts[kind], [orgId, projectId, id])
  return rows.length > 0
}
