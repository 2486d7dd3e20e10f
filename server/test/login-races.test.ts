import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { after, test } from "node:test"
import { createTestDatabase } from "./databases.ts"
import type { Answer, Call } from "./http.ts"
import * as people from "./people.ts"
import { makeDataDir, startProcess, type RunningProcess } from "./processes.ts"

const database = await createTestDatabase()
const dataDir = await makeDataDir()
const options = { dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "error" } }
// The first makes the keys, in the folder that both share.
const left = await startProcess(options)
const right = await startProcess(options)
const both: readonly RunningProcess[] = [left, right]

after(async () => {
  for (const server of both) server.kill("SIGTERM")
  await Promise.all(both.map((server) => server.exited))
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

const acme = await people.bootstrap(left)
const { token } = acme

/** Sends the same request so many times at once, half of them to each server. */
const parallel = (count: number, route: string, more: Call): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => (index % 2 === 0 ? left : right).call(route, more)))

const succeeded = (answers: Answer[]): number => {
  const statuses = answers.map(({ status }) => status)
  assert.deepEqual(
    statuses.filter((status) => status !== 200 && status !== 401),
    [],
  )
  return statuses.filter((status) => status === 200).length
}

async function newIdentity(): Promise<string> {
  const body = { name: "racer", organizationId: acme.id, role: "member" }
  return people.ok(await left.call("POST /api/v1/identities", { token, body })).identity.id
}

const login = "POST /api/v1/auth/universal-auth/login"

for (const [limit, count, rounds] of [
  [1, 100, 10],
  [7, 100, 5],
] as const) {
  test(`of ${count} logins at once with a client secret for ${limit} exactly ${limit} succeed`, async () => {
    for (let round = 0; round < rounds; round++) {
      const identityId = await newIdentity()
      const secret = { numUsesLimit: limit }
      const made = await people.addClientSecret(left, acme, identityId, { secret })
      const body = { clientId: made.clientId, clientSecret: made.clientSecret }
      assert.equal(succeeded(await parallel(count, login, { body })), limit)
      const path = `/api/v1/auth/universal-auth/identities/${identityId}/client-secrets/${made.clientSecretId}`
      const { clientSecretData } = people.ok(await left.call(`GET ${path}`, { token }))
      assert.equal(clientSecretData.clientSecretNumUses, limit)
      const logs = `/api/v1/organization/audit-logs?eventType=login-identity-universal-auth&limit=1000`
      const { auditLogs } = people.ok(await left.call(`GET ${logs}&actor=${identityId}`, { token }))
      assert.equal(auditLogs.length, limit)
    }
  })
}

test("of 100 uses at once of a token for 9 exactly 9 are answered", async () => {
  for (let round = 0; round < 5; round++) {
    const identityId = await newIdentity()
    const route = `POST /api/v1/auth/token-auth/identities/${identityId}`
    people.ok(await left.call(route, { token, body: { accessTokenNumUsesLimit: 9 } }))
    const made = people.ok(await left.call(`${route}/tokens`, { token, body: {} }))
    const answers = await parallel(100, "GET /api/v1/groups", { token: made.accessToken })
    assert.equal(succeeded(answers), 9)
    const read = await left.call(`GET /api/v1/auth/token-auth/tokens/${made.tokenData.id}`, { token })
    assert.equal(people.ok(read).token.accessTokenNumUses, 9)
  }
})

test("a client secret, a method and a token are refused on both servers from the answer to their end on", async () => {
  for (let round = 0; round < 20; round++) {
    const identityId = await newIdentity()
    const made = await people.addClientSecret(left, acme, identityId)
    const body = { clientId: made.clientId, clientSecret: made.clientSecret }
    const { accessToken } = people.ok(await right.call(login, { body }))
    const path = `/api/v1/auth/universal-auth/identities/${identityId}`
    // Logins under way at the same moment may go either way; none may after it.
    const during = parallel(10, login, { body })
    people.ok(await left.call(`POST ${path}/client-secrets/${made.clientSecretId}/revoke`, { token }))
    assert.equal((await right.call(login, { body })).status, 401)
    succeeded(await during)
    people.ok(await right.call("GET /api/v1/groups", { token: accessToken }))
    people.ok(await left.call(`DELETE ${path}`, { token }))
    assert.equal((await right.call("GET /api/v1/groups", { token: accessToken })).status, 401)
  }
})
