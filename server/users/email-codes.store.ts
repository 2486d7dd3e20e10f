import { sql } from "kysely"
import { run, type Queries } from "../db/database.ts"

export type Purpose = "password-reset" | "email-change" | "sign-up"

export type NewCode = {
  id: string
  /** Of the account that the code is for, if there is one. */ username: string
  purpose: Purpose
  /** Where it is sent; null: to the account's own address. */ address: string | null
  codeHash: string
  lifetimeSeconds: number
}

const openSql = `
  insert into email_codes as c (user_id, purpose, id, address, code_hash, expires_at)
  select u.id, $2, $3, coalesce($4, u.email, u.username), $5, statement_timestamp() + make_interval(secs => $6)
  from users u
  where u.username = $1 and (u.is_accepted or $2 = 'sign-up')
  on conflict (user_id, purpose) do update set
    id = excluded.id, address = excluded.address, code_hash = excluded.code_hash, attempts = 0,
    created_at = statement_timestamp(), expires_at = excluded.expires_at, used_at = null
  where c.created_at <= statement_timestamp() - interval '1 minute'
  returning address`

/**
 * Opens a code in place of the one before and returns where to send it; undefined when there is no such account, or
 * when a code was opened within the last minute.
 */
export async function openCode(db: Queries, code: NewCode): Promise<string | undefined> {
  const values = [code.username, code.purpose, code.id, code.address, code.codeHash, code.lifetimeSeconds]
  const [row] = await run<{ address: string }>(db, openSql, values)
  return row?.address
}

/** The account and the id of an open code, by the account's name and the hash of the code. */
export const codeByHash = (
  db: Queries,
  { username, purpose, codeHash }: { username: string; purpose: Purpose; codeHash: string },
): Promise<{ user_id: string; id: string } | undefined> =>
  db
    .selectFrom("email_codes as c")
    .innerJoin("users as u", "u.id", "c.user_id")
    .select(["c.user_id", "c.id"])
    .where("u.username", "=", username)
    .where("c.purpose", "=", purpose)
    .where("c.code_hash", "=", codeHash)
    .where("c.used_at", "is", null)
    .where("c.expires_at", ">", sql<Date>`statement_timestamp()`)
    .executeTakeFirst()

/** Counts a try at the person's open code and returns it; undefined when there is none, or none that may be tried. */
export const tryCode = (
  db: Queries,
  { userId, purpose, maxAttempts }: { userId: string; purpose: Purpose; maxAttempts: number },
): Promise<{ address: string; code_hash: string } | undefined> =>
  db
    .updateTable("email_codes")
    .set({ attempts: sql<number>`attempts + 1` })
    .where("user_id", "=", userId)
    .where("purpose", "=", purpose)
    .where("attempts", "<", maxAttempts)
    .where("used_at", "is", null)
    .where("expires_at", ">", sql<Date>`statement_timestamp()`)
    .returning(["address", "code_hash"])
    .executeTakeFirst()

/** Closes the person's open codes for these purposes. */
export async function closeCodes(db: Queries, userId: string, purposes: Purpose[]): Promise<void> {
  await db
    .updateTable("email_codes")
    .set({ used_at: sql<Date>`statement_timestamp()` })
    .where("user_id", "=", userId)
    .where("purpose", "in", purposes)
    .where("used_at", "is", null)
    .execute()
}

/** Closes every code of the person and forgets to which addresses they went. */
export async function forgetCodes(db: Queries, userId: string): Promise<void> {
  await db
    .updateTable("email_codes")
    .set({ address: "", used_at: sql<Date>`coalesce(used_at, statement_timestamp())` })
    .where("user_id", "=", userId)
    .execute()
}
