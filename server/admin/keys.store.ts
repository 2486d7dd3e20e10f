import type { Queries } from "../db/database.ts"

export const keyChecks = (db: Queries): Promise<{ name: string; check_value: string }[]> =>
  db.selectFrom("instance_keys").select(["name", "check_value"]).execute()

/** Keeps the check values of a new instance; another server's that came first stay. */
export async function insertKeyChecks(
  db: Queries,
  checks: { name: string; check_value: string }[],
): Promise<void> {
  await db
    .insertInto("instance_keys")
    .values(checks)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
