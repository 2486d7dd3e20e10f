import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type InvitationRow = {
  id: string
  org_id: string
  membership_id: string
  user_id: string
  username: string
  used_at: Date | null
  is_expired: boolean
  is_accepted: boolean
}

export async function insertInvitation(
  db: Queries,
  invitation: {
    org_id: string
    id: string
    membership_id: string
    inviter_membership_id: string
    code_hash: string
    expires_at: Date
  },
): Promise<void> {
  await db.insertInto("invitations").values(invitation).execute()
}

const invitations = (db: Queries, orgId: string) =>
  db
    .selectFrom("invitations as i")
    .innerJoin("active_organization_user_memberships as m", (join) =>
      join.onRef("m.org_id", "=", "i.org_id").onRef("m.id", "=", "i.membership_id"),
    )
    .select(["i.id", "i.org_id", "i.membership_id", "i.used_at", "m.user_id", "m.username"])
    .select(sql<boolean>`i.expires_at <= statement_timestamp()`.as("is_expired"))
    .select(sql<boolean>`m.accepted_at is not null`.as("is_accepted"))
    .where("i.org_id", "=", orgId)
    .where("i.ended_at", "is", null)
    .$castTo<InvitationRow>()

export const invitationByCode = (
  db: Queries,
  orgId: string,
  codeHash: string,
): Promise<InvitationRow | undefined> =>
  invitations(db, orgId).where("i.code_hash", "=", codeHash).executeTakeFirst()

export const invitationById = (db: Queries, orgId: string, id: string): Promise<InvitationRow | undefined> =>
  invitations(db, orgId).where("i.id", "=", id).executeTakeFirst()

/** Uses the invitation up; false when another request did so first. */
export async function useInvitation(db: Queries, orgId: string, id: string): Promise<boolean> {
  const used = await db
    .updateTable("invitations")
    .set({ used_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .where("used_at", "is", null)
    .where("ended_at", "is", null)
    .where("expires_at", ">", sql<Date>`statement_timestamp()`)
    .returning("id")
    .executeTakeFirst()
  return used !== undefined
}

/** Whether a code was made for the membership within so many seconds. */
export async function wasInvitedWithin(
  db: Queries,
  { orgId, membershipId }: { orgId: string; membershipId: string },
  seconds: number,
): Promise<boolean> {
  const recent = await db
    .selectFrom("invitations")
    .select("id")
    .where("org_id", "=", orgId)
    .where("membership_id", "=", membershipId)
    .where("created_at", ">", sql<Date>`statement_timestamp() - make_interval(secs => ${seconds})`)
    .executeTakeFirst()
  return recent !== undefined
}
