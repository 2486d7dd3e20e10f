import { sql } from "kysely"
import { run, type Queries } from "../db/database.ts"

type Sealed = { sealed_secret: Buffer; sealed_recovery_codes: Buffer }
export type AuthenticatorRow = Sealed & { is_verified: boolean }

/** The authenticator of a person; undefined when there is none, or it was removed. */
export const authenticatorOf = (db: Queries, userId: string): Promise<AuthenticatorRow | undefined> =>
  db
    .selectFrom("authenticators")
    .select(["sealed_secret", "sealed_recovery_codes", "is_verified"])
    .where("user_id", "=", userId)
    .where("sealed_secret", "is not", null)
    .$castTo<AuthenticatorRow>()
    .executeTakeFirst()

/** Puts a new authenticator in the place of none or of an unverified one; false when there is a verified one. */
export async function putAuthenticator(db: Queries, userId: string, sealed: Sealed): Promise<boolean> {
  const put = await db
    .insertInto("authenticators")
    .values({ user_id: userId, ...sealed })
    .onConflict((conflict) =>
      conflict
        .column("user_id")
        .doUpdateSet({ ...sealed, last_used_step: null, updated_at: sql<Date>`statement_timestamp()` })
        .where("authenticators.is_verified", "=", false),
    )
    .returning("user_id")
    .executeTakeFirst()
  return put !== undefined
}

/** Forgets the authenticator and what it knew; false when there is none. */
export async function removeAuthenticator(db: Queries, userId: string): Promise<boolean> {
  const removed = await db
    .updateTable("authenticators")
    .set({ sealed_secret: null, sealed_recovery_codes: null, is_verified: false, last_used_step: null })
    .set({ updated_at: sql<Date>`statement_timestamp()` })
    .where("user_id", "=", userId)
    .where("sealed_secret", "is not", null)
    .returning("user_id")
    .executeTakeFirst()
  return removed !== undefined
}

/** Up to `limit` authenticators in the order of their people, after one, each locked. */
export const lockSealed = (
  db: Queries,
  after: string,
  limit: number,
): Promise<({ user_id: string } & Sealed)[]> =>
  db
    .selectFrom("authenticators")
    .select(["user_id", "sealed_secret", "sealed_recovery_codes"])
    .where("user_id", ">", after)
    .where("sealed_secret", "is not", null)
    .orderBy("user_id")
    .limit(limit)
    .forUpdate()
    .$castTo<{ user_id: string } & Sealed>()
    .execute()

/** Puts the same values in place, sealed anew. */
export async function replaceSealed(db: Queries, userId: string, sealed: Sealed): Promise<void> {
  await db.updateTable("authenticators").set(sealed).where("user_id", "=", userId).execute()
}

/** What one proof of the second factor leaves: no attempts counted, and a session that has passed it. */
const proved = `
  cleared as (
    update users set consecutive_failed_mfa_attempts = 0, mfa_attempts_since = null
    where id in (select user_id from used)
  ), passed as (
    update sessions set mfa_verified_at = statement_timestamp()
    where id = $2 and user_id in (select user_id from used)
    returning id
  )
  select exists (select from passed) as is_proved`

const useCodeSql = `
  with used as (
    update authenticators
    set last_used_step = $4, is_verified = true, updated_at = statement_timestamp()
    where user_id = $1 and sealed_secret = $3 and coalesce(last_used_step, -1) < $4
    returning user_id
  ), ${proved}`

type Session = { userId: string; sessionId: string }

/**
 * Uses up the code of a period, and with it those of all earlier ones, and lets the session pass. False when that or a
 * later one was used before, or the secret has changed: of any number at once one succeeds.
 */
export const useCode = (
  db: Queries,
  { userId, sessionId }: Session,
  code: { sealedSecret: Buffer; step: number },
): Promise<boolean> => isProved(db, useCodeSql, [userId, sessionId, code.sealedSecret, code.step])

const useRecoveryCodeSql = `
  with used as (
    update authenticators
    set sealed_recovery_codes = $4, updated_at = statement_timestamp()
    where user_id = $1 and sealed_recovery_codes = $3 and is_verified
    returning user_id
  ), ${proved}`

/** Puts the remaining recovery codes in place of those there were, and lets the session pass; false as above. */
export const useRecoveryCode = (
  db: Queries,
  { userId, sessionId }: Session,
  codes: { before: Buffer; after: Buffer },
): Promise<boolean> => isProved(db, useRecoveryCodeSql, [userId, sessionId, codes.before, codes.after])

async function isProved(db: Queries, text: string, values: unknown[]): Promise<boolean> {
  const [row] = await run<{ is_proved: boolean }>(db, text, values)
  return row?.is_proved ?? false
}

/** New recovery codes in place of the old ones; false when there is no verified authenticator. */
export async function replaceRecoveryCodes(db: Queries, userId: string, sealed: Buffer): Promise<boolean> {
  const replaced = await db
    .updateTable("authenticators")
    .set({ sealed_recovery_codes: sealed, updated_at: sql<Date>`statement_timestamp()` })
    .where("user_id", "=", userId)
    .where("is_verified", "=", true)
    .returning("user_id")
    .executeTakeFirst()
  return replaced !== undefined
}

const countAttemptSql = `
  update users
  set consecutive_failed_mfa_attempts =
        case when mfa_attempts_since > statement_timestamp() - $3 * interval '1 second'
          then consecutive_failed_mfa_attempts + 1 else 1 end,
      mfa_attempts_since =
        case when mfa_attempts_since > statement_timestamp() - $3 * interval '1 second'
          then mfa_attempts_since else statement_timestamp() end
  where id = $1
    and (consecutive_failed_mfa_attempts < $2 or mfa_attempts_since is null
      or mfa_attempts_since <= statement_timestamp() - $3 * interval '1 second')
  returning id`

/** Counts an attempt before it is judged; false when there were too many in the time, so that it may not be. */
export async function countAttempt(
  db: Queries,
  userId: string,
  limit: { attempts: number; seconds: number },
): Promise<boolean> {
  return (await run(db, countAttemptSql, [userId, limit.attempts, limit.seconds])).length > 0
}
