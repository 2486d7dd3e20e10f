import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

/*
 * The row of the account is locked before its sessions are looked for: a login that compared the old password either
 * has its session by then, or finds another password. Hence two statements, in one transaction.
 */
const endSessions = (db: Queries, userId: string, except: string | null) =>
  db
    .updateTable("sessions")
    .set({
      ended_at: sql<Date>`statement_timestamp()`,
      access_version: sql<number>`access_version + 1`,
      refresh_version: sql<number>`refresh_version + 1`,
    })
    .where("user_id", "=", userId)
    .where("ended_at", "is", null)
    .where(sql<boolean>`id is distinct from ${except}::uuid`)
    .execute()

const setPassword = (db: Queries, userId: string, passwordHash: string) =>
  db
    .updateTable("users")
    .set({ password_hash: passwordHash, updated_at: sql<Date>`statement_timestamp()` })
    .where("id", "=", userId)
    .where("is_accepted", "=", true)
    .returning("username")

const closeResets = (db: Queries, userId: string) =>
  db
    .updateTable("email_codes")
    .set({ used_at: sql<Date>`statement_timestamp()` })
    .where("user_id", "=", userId)
    .where("purpose", "=", "password-reset")
    .where("used_at", "is", null)

/**
 * Puts a password in place of the old one, ends all sessions but one, and closes the codes to reset it; false when the
 * password was changed meanwhile.
 */
export const replacePassword = (
  db: Queries,
  change: { userId: string; oldHash: string | null; newHash: string; exceptSession: string },
): Promise<boolean> =>
  db.transaction().execute(async (transaction) => {
    const changed = await setPassword(transaction, change.userId, change.newHash)
      .where("password_hash", "=", change.oldHash)
      .executeTakeFirst()
    if (!changed) return false
    await endSessions(transaction, change.userId, change.exceptSession)
    await closeResets(transaction, change.userId).execute()
    return true
  })

/**
 * Uses a code up, sets the password and ends all sessions; the account's name, or undefined when the code was used or
 * replaced meanwhile.
 */
export const resetPassword = (
  db: Queries,
  { userId, codeId, newHash }: { userId: string; codeId: string; newHash: string },
): Promise<string | undefined> =>
  db.transaction().execute(async (transaction) => {
    const used = await closeResets(transaction, userId)
      .where("id", "=", codeId)
      .returning("id")
      .executeTakeFirst()
    const changed = used && (await setPassword(transaction, userId, newHash).executeTakeFirst())
    if (!changed) return undefined
    await endSessions(transaction, userId, null)
    return changed.username
  })

/** Sets the password of a complete account, ends all sessions and the codes to reset it; false when there is none. */
export const forcePassword = (db: Queries, userId: string, newHash: string): Promise<boolean> =>
  db.transaction().execute(async (transaction) => {
    const changed = await setPassword(transaction, userId, newHash).executeTakeFirst()
    if (!changed) return false
    await endSessions(transaction, userId, null)
    await closeResets(transaction, userId).execute()
    return true
  })
