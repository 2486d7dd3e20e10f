import { sql } from "kysely"
import { run, type Queries } from "../db/database.ts"

/*
 * One row for each address that has failed. While it is locked nothing counts; a failure long after the one before,
 * or after the lock has ended, is the first again. Settings come with the call, and an identity that is not there
 * gets no row for the same work.
 */
const failSql = `
  insert into identity_lockouts as l (org_id, identity_id, method, source, failures, last_failed_at, locked_until)
  select i.org_id, i.id, $3, $4, 1, statement_timestamp(),
    case when $5::int <= 1 then statement_timestamp() + make_interval(secs => $6::int) end
  from identities i where i.org_id = $1 and i.id = $2
  on conflict (org_id, identity_id, method, source) do update set
    failures = case
      when l.locked_until > statement_timestamp() then l.failures
      when l.locked_until is not null then 1
      when l.last_failed_at <= statement_timestamp() - make_interval(secs => $7::int) then 1
      else l.failures + 1 end,
    last_failed_at = statement_timestamp(),
    locked_until = case
      when l.locked_until > statement_timestamp() then l.locked_until
      when $5::int <= 1 then statement_timestamp() + make_interval(secs => $6::int)
      when l.locked_until is null and l.failures + 1 >= $5::int
        and l.last_failed_at > statement_timestamp() - make_interval(secs => $7::int)
        then statement_timestamp() + make_interval(secs => $6::int) end`

export type Attempt = { orgId: string | null; identityId: string | null; method: string; source: string }
export type LockoutSettings = { threshold: number; durationSeconds: number; counterResetSeconds: number }

/** Counts a failed login of an address, and locks the address out when it was one too many. */
export async function countFailure(db: Queries, attempt: Attempt, settings: LockoutSettings): Promise<void> {
  const { orgId, identityId, method, source } = attempt
  const { threshold, durationSeconds, counterResetSeconds } = settings
  await run(db, failSql, [orgId, identityId, method, source, threshold, durationSeconds, counterResetSeconds])
}

/** Forgets the failures of every address; the number of those that had any. */
export async function clearLockouts(
  db: Queries,
  { orgId, identityId, method }: { orgId: string; identityId: string; method: string },
): Promise<number> {
  const cleared = await db
    .updateTable("identity_lockouts")
    .set({ failures: 0, locked_until: null })
    .where("org_id", "=", orgId)
    .where("identity_id", "=", identityId)
    .where("method", "=", method)
    .where(sql<boolean>`(failures > 0 or locked_until is not null)`)
    .returning("source")
    .execute()
  return cleared.length
}
