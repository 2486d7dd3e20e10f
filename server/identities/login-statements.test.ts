import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { after, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { listenTo, type Listening } from "../test/statements.ts"

let listening: Listening | undefined
const harness = await startHarness({}, async (database) => {
  listening = await listenTo(database)
  return listening.address
})
after(() => listening?.close())

const acme = await people.bootstrap(harness)
const { id } = await people.addIdentity(harness, acme, "member")
const settings = { lockoutThreshold: 30 }
const { clientId, clientSecret } = await people.addClientSecret(harness, acme, id, { settings })

const login = (body: object) => harness.call("POST /api/v1/auth/universal-auth/login", { body })

/** What the database was asked, once it is known on every connection; noting a use may come at any time. */
async function statementsOf(act: () => Promise<unknown>): Promise<string[]> {
  for (let warmUp = 0; warmUp < 3; warmUp++) await act()
  const statements = (await listening?.during(act)) ?? []
  return statements.filter((text) => !text.includes("last_used_at = statement_timestamp()"))
}

test("a login waits for the database twice", async () => {
  const good = await statementsOf(async () => people.ok(await login({ clientId, clientSecret })))
  assert.equal(good.length, 2)
})

test("an unknown client id costs what a wrong secret costs", async () => {
  const wrong = await statementsOf(() => login({ clientId, clientSecret: "0".repeat(64) }))
  const unknown = await statementsOf(() => login({ clientId: randomUUID(), clientSecret }))
  const none = await statementsOf(() => login({ clientId: "no-id", clientSecret }))
  assert.equal(wrong.length, 2)
  assert.deepEqual(unknown, wrong)
  assert.deepEqual(none, wrong)
})

test("a use is counted by a statement of its own only where there is a limit", async () => {
  const groups = (token: string) => statementsOf(() => harness.call("GET /api/v1/groups", { token }))
  const { accessToken: free } = people.ok(await login({ clientId, clientSecret }))
  const path = `/api/v1/auth/universal-auth/identities/${id}`
  const body = { accessTokenNumUsesLimit: 100 }
  people.ok(await harness.call(`PATCH ${path}`, { token: acme.token, body }))
  const { accessToken: limited } = people.ok(await login({ clientId, clientSecret }))
  const [without, counted] = [await groups(free), await groups(limited)]
  assert.equal(counted.length, without.length + 1)
  assert.ok(counted.some((text) => text.includes("num_uses = num_uses + 1")))
})
