import { run, type Queries } from "../db/database.ts"

export type NewSession = {
  id: string
  userId: string
  /** The hash of the password that was compared; the account must still have it. */ passwordHash:
    string | null
  ip: string
  userAgent: string
}

export type OpenedSession = { id: string; access_version: number; refresh_version: number }

/*
 * The account is locked against a change of its password, which ends sessions after it has locked the account: the new
 * session is either there to be ended, or is not made.
 */
const insertSql = `
  with held as (
    select id from users where id = $2 and is_accepted and password_hash is not distinct from $3 for share
  )
  insert into sessions (id, user_id, ip_address, user_agent)
  select $1, id, $4, $5 from held
  returning id, access_version, refresh_version`

/** Begins a session; undefined when the password was changed since it was compared. */
export async function insertSession(db: Queries, session: NewSession): Promise<OpenedSession | undefined> {
  const { id, userId, passwordHash, ip, userAgent } = session
  const [row] = await run<OpenedSession>(db, insertSql, [id, userId, passwordHash, ip, userAgent])
  return row
}
