import { run, type Queries } from "../db/database.ts"

/** A person of the organization, as a change of members needs them. */
export type Person = { username: string; membership_id: string; user_id: string }
export type Machine = { identity_id: string; membership_id: string }

/** Those of the usernames who are in the organization. */
export const peopleNamed = (db: Queries, orgId: string, usernames: readonly string[]): Promise<Person[]> =>
  run<Person>(
    db,
    `select username, id as membership_id, user_id from active_organization_user_memberships
     where org_id = $1 and username = any($2::text[])`,
    [orgId, usernames],
  )

/** Those of the machine identities that are in the organization. */
export const machinesWithIds = (db: Queries, orgId: string, ids: readonly string[]): Promise<Machine[]> =>
  run<Machine>(
    db,
    `select identity_id, id as membership_id from active_organization_identity_memberships
     where org_id = $1 and identity_id = any($2::uuid[])`,
    [orgId, ids],
  )

/** The clock of the database. */
export async function now(db: Queries): Promise<Date> {
  const [row] = await run<{ now: Date }>(db, "select statement_timestamp() as now", [])
  if (!row) throw new Error("The database has no clock.")
  return row.now
}
