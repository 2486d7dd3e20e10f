import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import { linesAbout, PastWorld, type Thing } from "../test/past-world.ts"
import * as people from "../test/people.ts"

// A thousand changes: npm run past.
const count = process.env["PAST"] === "all" ? 1_000 : 40
const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000)

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const world = new PastWorld(harness, acme, seed)

type Shown = {
  change?: string
  holder: { type: string; id: string }
  place: { type: string; id: string }
  group: { id: string } | null
  role: { slug: string | null } | null
}
// In a project that was deleted nobody may read roles any more; there is one custom role in each.
const slugOf = ({ slug }: { slug: string | null }): string => slug ?? "cook"
const lineOf = ({ holder, place, group, role }: Shown): string =>
  `${holder.type} ${holder.id}${role ? ` ${slugOf(role)}` : ""} in ${place.type} ${place.id}${group ? ` by ${group.id}` : ""}`

const ask = async (what: string, { kind, id }: Thing, times: Record<string, string>) => {
  const query = new URLSearchParams({ subjectType: kind, subjectId: id, limit: "1000", ...times })
  return people.ok(
    await harness.call(`GET /api/v1/access/${what}?${query.toString()}`, { token: acme.token }),
  )
}

/** A time of the database's clock after all that was written, and before all that will be. */
async function clock(): Promise<Date> {
  await sleep(2)
  const { rows } = await sql<{ now: Date }>`select statement_timestamp() as now`.execute(harness.db)
  await sleep(2)
  assert.ok(rows[0])
  return rows[0].now
}

test(`what was at each of ${count} times is told as it was told then, and so is what changed`, async (t) => {
  await world.fill()
  const recorded: Recorded[] = []
  const done: Record<string, number> = {}
  for (let made = 0; made < count; made++) {
    const name = await world.change()
    done[name] = (done[name] ?? 0) + 1
    const at = await clock()
    recorded.push({ at, lines: await world.record(at) })
  }
  t.diagnostic(`seed ${seed}: ${JSON.stringify(done)}`)
  const things = [...world.known.values()]
  const questions = recorded.flatMap((one) => {
    const some = Array.from({ length: 6 }, () => world.choices.one(things))
    const other = world.choices.one(recorded)
    return some.map((thing) => () => askBoth(thing, one, other))
  })
  await allOf(questions)
  t.diagnostic(`${questions.length} questions about each of both`)
})

type Recorded = { at: Date; lines: Set<string> }

/** What was held at the one time, and what changed between it and the other. */
async function askBoth(thing: Thing, one: Recorded, other: Recorded): Promise<void> {
  const at = one.at.toISOString()
  const expected = linesAbout(thing, one.lines)
  const { holdings, totalCount } = await ask("as-of", thing, { at })
  assert.deepEqual(holdings.map(lineOf).toSorted(), expected, `${thing.kind} ${thing.id} at ${at}`)
  assert.equal(totalCount, expected.length)
  const [first, second] = one.at <= other.at ? [one, other] : [other, one]
  const times = { from: first.at.toISOString(), to: second.at.toISOString() }
  const { changes } = await ask("difference", thing, times)
  const applied = apply(linesAbout(thing, first.lines), changes)
  assert.deepEqual(
    applied,
    linesAbout(thing, second.lines),
    `${thing.kind} ${thing.id} ${JSON.stringify(times)}`,
  )
}

/** A few at a time. */
async function allOf(questions: (() => Promise<void>)[]): Promise<void> {
  const work = questions.values()
  const askOn = async (): Promise<void> => {
    for (const question of work) await question()
  }
  await Promise.all(Array.from({ length: 6 }, askOn))
}

/** What was held once all of this has happened, which must have been possible. */
function apply(held: readonly string[], changes: Shown[]): string[] {
  const lines = new Set(held)
  for (const shown of changes) {
    const line = lineOf(shown)
    if (shown.change === "passed") continue
    const isNew = !lines.has(line)
    assert.equal(isNew, shown.change === "gained", `${shown.change}: ${line}`)
    if (isNew) lines.add(line)
    else lines.delete(line)
  }
  return [...lines].toSorted()
}
