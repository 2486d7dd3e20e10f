import assert from "node:assert/strict"
import { after, test } from "node:test"
import { openDatabase } from "../db/database.ts"
import { createTestDatabase } from "../test/databases.ts"
import { explainRound } from "../test/explain-rounds.ts"
import { createProjectCases } from "../test/random-projects.ts"
import { Choices } from "../test/random-rights.ts"

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
