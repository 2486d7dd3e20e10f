import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type MemberRow = {
  id: string
  org_id: string
  user_id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  invite_email: string | null
  accepted_at: Date | null
  role: string
}

/** Everybody of an organization, in the order of lists. Who has not accepted is shown by the invited address only. */
export const membersOfOrg = (db: Queries, orgId: string): Promise<MemberRow[]> =>
  db
    .selectFrom("active_organization_user_memberships as m")
    .innerJoin("users as u", "u.id", "m.user_id")
    .innerJoin("active_organization_user_role_grants as r", (join) =>
      join.onRef("r.org_id", "=", "m.org_id").onRef("r.membership_id", "=", "m.id"),
    )
    .select(["m.id", "m.org_id", "m.user_id", "m.username", "m.invite_email", "m.accepted_at", "r.role"])
    .select(sql<string | null>`coalesce(m.invite_email, u.email)`.as("email"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.first_name end`.as("first_name"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.last_name end`.as("last_name"))
    .where("m.org_id", "=", orgId)
    .orderBy("m.sort_key", (order) => order.asc().nullsLast())
    .orderBy("m.username")
    .orderBy("m.id")
    .$castTo<MemberRow>()
    .execute()

export type NewMembership = {
  org_id: string
  id: string
  user_id: string
  username: string
  sort_key: string | null
  search_key: string
  invite_email: string | null
  /** Accepted from the start, or invited. */ isAccepted: boolean
}

/** False when the person, or somebody by this username, has an open membership already. */
export async function insertMembership(db: Queries, membership: NewMembership): Promise<boolean> {
  const { isAccepted, ...row } = membership
  const inserted = await db
    .insertInto("organization_user_memberships")
    .values({ ...row, ...(isAccepted ? { accepted_at: sql<Date>`statement_timestamp()` } : {}) })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst()
  return inserted !== undefined
}

export async function insertRoleGrant(
  db: Queries,
  grant: { org_id: string; id: string; membership_id: string; role: string },
): Promise<void> {
  await db.insertInto("organization_user_role_grants").values(grant).execute()
}

/** Marks an invited membership as accepted and gives it the person's name to sort and search by. */
export async function acceptMembership(
  db: Queries,
  membership: { orgId: string; id: string; sortKey: string | null; searchKey: string },
): Promise<boolean> {
  const accepted = await db
    .updateTable("organization_user_memberships")
    .set({
      accepted_at: sql<Date>`statement_timestamp()`,
      sort_key: membership.sortKey,
      search_key: membership.searchKey,
      updated_at: sql<Date>`statement_timestamp()`,
    })
    .where("org_id", "=", membership.orgId)
    .where("id", "=", membership.id)
    .where("is_closed", "=", false)
    .where("accepted_at", "is", null)
    .returning("id")
    .executeTakeFirst()
  return accepted !== undefined
}
