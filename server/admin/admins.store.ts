import type { Queries } from "../db/database.ts"

/** Lets one change of who administers the instance happen after the other, until the transaction ends. */
export async function lockAdmins(db: Queries): Promise<void> {
  await db.selectFrom("instance_settings").select("is_only").forUpdate().execute()
}

/** Whether somebody else with an account administers the instance; machine identities do not count. */
export async function hasOtherAdmin(db: Queries, userId: string): Promise<boolean> {
  const other = await db
    .selectFrom("users")
    .select("id")
    .where("is_super_admin", "=", true)
    .where("is_accepted", "=", true)
    .where("id", "!=", userId)
    .limit(1)
    .executeTakeFirst()
  return other !== undefined
}

/** Makes an account administer the instance, or no more. */
export async function setUserAdmin(db: Queries, userId: string, isAdmin: boolean): Promise<void> {
  await db.updateTable("users").set({ is_super_admin: isAdmin }).where("id", "=", userId).execute()
}

export type AdminIdentityRow = { id: string; org_id: string; name: string; is_instance_admin: boolean }

/** The same for a machine identity of whatever organization; undefined when there is none. */
export const setIdentityAdmin = (
  db: Queries,
  identityId: string,
  isAdmin: boolean,
): Promise<AdminIdentityRow | undefined> =>
  db
    .updateTable("identities")
    .set({ is_instance_admin: isAdmin })
    .where("id", "=", identityId)
    .where("deleted_at", "is", null)
    .returning(["id", "org_id", "name", "is_instance_admin"])
    .executeTakeFirst()
