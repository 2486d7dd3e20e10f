import { run, type Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"

export type { StoredRule }
export type Kind = "user" | "identity"

export type PrivilegeRow = {
  id: string
  slug: string
  project_id: string
  /** The membership by which it stands: an own one, or that of a group. */ project_membership_id: string
  /** The place in the organization. */ membership_id: string
  permissions: StoredRule[]
  is_temporary: boolean
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Date | null
  temporary_access_end_time: Date | null
  created_at: Date
  updated_at: Date
}

/** Somebody who is in a project: the account or machine identity, and what rules know it by. */
export type HolderRow = { membership_id: string; holder_id: string; known_as: string }
export type Place = { orgId: string; projectId: string }

const kinds = {
  user: { holder: "user_id", knownAs: "username" },
  identity: { holder: "identity_id", knownAs: "identity_id" },
} as const

/** How a request names the holder; `$3` is the value. */
const by = {
  holderId: (kind: Kind) => `m.${kinds[kind].holder} = $3`,
  membershipId: () => "m.id = $3",
  projectMembershipId: (kind: Kind) => `exists (
    select from active_project_${kind}_memberships pm
    where pm.org_id = $1 and pm.project_id = $2 and pm.membership_id = m.id and pm.id = $3
  )`,
} as const
export type HolderKey = keyof typeof by

/** Somebody who is in the project now, by themselves or by a group. */
export async function findHolder(
  db: Queries,
  kind: Kind,
  { orgId, projectId }: Place,
  [key, value]: [HolderKey, string],
): Promise<HolderRow | undefined> {
  const { holder, knownAs } = kinds[kind]
  const text = `
  select m.id as membership_id, m.${holder} as holder_id, m.${knownAs} as known_as
  from active_organization_${kind}_memberships m
  where m.org_id = $1 and ${by[key](kind)} and exists (
    select from project_${kind}_places pl
    where pl.org_id = $1 and pl.project_id = $2 and pl.membership_id = m.id
  )`
  const [row] = await run<HolderRow>(db, text, [orgId, projectId, value])
  return row
}

const columns = `id, slug, project_id, project_membership_id, membership_id, permissions, is_temporary, temporary_mode,
  temporary_range, temporary_access_start_time, temporary_access_end_time, created_at, updated_at`
const selectBy = (kind: Kind, condition: string): string => `
  select ${columns} from standing_project_${kind}_privileges
  where org_id = $1 and project_id = $2 and ${condition} order by slug, id`

/** What somebody has been given in a project, also where its time is over or yet to come; by slug. */
export const privilegesOf = (
  db: Queries,
  kind: Kind,
  { orgId, projectId }: Place,
  membershipId: string,
): Promise<PrivilegeRow[]> => run(db, selectBy(kind, "membership_id = $3"), [orgId, projectId, membershipId])

export async function privilegeById(
  db: Queries,
  kind: Kind,
  { orgId, projectId }: Place,
  id: string,
): Promise<PrivilegeRow | undefined> {
  const [row] = await run<PrivilegeRow>(db, selectBy(kind, "id = $3"), [orgId, projectId, id])
  return row
}

/** Locks a privilege that has not ended until the transaction ends; false when there is none. */
export async function lockPrivilege(
  db: Queries,
  kind: Kind,
  { orgId, projectId }: Place,
  id: string,
): Promise<boolean> {
  const text = `
  select id from project_${kind}_privileges
  where org_id = $1 and project_id = $2 and id = $3 and not is_closed for update`
  return (await run(db, text, [orgId, projectId, id])).length > 0
}

const ended = `is_closed = true, updated_at = statement_timestamp(),
    valid_until = greatest(valid_from, least(valid_until, statement_timestamp()))`

export async function endPrivilege(db: Queries, kind: Kind, orgId: string, id: string): Promise<void> {
  await run(db, `update project_${kind}_privileges set ${ended} where org_id = $1 and id = $2`, [orgId, id])
}

/** Ends what somebody had from an earlier time in the project, so that its slugs may be used anew. */
export async function endStale(
  db: Queries,
  kind: Kind,
  { orgId, projectId }: Place,
  membershipId: string,
): Promise<void> {
  const text = `
  update project_${kind}_privileges set ${ended}
  where org_id = $1 and project_id = $2 and membership_id = $3 and not is_closed and id not in (
    select s.id from standing_project_${kind}_privileges s
    where s.org_id = $1 and s.project_id = $2 and s.membership_id = $3
  )`
  await run(db, text, [orgId, projectId, membershipId])
}
