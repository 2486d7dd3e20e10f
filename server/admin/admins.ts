import type { Queries } from "../db/database.ts"
import { badRequest } from "../errors.ts"
import * as store from "./admins.store.ts"

/** Throws 400 when nobody else with an account administers the instance; what is true stays so in the transaction. */
export async function requireAnotherInstanceAdmin(db: Queries, userId: string): Promise<void> {
  await store.lockAdmins(db)
  if (await store.hasOtherAdmin(db, userId)) return
  throw badRequest("This is the last admin of the instance: make somebody else an admin of it first")
}
