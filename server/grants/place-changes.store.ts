import { run, type Queries } from "../db/database.ts"
import type { Pair } from "../db/group-writes.ts"
import { isNotOver, type MembershipSource } from "../db/place-dates.ts"

export type { Pair } from "../db/group-writes.ts"

/** Somebody's place in a group that is not over. */
export type OpenPlace = {
  id: string
  valid_from: Date
  valid_until: Date | null
  sources: MembershipSource[]
  has_begun: boolean
  /** The clock of the database. */ now: Date
}

const columns = `id, valid_from, valid_until, sources, valid_from <= statement_timestamp() as has_begun,
  statement_timestamp() as now`

/** Somebody's place in a group, which nobody else changes until the transaction ends. */
export async function lockPlace(db: Queries, pair: Pair): Promise<OpenPlace | undefined> {
  const text = `
  select ${columns} from group_${pair.kind}_memberships
  where org_id = $1 and group_id = $2 and membership_id = $3 and ${isNotOver}
  for update`
  const [row] = await run<OpenPlace>(db, text, [pair.orgId, pair.groupId, pair.membershipId])
  return row
}

/** What is left as it is, is absent. */
export type Interval = { from?: Date | null; until?: Date | null }

/**
 * Moves the end of a place that is not over, and the beginning of one that has not begun, but nothing to before now;
 * absent when it is over meanwhile, or has begun. What was, stays as it was.
 */
export async function moveInterval(
  db: Queries,
  pair: Pair,
  id: string,
  { from, until }: Interval,
): Promise<OpenPlace | undefined> {
  const text = `
  update group_${pair.kind}_memberships set
    valid_from = case when $3::boolean then greatest($4::timestamptz, statement_timestamp()) else valid_from end,
    valid_until = case
      when not $5::boolean then valid_until
      when $6::timestamptz is not null then greatest($6::timestamptz, statement_timestamp())
    end
  where org_id = $1 and id = $2 and ${isNotOver} and (not $3::boolean or valid_from > statement_timestamp())
  returning ${columns}`
  const values = [
    from !== undefined,
    from?.toISOString() ?? null,
    until !== undefined,
    until?.toISOString() ?? null,
  ]
  const [row] = await run<OpenPlace>(db, text, [pair.orgId, id, ...values])
  return row
}
