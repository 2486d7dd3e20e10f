import assert from "node:assert/strict"
import { after, test } from "node:test"
import { openDatabase } from "../db/database.ts"
import { standingOf } from "./standing.ts"
import { createTestDatabase } from "../test/databases.ts"
import { explainRound } from "../test/explain-rounds.ts"
import { createProjectCases } from "../test/random-projects.ts"
import { Choices } from "../test/random-rights.ts"
import { compareRound } from "../test/compare-rounds.ts"
import { whoCanRound } from "../test/who-can-rounds.ts"

/* `npm run oracle` does the same in as many cases as are asked for. */
const database = await createTestDatabase()
const { queries: db, close } = openDatabase(database.connection, 2)
after(async () => {
  await close()
  await database.drop()
})

test("an explanation says what is decided, now and from the intervals of what was given", async (t) => {
  const now = Date.now()
  const size = { projects: 4, groups: 4, people: 8, machines: 8, questions: 20 }
  const cases = await createProjectCases(db, new Choices(20_261_125), now, size)
  let [asked, allowed] = [0, 0]
  for (const one of cases) {
    const outcome = await explainRound(db, one, now)
    assert.deepEqual(outcome.differences.slice(0, 3), [])
    asked += outcome.asked
    allowed += outcome.allowed
  }
  t.diagnostic(`${asked} questions, ${allowed} allowed`)
  assert.ok(asked > 500 && allowed > asked / 8 && allowed < asked * 0.8, `${allowed} of ${asked}`)
})

test("a list of those who may has exactly those of whom an explanation says so, by the same ways", async (t) => {
  const now = Date.now()
  const size = { projects: 3, groups: 5, people: 12, machines: 8, questions: 3 }
  const cases = await createProjectCases(db, new Choices(20_261_126), now, size)
  let [lists, listed] = [0, 0]
  for (const ofProject of Map.groupBy(cases, ({ place }) => place.projectId).values()) {
    const outcome = await whoCanRound(db, ofProject)
    assert.deepEqual(outcome.differences.slice(0, 3), [])
    lists += outcome.lists
    listed += outcome.listed
  }
  t.diagnostic(`${lists} lists of ${listed} people and machine identities`)
  assert.ok(lists > 100 && listed > lists && listed < 15 * lists, `${listed} in ${lists}`)
})

test("a comparison of two says what the explanations of both do, for every action in every folder", async (t) => {
  const now = Date.now()
  const size = { projects: 3, groups: 4, people: 8, machines: 8, questions: 1 }
  const cases = await createProjectCases(db, new Choices(20_261_127), now, size)
  const folders = ["dev", "prod"].flatMap((environment) =>
    ["/", "/a", "/a/b", "/b", "/c"].map((path) => ({ environment, path })),
  )
  let [asked, onlyOne] = [0, 0]
  for (const [index, one] of cases.entries()) {
    const other = cases[(index + 3) % cases.length] ?? one
    const [first, second] = await Promise.all(
      [one, other].map(({ kind, member, place }) => standingOf(db, { kind, id: member.named.id }, place)),
    )
    if (!first || !second) continue
    const outcome = compareRound(first, second, folders)
    assert.deepEqual(outcome.differences.slice(0, 3), [])
    asked += outcome.asked
    onlyOne += outcome.onlyOne
  }
  t.diagnostic(`${asked} compared, ${onlyOne} by one alone`)
  assert.ok(asked > 5_000 && onlyOne > 300, `${onlyOne} of ${asked}`)
})
