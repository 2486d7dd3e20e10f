import {
  auditColumns,
  auditInsertFrom,
  auditLists,
  auditListsFrom,
  auditValues,
  type AuditRow,
} from "../db/audit-row.ts"
import { run, type Queries } from "../db/database.ts"
import {
  callerLists,
  callerValueCount,
  callerValues,
  lockedFor,
  standingCaller,
  standingCallers,
  type JudgedBy,
  type Waiting,
} from "../db/standing.ts"
import { writtenTogether } from "../db/written-together.ts"

/*
 * Places in groups, begun and ended with their audit rows. Those of one organization that come together are written by
 * one statement, which looks again at all that they hang on and has an outcome for each; see docs/decisions/0010.
 */

export type { JudgedBy } from "../db/standing.ts"

/** A group, and a place in its organization. */
export type Pair = { kind: "user" | "identity"; orgId: string; groupId: string; membershipId: string }

export type Write = {
  pair: Pair
  /** Of the row that is added. */ id: string
  judgedBy: JudgedBy
  audit: AuditRow
}

export type AddOutcome = {
  group_exists: boolean
  member_exists: boolean
  /** Whether what the caller was judged by is as it was then. */ is_standing: boolean
  is_added: boolean
}
export type RemoveOutcome = { is_standing: boolean; is_removed: boolean }

type Kinds = { member: Pair["kind"]; caller: JudgedBy["kind"] }

const isOpen = `not is_closed and valid_from <= statement_timestamp()
      and (valid_until is null or valid_until > statement_timestamp())`
const untilNow =
  "is_closed = true, valid_until = greatest(valid_from, least(valid_until, statement_timestamp()))"

/*
 * Group and member are locked against their end while the row goes in (whoever ends one takes FOR UPDATE), and are
 * looked at again under the lock: what ended a moment ago gets no member.
 */
const addOneSql = ({ member, caller }: Kinds, waiting: Waiting): string => `
  with ${standingCaller(caller, callerAt, waiting)}, held_group as (
    select id from groups where org_id = $1 and id = $2 and deleted_at is null ${lockedFor("key share", waiting)}
  ), held_member as (
    select id from organization_${member}_memberships
    where org_id = $1 and id = $3 and ${isOpen} ${lockedFor("key share", waiting)}
  ), added as (
    insert into group_${member}_memberships (org_id, id, group_id, membership_id)
    select $1, $4, held_group.id, held_member.id from held_group, held_member
    where exists (select from standing)
    on conflict (org_id, group_id, membership_id) where not is_closed do nothing
    returning id
  ), recorded as (${auditInsertFrom("added", auditAt)})
  select 1 as number, exists (select from held_group) as group_exists, exists (select from held_member) as member_exists,
    exists (select from standing) as is_standing, exists (select from added) as is_added`

const removeOneSql = ({ member, caller }: Kinds, waiting: Waiting): string => `
  with ${standingCaller(caller, callerAt, waiting)}, held as (
    select id from group_${member}_memberships
    where org_id = $1 and group_id = $2 and membership_id = $3 and not is_closed and $4::uuid is not null
      and exists (select from standing)
    ${lockedFor("update", waiting)}
  ), ended as (
    update group_${member}_memberships set ${untilNow}
    where org_id = $1 and id in (select id from held)
    returning id
  ), recorded as (${auditInsertFrom("ended", auditAt)})
  select 1 as number, exists (select from standing) as is_standing, exists (select from ended) as is_removed`

const callerAt = 5
const auditAt = callerAt + callerValueCount

const valuesOfOne = ({ pair, id, judgedBy, audit }: Write): unknown[] => [
  pair.orgId,
  pair.groupId,
  pair.membershipId,
  id,
  ...callerValues(judgedBy),
  ...auditValues(audit),
]

/* The same for several. All rows are locked and inserted in one order. */

const callersAt = 6

const asked = `
  asked as (
    select * from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[], ${auditListsFrom(callersAt + callerValueCount)})
      with ordinality as asked(group_id, membership_id, place_id, caller, ${auditColumns}, number)
  )`

const addSql = ({ member, caller }: Kinds, waiting: Waiting): string => `
  with ${asked}, ${standingCallers(caller, callersAt, waiting)}, held_groups as (
    select id from groups where org_id = $1 and id = any($2::uuid[]) and deleted_at is null
    order by id ${lockedFor("key share", waiting)}
  ), held_members as (
    select id from organization_${member}_memberships
    where org_id = $1 and id = any($3::uuid[]) and ${isOpen}
    order by id ${lockedFor("key share", waiting)}
  ), judged as (
    select asked.*, group_id in (select id from held_groups) as group_exists,
      membership_id in (select id from held_members) as member_exists,
      caller in (select number from standing) as is_standing
    from asked
  ), added as (
    insert into group_${member}_memberships (org_id, id, group_id, membership_id)
    select distinct on (group_id, membership_id) $1, place_id, group_id, membership_id
    from judged where group_exists and member_exists and is_standing
    order by group_id, membership_id, number
    on conflict (org_id, group_id, membership_id) where not is_closed do nothing
    returning id
  ), recorded as (
    insert into audit_logs (${auditColumns})
    select ${auditColumns} from asked where place_id in (select id from added)
  )
  select number, group_exists, member_exists, is_standing, place_id in (select id from added) as is_added
  from judged`

const removeSql = ({ member, caller }: Kinds, waiting: Waiting): string => `
  with ${asked}, ${standingCallers(caller, callersAt, waiting)}, held as (
    select place.id, place.group_id, place.membership_id
    from (select distinct group_id, membership_id from asked) pair
    join group_${member}_memberships place
      on place.org_id = $1 and place.group_id = pair.group_id and place.membership_id = pair.membership_id
        and not place.is_closed
    order by place.group_id, place.membership_id ${lockedFor("update", waiting)} of place
  ), chosen as (
    select distinct on (held.id) held.id, asked.number
    from asked join held using (group_id, membership_id)
    where asked.caller in (select number from standing)
    order by held.id, asked.number
  ), ended as (
    update group_${member}_memberships set ${untilNow}
    where org_id = $1 and id in (select id from chosen)
    returning id
  ), done as (
    select chosen.number from chosen join ended using (id)
  ), recorded as (
    insert into audit_logs (${auditColumns})
    select ${auditColumns} from asked where number in (select number from done)
  )
  select number, caller in (select number from standing) as is_standing,
    number in (select number from done) as is_removed
  from asked`

function valuesOf(writes: readonly Write[]): unknown[] {
  const { lists, numbers } = callerLists(writes.map(({ judgedBy }) => judgedBy))
  return [
    writes[0]?.pair.orgId,
    writes.map(({ pair }) => pair.groupId),
    writes.map(({ pair }) => pair.membershipId),
    writes.map(({ id }) => id),
    numbers,
    ...lists,
    ...auditLists(writes.map(({ audit }) => audit)),
  ]
}

type Texts = Record<"several" | "one", Record<Waiting, string>>
type TextsOf = Record<Pair["kind"], Record<JudgedBy["kind"], Texts>>

type Sql = (kinds: Kinds, waiting: Waiting) => string

const textsOf = (several: Sql, one: Sql): TextsOf => {
  const both = (sql: Sql, kinds: Kinds) => ({ waits: sql(kinds, "waits"), skips: sql(kinds, "skips") })
  const texts = (kinds: Kinds): Texts => ({ several: both(several, kinds), one: both(one, kinds) })
  const ofMember = (member: Pair["kind"]) => ({
    user: texts({ member, caller: "user" }),
    machine: texts({ member, caller: "machine" }),
  })
  return { user: ofMember("user"), identity: ofMember("identity") }
}

async function sendOne<Outcome>(
  db: Queries,
  texts: TextsOf,
  write: Write,
  waiting: Waiting,
): Promise<Outcome[]> {
  const { one } = texts[write.pair.kind][write.judgedBy.kind]
  return run<Outcome>(db, one[waiting], valuesOfOne(write))
}

/** All of one organization, one kind of member and one kind of caller. */
async function send<Outcome>(
  db: Queries,
  texts: TextsOf,
  writes: readonly Write[],
  waiting: Waiting,
): Promise<Outcome[]> {
  const [first] = writes
  if (!first) return []
  if (writes.length === 1) return sendOne(db, texts, first, waiting)
  const { several } = texts[first.pair.kind][first.judgedBy.kind]
  const outcomes: Outcome[] = []
  const rows = await run<Outcome & { number: string }>(db, several[waiting], valuesOf(writes))
  for (const row of rows) outcomes[Number(row.number) - 1] = row
  return outcomes
}

const inBatches = <Outcome>(texts: TextsOf, isDecided: (outcome: Outcome) => boolean) =>
  writtenTogether<Write, Outcome>({
    keyOf: ({ pair, judgedBy }) => `${pair.orgId} ${pair.kind} ${judgedBy.kind}`,
    send: (db, writes, waiting) => send(db, texts, writes, waiting),
    isDecided,
  })

const addTexts = textsOf(addSql, addOneSql)
const removeTexts = textsOf(removeSql, removeOneSql)

/** Puts the member into the group; says what stood in the way if anything. `db` is the pool, or a transaction. */
export const addToGroup = inBatches<AddOutcome>(
  addTexts,
  ({ group_exists, member_exists, is_standing }) => group_exists && member_exists && is_standing,
)

/** Ends the member's place in the group; says so when there was none. `db` is the pool, or a transaction. */
export const removeFromGroup = inBatches<RemoveOutcome>(removeTexts, ({ is_removed }) => is_removed)

const atOnce = 1_000

/** Many of one kind at once, in a transaction; the outcomes are in no order. */
const inOneTransaction =
  <Outcome>(texts: TextsOf) =>
  async (db: Queries, writes: readonly Write[]): Promise<Outcome[]> => {
    // In the order in which every statement takes its locks.
    const sorted = writes.toSorted((one, other) => (one.pair.membershipId < other.pair.membershipId ? -1 : 1))
    const outcomes: Outcome[] = []
    for (let first = 0; first < sorted.length; first += atOnce)
      outcomes.push(...(await send<Outcome>(db, texts, sorted.slice(first, first + atOnce), "waits")))
    return outcomes
  }

export const addAllToGroup = inOneTransaction<AddOutcome>(addTexts)
export const removeAllFromGroup = inOneTransaction<RemoveOutcome>(removeTexts)
