import assert from "node:assert/strict"
import { after, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { singleConnection } from "../db/database.ts"
import { isAlive, signal } from "../postgres/process.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import {
  connectionOf,
  makeDataDir,
  postgresProcesses,
  postmasterOf,
  removeDataDir,
  startProcess,
} from "./processes.ts"
import { membersOf, ownConnection, replaceWorkers, startSteadyLoad, workersOf } from "./workers.ts"

// Many more rounds: npm run faults -- rolling.
const dataDir = await makeDataDir()
const env = { CONCLAVE_WORKERS: "2", TRUSTED_PROXIES: "127.0.0.1" }
let server = await startProcess({ dataDir, env })
after(async () => {
  server.killGroup("SIGKILL")
  await server.exited
  await removeDataDir(dataDir)
})
const acme = await people.bootstrap(server)
const { id: groupId } = await people.addGroup(server, acme, "Readers")
const usernames = await people.inviteMany(server, acme, 200)

/** Several connections, which go to the workers in turn. */
const fourConnections = () => Array.from({ length: 4 }, () => ownConnection(server))

/** The workers that have answered this operation with this status, once there are so many. */
async function untilAnsweredBy(count: number, operationId: string, status: number): Promise<void> {
  for (let time = 0; time < 200; time++) {
    const lines = server.stderr.split("\n").filter((line) => line.includes(`"operationId":"${operationId}"`))
    const those = lines.map((line) => JSON.parse(line)).filter((line) => line.status === status)
    if (new Set(those.map(({ worker }) => worker)).size >= count) return
    await sleep(50)
  }
  assert.fail(`Too few workers have answered ${operationId} with ${status}`)
}

/** Asks by a new connection, which is lost without a word when it was on its way to a worker that dies. */
async function answerOrNone(route: string): Promise<Answer | undefined> {
  const own = ownConnection(server)
  const none = sleep(2_000, undefined, { ref: false })
  const answer = await Promise.race([own.call(route, { token: acme.token }).catch(() => undefined), none])
  own.close()
  return answer
}

/** Waits until two workers serve of which none is among these. */
async function untilOthersServe(before: number[]): Promise<void> {
  for (;;) {
    const now = workersOf(server).filter(({ pid }) => !before.includes(pid))
    if (now.length > 0 && (await answerOrNone("GET /api/status"))?.status === 200) return
    await sleep(20)
  }
}

test("what one worker has revoked no other lets in again", async () => {
  const connections = fourConnections()
  const route = `GET /api/v1/groups/${groupId}`
  for (let round = 0; round < 5; round++) {
    const token = await people.addMachine(server, acme, "admin")
    for (const { call } of connections) people.ok(await call(route, { token }))
    const revoking = connections[round % 4]
    assert.ok(revoking)
    const revoke = { body: { accessToken: token } }
    people.ok(await revoking.call("POST /api/v1/auth/token/revoke", revoke))
    for (const { call } of connections) assert.equal((await call(route, { token })).status, 401)
  }
  await untilAnsweredBy(2, "getGroupById", 401)
  for (const { close } of connections) close()
})

test("wrong passwords for an account are counted over all workers", async () => {
  const connections = fourConnections()
  const login = {
    body: { email: acme.adminUsername, password: "wrong password" },
    headers: { "x-forwarded-for": "192.0.2.1" },
  }
  const statuses: number[] = []
  for (let time = 0; time < 12; time++) {
    const { status } = (await connections[time % 4]?.call("POST /api/v3/auth/login", login)) ?? { status: 0 }
    statuses.push(status)
  }
  assert.deepEqual(
    statuses.map((status) => status === 429),
    statuses.map((_, index) => index >= 10),
  )
  for (const { close } of connections) close()
})

test("a worker that is killed is replaced, and the others serve meanwhile", async () => {
  const before = workersOf(server)
  assert.equal(before.length, 2)
  const [killed, other] = before
  assert.ok(killed && other)
  signal(killed, "SIGKILL")
  while (isAlive(killed)) await sleep(5)
  while ((await answerOrNone(`GET /api/v1/groups/${groupId}`))?.status !== 200);
  await untilOthersServe(before.map(({ pid }) => pid))
  assert.ok(isAlive(other))
  assert.equal(workersOf(server).length, 2)
})

test("workers are replaced while they serve, and no request fails", async () => {
  const nextPerson = () => usernames.pop()
  const before = workersOf(server)
  const load = startSteadyLoad({ server, acme, groupId, nextPerson }, 6)
  await replaceWorkers(server)
  const { added, reads, failed } = await load.stop()
  assert.deepEqual(failed, [])
  assert.ok(added.length > 0 && reads > 0)
  assert.ok(!before.some(isAlive))
  const members = await membersOf(server, acme.token, groupId)
  assert.deepEqual(
    added.filter((username) => !members.has(username)),
    [],
  )
})

test("all workers together leave PostgreSQL connections for others", async () => {
  const sql = singleConnection(connectionOf(dataDir))
  await sql.connect()
  const route = `GET /api/v1/groups/${groupId}/users`
  await Promise.all(Array.from({ length: 100 }, () => server.call(route, { token: acme.token })))
  const { rows } = await sql.query<{ most: number; all: number }>(`
    select (select count(*)::int from pg_stat_activity where application_name = 'conclave') as all,
      current_setting('max_connections')::int as most`)
  await sql.end()
  const [row] = rows
  assert.ok(row && row.all > 0 && row.all <= (row.most * 2) / 3, JSON.stringify(row))
})

test("when the primary is killed its workers end, and the next start takes PostgreSQL over", async () => {
  const workers = workersOf(server)
  const postgres = postmasterOf(dataDir)
  server.kill("SIGKILL")
  await server.exited
  while (workers.some(isAlive)) await sleep(5)
  server = await startProcess({ dataDir, env })
  people.ok(await server.call(`GET /api/v1/groups/${groupId}`, { token: acme.token }))
  assert.equal(postmasterOf(dataDir)?.pid, postgres?.pid)
})

test("SIGTERM ends all of it", async () => {
  const workers = workersOf(server)
  assert.equal(workers.length, 2)
  // As a service manager does it, to every process at once.
  server.killGroup("SIGTERM")
  assert.deepEqual(await server.exited, { code: 0, signal: null }, server.stderr)
  assert.ok(!workers.some(isAlive))
  assert.deepEqual(postgresProcesses(dataDir), [])
})
