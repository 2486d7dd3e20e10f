import assert from "node:assert/strict"
import { test } from "node:test"
import { startHarness } from "./harness.ts"
import * as people from "./people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const machines = await Promise.all(
  Array.from({ length: 64 }, async () => {
    const { id, token } = await people.addIdentity(harness, acme, "member")
    return { id, token }
  }),
)

const ownId = async (token: string): Promise<string> =>
  people.ok(await harness.call("GET /api/v1/identities/details", { token })).identityDetails.identity.id

test("of 64 callers at once each is answered as itself", async () => {
  // Each sends the next as soon as it was answered, so that look-ups of many are under way and waiting all along.
  await Promise.all(
    machines.map(async ({ id, token }) => {
      for (let time = 0; time < 30; time++) assert.equal(await ownId(token), id)
    }),
  )
})

test("a token that is revoked amid the requests of others is refused on its next one", async () => {
  const [others, revoked] = [machines.slice(0, 40), machines.slice(40)]
  const crowding = { isOver: false }
  const crowd = others.map(async ({ id, token }) => {
    while (!crowding.isOver) assert.equal(await ownId(token), id)
  })
  for (const { id, token } of revoked) {
    assert.equal(await ownId(token), id)
    people.ok(await harness.call("POST /api/v1/auth/token/revoke", { body: { accessToken: token } }))
    const answers = await Promise.all(
      [1, 2, 3].map(() => harness.call("GET /api/v1/identities/details", { token })),
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      [401, 401, 401],
    )
  }
  crowding.isOver = true
  await Promise.all(crowd)
})
