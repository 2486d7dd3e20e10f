import { sql } from "kysely"
import { run, type Queries } from "../db/database.ts"

/** What stands between a refresh token and a new access token. */
export type RefreshRow = {
  access_version: number
  refresh_version: number
  is_ended: boolean
  is_accepted: boolean
  is_mfa_verified: boolean
  /** True when no organization was asked about. */ is_member: boolean
  /** The lifetime that the organization sets. */ token_expiration: string | null
}

type Key = { sessionId: string; userId: string }

const refreshSql = `
  select s.access_version, s.refresh_version, s.ended_at is not null as is_ended, u.is_accepted,
    s.mfa_verified_at is not null as is_mfa_verified,
    $3::uuid is null or exists (
      select from active_organization_user_memberships
      where org_id = $3 and user_id = u.id and accepted_at is not null and deactivated_at is null
    ) as is_member,
    (select user_token_expiration from organizations where id = $3) as token_expiration
  from sessions s
  join users u on u.id = s.user_id
  where s.id = $1 and s.user_id = $2 and not s.is_removed`

/** The session of a refresh token, with the person's place in the organization of that token (null: none). */
export async function sessionToRefresh(
  db: Queries,
  { sessionId, userId, orgId }: Key & { orgId: string | null },
): Promise<RefreshRow | undefined> {
  const [row] = await run<RefreshRow>(db, refreshSql, [sessionId, userId, orgId])
  return row
}

export async function refreshVersionOf(db: Queries, sessionId: string): Promise<number> {
  const query = db.selectFrom("sessions").select("refresh_version").where("id", "=", sessionId)
  return (await query.executeTakeFirstOrThrow()).refresh_version
}

/** Uses the version up: of those who bring it at once one gets the next, and the others undefined. */
export async function rotate(db: Queries, { sessionId, userId }: Key, version: number) {
  const rotated = await db
    .updateTable("sessions")
    .set({
      refresh_version: version + 1,
      refreshed_at: sql<Date>`statement_timestamp()`,
      last_used_at: sql<Date>`statement_timestamp()`,
    })
    .where("id", "=", sessionId)
    .where("user_id", "=", userId)
    .where("refresh_version", "=", version)
    .where("ended_at", "is", null)
    .returning("refresh_version")
    .executeTakeFirst()
  return rotated?.refresh_version
}

const ended = {
  ended_at: sql<Date>`statement_timestamp()`,
  access_version: sql<number>`access_version + 1`,
  refresh_version: sql<number>`refresh_version + 1`,
}

/**
 * Ends the session of a version that was used up before, unless that was the last one and not `graceSeconds` ago.
 */
export async function endReused(
  db: Queries,
  { sessionId, userId }: Key,
  { version, graceSeconds }: { version: number; graceSeconds: number },
): Promise<void> {
  const isRecent = sql<boolean>`(refresh_version = ${version + 1}::int
    and refreshed_at > statement_timestamp() - make_interval(secs => ${graceSeconds}))`
  await db
    .updateTable("sessions")
    .set(ended)
    .where("id", "=", sessionId)
    .where("user_id", "=", userId)
    .where("ended_at", "is", null)
    .where("refresh_version", ">", version)
    .where(sql<boolean>`not ${isRecent}`)
    .execute()
}

/** Ends one session of the person, if it has not ended. */
export async function endSession(db: Queries, { sessionId, userId }: Key): Promise<void> {
  await db
    .updateTable("sessions")
    .set(ended)
    .where("id", "=", sessionId)
    .where("user_id", "=", userId)
    .where("ended_at", "is", null)
    .execute()
}

/** Ends every session of the person, or all but one. */
export async function endSessions(db: Queries, userId: string, except?: string): Promise<void> {
  let query = db
    .updateTable("sessions")
    .set(ended)
    .where("user_id", "=", userId)
    .where("ended_at", "is", null)
  if (except !== undefined) query = query.where("id", "!=", except)
  await query.execute()
}

export type SessionRow = {
  id: string
  user_id: string
  ip_address: string
  user_agent: string
  access_version: number
  refresh_version: number
  created_at: Date
  refreshed_at: Date | null
  last_used_at: Date
}

/** The sessions of the person that may still be used, the last used one first. */
export const sessionsOfUser = (db: Queries, userId: string, idleDays: number): Promise<SessionRow[]> =>
  db
    .selectFrom("sessions")
    .select(["id", "user_id", "ip_address", "user_agent", "access_version", "refresh_version"])
    .select(["created_at", "refreshed_at", "last_used_at"])
    .where("user_id", "=", userId)
    .where("ended_at", "is", null)
    .where("last_used_at", ">", sql<Date>`statement_timestamp() - make_interval(days => ${idleDays}::int)`)
    .orderBy("last_used_at", "desc")
    .orderBy("id", "desc")
    .execute()

/** Ends a session of the person, or all (null), as if they had never been; other people's are left alone. */
export async function removeSessions(db: Queries, userId: string, sessionId: string | null): Promise<void> {
  let query = db
    .updateTable("sessions")
    .set({ ...ended, is_removed: true })
    .where("user_id", "=", userId)
    .where("ended_at", "is", null)
  if (sessionId !== null) query = query.where("id", "=", sessionId)
  await query.execute()
}

/** Notes that the session was used, unless that was noted within the last minute. */
export async function noteUse(db: Queries, sessionId: string): Promise<void> {
  await db
    .updateTable("sessions")
    .set({ last_used_at: sql<Date>`statement_timestamp()` })
    .where("id", "=", sessionId)
    .where("last_used_at", "<", sql<Date>`statement_timestamp() - interval '1 minute'`)
    .execute()
}

/** Ends every session of the person and forgets from where it was used. */
export async function forgetSessions(db: Queries, userId: string): Promise<void> {
  await endSessions(db, userId)
  await db
    .updateTable("sessions")
    .set({ is_removed: true, ip_address: "", user_agent: "" })
    .where("user_id", "=", userId)
    .execute()
}
