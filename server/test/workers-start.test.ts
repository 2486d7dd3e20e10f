import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { administer, createTestDatabase } from "./databases.ts"
import * as people from "./people.ts"
import { makeDataDir, removeDataDir, spawnServer, startProcess } from "./processes.ts"
import { ownConnection } from "./workers.ts"

/** A database and a data folder for servers, gone after the test. */
async function placeFor(t: TestContext) {
  const database = await createTestDatabase()
  const dataDir = await makeDataDir()
  t.after(async () => {
    await database.drop()
    await removeDataDir(dataDir)
  })
  return { database, dataDir, databaseUrl: database.url }
}

/** How often a text is in another one. */
const countOf = (text: string, part: string): number => text.split(part).length - 1

test("workers that would use up PostgreSQL's connections do not start", async (t) => {
  const { database, dataDir, databaseUrl } = await placeFor(t)
  const { database: name } = database.connection
  await administer(database.connection, `alter database "${name}" connection limit 20`)
  const server = spawnServer({ dataDir, databaseUrl, env: { CONCLAVE_WORKERS: "2" } })
  assert.deepEqual(await server.exited, { code: 1, signal: null })
  assert.match(server.stderr, /^PostgreSQL allows 20 connections, which are too few for 2 workers.*\n$/)
})

test("what keeps workers from starting ends the start, and is said once", async (t) => {
  const { dataDir, databaseUrl } = await placeFor(t)
  const first = await startProcess({ dataDir, databaseUrl, env: { LOG_LEVEL: "error" } })
  const { port } = new URL(first.address)
  const env = { CONCLAVE_WORKERS: "3", PORT: port }
  const second = spawnServer({ dataDir, databaseUrl, env })
  assert.deepEqual(await second.exited, { code: 1, signal: null })
  assert.equal(countOf(second.stderr, "is in use"), 1, second.stderr)
  people.ok(await first.call("GET /api/status"))
  first.kill("SIGTERM")
  assert.deepEqual(await first.exited, { code: 0, signal: null })
})

for (const workers of ["1", "2"]) {
  test(`before a stop the status says so, and all else is served; workers: ${workers}`, async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    const env = { CONCLAVE_WORKERS: workers, CONCLAVE_STOP_NOTICE_SECONDS: "4" }
    const server = await startProcess({ dataDir, databaseUrl, env })
    const acme = await people.bootstrap(server)
    const { id } = await people.addGroup(server, acme, "Readers")
    const connections = [1, 2, 3].map(() => ownConnection(server))
    server.kill("SIGTERM")
    while ((await ownConnection(server).call("GET /api/status")).status === 200) await sleep(10)
    for (const { call } of connections) {
      const answer = await call(`GET /api/v1/groups/${id}`, { token: acme.token })
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.headers["connection"], "close")
    }
    const status = await ownConnection(server).call("GET /api/status")
    assert.equal(status.status, 503)
    assert.ok(status.headers["retry-after"])
    assert.deepEqual(await server.exited, { code: 0, signal: null })
  })
}
