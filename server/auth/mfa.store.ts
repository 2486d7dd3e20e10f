import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

/** True when the person has a verified authenticator, which then stays until this transaction has ended. */
export async function holdVerifiedAuthenticator(db: Queries, userId: string): Promise<boolean> {
  const held = await db
    .selectFrom("authenticators")
    .select("user_id")
    .where("user_id", "=", userId)
    .where("is_verified", "=", true)
    .forUpdate()
    .executeTakeFirst()
  return held !== undefined
}

/** Turns the second factor on or off; false when it was so before. */
export async function setMfa(db: Queries, userId: string, isEnabled: boolean): Promise<boolean> {
  const changed = await db
    .updateTable("users")
    .set({ is_mfa_enabled: isEnabled, updated_at: sql<Date>`statement_timestamp()` })
    .where("id", "=", userId)
    .where("is_mfa_enabled", "!=", isEnabled)
    .returning("id")
    .executeTakeFirst()
  return changed !== undefined
}
