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
