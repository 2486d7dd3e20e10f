import type { Queries } from "../db/database.ts"

/** The place of a person in the organization, by the username that it knows. */
export async function membershipOf(
  db: Queries,
  orgId: string,
  username: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom("active_organization_user_memberships")
    .select("id")
    .where("org_id", "=", orgId)
    .where("username", "=", username)
    .executeTakeFirst()
  return row?.id ?? undefined
}

export type GroupOfUser = { id: string; org_id: string; name: string; slug: string }

/** The groups that somebody is in, by name, then id. */
export const groupsOfMember = (db: Queries, orgId: string, membershipId: string): Promise<GroupOfUser[]> =>
  db
    .selectFrom("active_group_user_memberships as gm")
    .innerJoin("groups as g", (join) =>
      join.onRef("g.org_id", "=", "gm.org_id").onRef("g.id", "=", "gm.group_id"),
    )
    .select(["g.id", "g.org_id", "g.name", "g.slug"])
    .where("gm.org_id", "=", orgId)
    .where("gm.membership_id", "=", membershipId)
    .where("g.deleted_at", "is", null)
    .orderBy("g.sort_key")
    .orderBy("g.id")
    .execute()
