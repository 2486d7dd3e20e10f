import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

/**
 * Lets one departure after the other happen in an organization, until the transaction ends. Rows may still be added
 * to the organization meanwhile, since none of them takes an admin away.
 */
export async function lockOrganization(db: Queries, orgId: string): Promise<boolean> {
  const locked = await db
    .selectFrom("organizations")
    .select("id")
    .where("id", "=", orgId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return locked !== undefined
}

/** Locks an open membership: nobody is put into a group meanwhile, and nothing else changes it. */
export async function lockMembership(db: Queries, orgId: string, membershipId: string): Promise<boolean> {
  const locked = await db
    .selectFrom("organization_user_memberships")
    .select("id")
    .where("org_id", "=", orgId)
    .where("id", "=", membershipId)
    .where("is_closed", "=", false)
    .forUpdate()
    .executeTakeFirst()
  return locked !== undefined
}

export type PlaceRow = { orgId: string; organizationName: string; membershipId: string }

/** Every place of a person, also where they are only invited, in the order in which they are to be locked. */
export const placesOf = (db: Queries, userId: string): Promise<PlaceRow[]> =>
  db
    .selectFrom("active_organization_user_memberships as m")
    .innerJoin("organizations as o", "o.id", "m.org_id")
    .select(["m.org_id as orgId", "o.name as organizationName", "m.id as membershipId"])
    .where("m.user_id", "=", userId)
    .orderBy("m.org_id")
    .$castTo<PlaceRow>()
    .execute()

/** The memberships of people who can administer the organization for good, by a role of their own. */
export async function lastingAdmins(db: Queries, orgId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("active_organization_user_memberships as m")
    .innerJoin("active_organization_user_role_grants as r", (join) =>
      join.onRef("r.org_id", "=", "m.org_id").onRef("r.membership_id", "=", "m.id"),
    )
    .innerJoin("users as u", "u.id", "m.user_id")
    .select("m.id")
    .where("m.org_id", "=", orgId)
    .where("m.accepted_at", "is not", null)
    .where("m.deactivated_at", "is", null)
    .where("m.valid_until", "is", null)
    .where("u.is_accepted", "=", true)
    .where("r.role", "=", "admin")
    .where("r.valid_until", "is", null)
    .execute()
  return rows.flatMap(({ id }) => id ?? [])
}

/** Ends what is open, now; a row that has lapsed keeps its own end. */
const ended = {
  is_closed: true,
  valid_until: sql<Date>`greatest(valid_from, least(valid_until, statement_timestamp()))`,
}

/** Of whom something ends: one member, or everybody. */
export type Whose = { orgId: string; membershipId?: string }

const ofRow = ({ orgId, membershipId }: Whose) => ({
  org_id: orgId,
  ...(membershipId === undefined ? {} : { id: membershipId }),
})
const ofMember = ({ orgId, membershipId }: Whose) => ({
  org_id: orgId,
  ...(membershipId === undefined ? {} : { membership_id: membershipId }),
})

export async function endRoleGrants(db: Queries, whose: Whose): Promise<void> {
  await db
    .updateTable("organization_user_role_grants")
    .set(ended)
    .where((row) => row.and(ofMember(whose)))
    .where("is_closed", "=", false)
    .execute()
}

export async function closeMemberships(db: Queries, whose: Whose): Promise<void> {
  await db
    .updateTable("organization_user_memberships")
    .set({ ...ended, updated_at: sql<Date>`statement_timestamp()` })
    .where((row) => row.and(ofRow(whose)))
    .where("is_closed", "=", false)
    .execute()
}

/** Ends the codes that wait for an answer. */
export async function endInvitations(db: Queries, whose: Whose): Promise<void> {
  await endOpenInvitations(db)
    .where((row) => row.and(ofMember(whose)))
    .execute()
}

export async function endInvitationsSentBy(db: Queries, orgId: string, inviterId: string): Promise<void> {
  await endOpenInvitations(db)
    .where("org_id", "=", orgId)
    .where("inviter_membership_id", "=", inviterId)
    .execute()
}

const endOpenInvitations = (db: Queries) =>
  db
    .updateTable("invitations")
    .set({ ended_at: sql<Date>`statement_timestamp()` })
    .where("used_at", "is", null)
    .where("ended_at", "is", null)
