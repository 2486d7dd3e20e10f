import assert from "node:assert/strict"
import { after, beforeEach, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { singleConnection } from "../db/database.ts"
import { createTestDatabase, urlOf, type Address } from "./databases.ts"
import { FaultProxy } from "./fault-proxy.ts"
import { startHarness } from "./harness.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { startProcess, waitingFor } from "./processes.ts"

/*
 * A connection to PostgreSQL that is half open: what is sent is lost, nothing comes back, and nobody is told. What has
 * gone silent stays silent here; the server must find that out by itself.
 */
const env = {
  DATABASE_CONNECTION_TIMEOUT_MS: "2500",
  DATABASE_STATEMENT_TIMEOUT_MS: "2000",
  DATABASE_LOCK_TIMEOUT_MS: "2000",
  DATABASE_IDLE_TRANSACTION_TIMEOUT_MS: "2500",
}

/** A proxy before a database, and the address of the database through it. */
async function proxyBefore(address: Address): Promise<{ proxy: FaultProxy; through: Address }> {
  const proxy = new FaultProxy(() => ({ path: `${address.host}/.s.PGSQL.${address.port}` }))
  return { proxy, through: { ...address, host: "127.0.0.1", port: await proxy.listen() } }
}

const proxies: FaultProxy[] = []
const harness = await startHarness(env, async (database) => {
  const { proxy, through } = await proxyBefore(database)
  proxies.push(proxy)
  return through
})
const [proxy] = proxies as [FaultProxy]
after(() => proxy.close())
const acme = await people.bootstrap(harness)
const machines: { token: string }[] = []
for (let count = 0; count < 20; count++) machines.push(await people.addIdentity(harness, acme, "member"))
const sql = singleConnection(harness.database.connection)
// It ends with the database.
sql.on("error", () => {})
await sql.connect()

beforeEach(async () => {
  proxy.weather = { kind: "calm" }
  // Whoever gets a connection that has gone silent finds out, and the next one has a new one.
  while ((await harness.call("GET /api/v1/groups", { token: acme.token })).status !== 200) await sleep(5)
})

function assertUnavailable(answer: Answer, what: string): void {
  assert.equal(answer.status, 503, `${what}: ${answer.text}`)
  assert.equal(answer.body.error, "ServiceUnavailable", what)
  assert.match(String(answer.headers["retry-after"]), /^[1-9]\d*$/, what)
}

const addGroup = (name: string): Promise<Answer> =>
  harness.call("POST /api/v1/groups", { token: acme.token, body: { name } })

async function untilAdded(name: string): Promise<void> {
  for (;;) {
    const answer = await addGroup(name)
    if (answer.status === 200) return
    assertUnavailable(answer, name)
  }
}

const groupsNamed = async (name: string): Promise<number> =>
  (await sql.query("select from groups where name = $1", [name])).rowCount ?? 0

async function waitUntil(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(5)
}

test("every kind of request is answered 503 and changes nothing, and all is well with new connections", async () => {
  const { token } = acme
  const group = await people.addGroup(harness, acme, "Kinds")
  const { username } = await people
    .invite(harness, acme, "kinds@example.com")
    .then(({ email }) => ({ username: email }))
  const before = await harness.state()
  proxy.weather = { kind: "silent" }
  const requests: Record<string, Promise<Answer>> = {
    "a look-up": harness.call("GET /api/v1/groups", { token }),
    "a list": harness.call("GET /api/v1/groups", { token }),
    "a read that is recorded": harness.call("GET /api/v1/organization/audit-logs", { token }),
    "a write in one statement": harness.call(
      `POST /api/v1/groups/${group.id}/users/${encodeURIComponent(username)}`,
      { token },
    ),
    "a transaction": addGroup("Never"),
    "a login": harness.call("POST /api/v3/auth/login", {
      body: { email: "ada@example.com", password: "not the password" },
    }),
    "the status": harness.call("GET /api/status"),
  }
  for (const [what, answer] of Object.entries(requests)) assertUnavailable(await answer, what)
  proxy.weather = { kind: "calm" }
  assert.deepEqual(await harness.state(), before)
  await untilAdded("Never")
})

test("of many requests whose look-ups go together none waits for another one's time", async () => {
  // So often that the look-ups are known to be sent together.
  const ask = () =>
    Promise.all(machines.map(({ token }) => harness.call("GET /api/v1/identities/details", { token })))
  for (let time = 0; time < 3; time++) for (const answer of await ask()) assert.equal(answer.status, 200)
  const first = ask()
  proxy.weather = { kind: "silent" }
  for (const answer of [...(await first), ...(await ask())]) {
    if (answer.status !== 200) assertUnavailable(answer, "a look-up")
  }
})

test("a transaction that goes silent in its midst is rolled back, and its locks are given up", async () => {
  await sql.query("begin; lock table group_role_grants in access exclusive mode")
  // By now it has inserted the group, and waits to give it its role.
  const answer = addGroup("Half")
  await waitUntil(async () => (await waitingFor(sql, "group_role_grants")) > 0)
  proxy.weather = { kind: "silent" }
  await sql.query("rollback")
  assertUnavailable(await answer, "the transaction")
  proxy.weather = { kind: "calm" }
  assert.equal(await groupsNamed("Half"), 0)
  await untilAdded("Half")
})

test("a commit whose answer is lost is not told as done, and not as undone by the next try", async (t) => {
  await sql.query(`
    create function dawdle() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.3); return null; end $$;
    create constraint trigger dawdle after insert on groups deferrable initially deferred
      for each row execute function dawdle()`)
  t.after(() => sql.query("drop trigger dawdle on groups; drop function dawdle"))
  const answer = addGroup("Unknown")
  await waitUntil(async () => {
    const { rowCount } = await sql.query(
      "select from pg_stat_activity where query = 'commit' and wait_event = 'PgSleep'",
    )
    return rowCount === 1
  })
  proxy.weather = { kind: "silent" }
  assertUnavailable(await answer, "the commit")
  assert.equal(await groupsNamed("Unknown"), 1)
  proxy.weather = { kind: "calm" }
  let again = await addGroup("Unknown")
  while (again.status === 503) again = await addGroup("Unknown")
  assert.equal(again.status, 400)
  assert.equal(await groupsNamed("Unknown"), 1)
})

test("a server whose database has gone silent stops when it is told to", async (t) => {
  const database = await createTestDatabase()
  const before = await proxyBefore(database.connection)
  t.after(async () => {
    await before.proxy.close()
    await database.drop()
  })
  const server = await startProcess({ databaseUrl: urlOf(before.through), env, dataDir: harness.dataDir })
  const { token } = await people.bootstrap(server)
  before.proxy.weather = { kind: "silent" }
  const answer = server.call("GET /api/v1/groups", { token })
  await sleep(50)
  server.kill("SIGTERM")
  assertUnavailable(await answer, "a request under way")
  assert.deepEqual(await server.exited, { code: 0, signal: null })
})
