import { run, type Queries } from "./database.ts"
import type { AuditRow } from "./audit-row.ts"
import type { JudgedBy, Waiting } from "./standing.ts"
import { writtenTogether } from "./written-together.ts"
import type { NewPlace } from "./place-dates.ts"

/* How writes of places in groups are sent: those of one organization that come together by one statement. */

export type { JudgedBy } from "./standing.ts"

/** A group, and a place in its organization. */
export type Pair = { kind: "user" | "identity"; orgId: string; groupId: string; membershipId: string }

export type Write = {
  pair: Pair
  /** Of the row that is added. */ id: string
  /** The same, where it is not from now on and by hand. */ place?: NewPlace
  judgedBy: JudgedBy
  audit: AuditRow
}

export type Kinds = { member: Pair["kind"]; caller: JudgedBy["kind"] }

type Texts = Record<"several" | "one", Record<Waiting, string>>
type TextsOf = Record<Pair["kind"], Record<JudgedBy["kind"], Texts>>
/** What is done with pairs: the statements and their values. */
export type Deed = {
  texts: TextsOf
  valuesOfOne(write: Write): unknown[]
  valuesOf(writes: readonly Write[]): unknown[]
}

type Sql = (kinds: Kinds, waiting: Waiting) => string

export const textsOf = (several: Sql, one: Sql): TextsOf => {
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
  { texts, valuesOfOne }: Deed,
  write: Write,
  waiting: Waiting,
): Promise<Outcome[]> {
  const { one } = texts[write.pair.kind][write.judgedBy.kind]
  return run<Outcome>(db, one[waiting], valuesOfOne(write))
}

/** All of one organization, one kind of member and one kind of caller. */
async function send<Outcome>(
  db: Queries,
  deed: Deed,
  writes: readonly Write[],
  waiting: Waiting,
): Promise<Outcome[]> {
  const [first] = writes
  if (!first) return []
  if (writes.length === 1) return sendOne(db, deed, first, waiting)
  const { several } = deed.texts[first.pair.kind][first.judgedBy.kind]
  const outcomes: Outcome[] = []
  const rows = await run<Outcome & { number: string }>(db, several[waiting], deed.valuesOf(writes))
  for (const row of rows) outcomes[Number(row.number) - 1] = row
  return outcomes
}

/** Sends a write with those of its kind that come at the same time. */
export const inBatches = <Outcome>(deed: Deed, isDecided: (outcome: Outcome) => boolean) =>
  writtenTogether<Write, Outcome>({
    keyOf: ({ pair, judgedBy }) => `${pair.orgId} ${pair.kind} ${judgedBy.kind}`,
    send: (db, writes, waiting) => send(db, deed, writes, waiting),
    isDecided,
  })

const atOnce = 1_000

/** Many of one kind at once, in a transaction; the outcomes are in no order. */
export const inOneTransaction =
  <Outcome>(deed: Deed) =>
  async (db: Queries, writes: readonly Write[]): Promise<Outcome[]> => {
    // In the order in which every statement takes its locks.
    const sorted = writes.toSorted((one, other) => (one.pair.membershipId < other.pair.membershipId ? -1 : 1))
    const outcomes: Outcome[] = []
    for (let first = 0; first < sorted.length; first += atOnce)
      outcomes.push(...(await send<Outcome>(db, deed, sorted.slice(first, first + atOnce), "waits")))
    return outcomes
  }
