import type { Queries } from "../db/database.ts"

export async function isSetUp(db: Queries): Promise<boolean> {
  return (await db.selectFrom("instance_setup").select("is_done").executeTakeFirst()) !== undefined
}

/** Breaks the constraint `instance_is_set_up_once` when the instance is set up; waits for one under way. */
export async function markSetUp(db: Queries): Promise<void> {
  await db.insertInto("instance_setup").values({ is_done: true }).execute()
}
