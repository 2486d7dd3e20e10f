import assert from "node:assert/strict"
import { test } from "node:test"
import { assertEnvelope } from "./envelope.ts"
import { startHarness } from "./harness.ts"
import * as people from "./people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const group = await people.addGroup(harness, acme, "Readers")
const path = "GET /api/v1/groups"

/** As many parameters as the longest URL holds. */
const many = (nameOf: (number: number) => string, room = 15_000): string => {
  let query = ""
  for (let number = 0; query.length < room; number++) query += `&${nameOf(number)}`
  return query.slice(1)
}

test("as many parameters as a URL holds are passed over where nobody knows them", async () => {
  const plain = people.ok(await harness.call(path, { token }))
  for (const nameOf of [
    (number: number) => `a${number}=1`,
    (number: number) => `a${number}`,
    () => "",
    () => "=",
    () => "__proto__=1",
    () => "constructor[prototype][polluted]=1",
    (number: number) => `a[${number}]=1`,
  ]) {
    const answer = await harness.call(`${path}?${many(nameOf)}`, { token })
    assert.deepEqual([answer.status, answer.body], [200, plain], nameOf(1))
  }
  assert.equal(Reflect.get({}, "polluted"), undefined)
})

test("one parameter as often as a URL holds it is refused by its rule, and changes nothing", async () => {
  const before = await harness.state()
  const users = `GET /api/v1/groups/${group.id}/users`
  people.ok(await harness.call(`${users}?limit=1`, { token }))
  const answer = await harness.call(`${users}?${many(() => "limit=1")}`, { token })
  assertEnvelope(answer, "limit")
  assert.equal(answer.status, 422, answer.text)
  assert.deepEqual(await harness.state(), before)
})

test("more than a URL holds is refused", async () => {
  const answer = await harness.call(`${path}?${many((number) => `a${number}=1`, 20_000)}`, { token })
  assert.equal(answer.status, 431)
})
