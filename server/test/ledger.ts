import { singleConnection } from "../db/database.ts"
import { connectionOf } from "./processes.ts"

/** What the server has said about a person and a group since the beginning. */
export type Expected = {
  /** Undefined after a request without an answer: until somebody looks, nobody knows. */ isIn:
    boolean | undefined
  /** Answered with 200. */ adds: number
  removes: number
  /** Not answered, or with 503: done whole or not at all. */ uncertainAdds: number
  uncertainRemoves: number
}

/** What is in the database about them: memberships ever begun, ended and open, and what audit rows tell of. */
export type Found = { added: number; removed: number; open: number; toldAdded: number; toldRemoved: number }

export const nothingSaid: Expected = {
  isIn: false,
  adds: 0,
  removes: 0,
  uncertainAdds: 0,
  uncertainRemoves: 0,
}
export const nothingFound: Found = { added: 0, removed: 0, open: 0, toldAdded: 0, toldRemoved: 0 }

const ledgerSql = `
  with kept as (
    select gm.group_id::text as group_id, m.user_id::text as user_id, m.username, count(*) as added,
      count(*) filter (where gm.is_closed) as removed, count(*) filter (where not gm.is_closed) as open
    from group_user_memberships gm
    join organization_user_memberships m on m.org_id = gm.org_id and m.id = gm.membership_id
    group by 1, 2, 3
  ), told as (
    select event_metadata ->> 'groupId' as group_id, event_metadata ->> 'userId' as user_id,
      event_metadata ->> 'username' as username,
      count(*) filter (where event_type = 'add-user-to-group') as added,
      count(*) filter (where event_type = 'remove-user-from-group') as removed
    from audit_logs where event_type in ('add-user-to-group', 'remove-user-from-group')
    group by 1, 2, 3
  )
  select group_id, username, coalesce(kept.added, 0)::int as added, coalesce(kept.removed, 0)::int as removed,
    coalesce(kept.open, 0)::int as open, coalesce(told.added, 0)::int as "toldAdded",
    coalesce(told.removed, 0)::int as "toldRemoved"
  from kept full join told using (group_id, user_id, username)`

export const keyOf = (groupId: string, username: string): string => `${groupId} ${username}`

/** Every person and group of which the database of a data folder tells anything, by `keyOf`. */
export async function readLedger(dataDir: string): Promise<Map<string, Found>> {
  const client = singleConnection(connectionOf(dataDir))
  await client.connect()
  try {
    const { rows } = await client.query<Found & { group_id: string; username: string }>(ledgerSql)
    return new Map(rows.map(({ group_id, username, ...row }) => [keyOf(group_id, username), row]))
  } finally {
    await client.end()
  }
}

/** Whether all that was acknowledged is there, and nothing that was never asked for. */
export const fits = (said: Expected, row: Found): boolean =>
  row.added >= said.adds &&
  row.added <= said.adds + said.uncertainAdds &&
  row.removed >= said.removes &&
  row.removed <= said.removes + said.uncertainRemoves &&
  (said.isIn === undefined || row.open === (said.isIn ? 1 : 0))

/** Whether every membership and every end of one has its audit row, and every audit row what it tells of. */
export const isTold = (row: Found): boolean =>
  row.open <= 1 && row.added === row.toldAdded && row.removed === row.toldRemoved
