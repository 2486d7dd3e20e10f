import { run, type Queries } from "../db/database.ts"
import type { Pair } from "../db/group-writes.ts"

/**
 * Closes places whose time is over, of one kind in one organization, so that new ones may begin. Nothing ends by it that
 * had not ended.
 */
export async function closeLapsed(db: Queries, pairs: readonly Pair[]): Promise<void> {
  const [first] = pairs
  if (!first) return
  const text = `
  update group_${first.kind}_memberships set is_closed = true
  where org_id = $1 and not is_closed and valid_until <= statement_timestamp()
    and (group_id, membership_id) in (select * from unnest($2::uuid[], $3::uuid[]))`
  const of = (name: "groupId" | "membershipId") => pairs.map((pair) => pair[name])
  await run(db, text, [first.orgId, of("groupId"), of("membershipId")])
}
