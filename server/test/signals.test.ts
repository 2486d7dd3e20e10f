import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { describe, test, type TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { singleConnection } from "../db/database.ts"
import * as people from "./people.ts"
import {
  connectionOf,
  makeDataDir,
  postgresProcesses,
  removeDataDir,
  spawnServer,
  startProcess,
  waitingFor,
  type RunningProcess,
} from "./processes.ts"

const npmStart = ["npm", "start"]
const connections = 12

/** A data folder that is gone after the test, with the PostgreSQL that might still serve it. */
async function dataDirFor(t: TestContext): Promise<string> {
  const dataDir = await makeDataDir()
  t.after(() => removeDataDir(dataDir))
  return dataDir
}

type World = { dataDir: string; server: RunningProcess; token: string; groupId: string; usernames: string[] }

/** `npm start` on a new folder, with people who are in no group yet. */
async function npmWorld(t: TestContext): Promise<World> {
  const dataDir = await dataDirFor(t)
  const server = await startProcess({ dataDir, command: npmStart })
  t.after(() => server.killGroup("SIGKILL"))
  const { id, token } = await people.bootstrap(server)
  const usernames: string[] = []
  for (const part of [1, 2, 3, 4, 5]) {
    const inviteeEmails = Array.from({ length: 100 }, (_, index) => `person-${part}-${index}@example.com`)
    const body = { inviteeEmails, organizationId: id, organizationRoleSlug: "member" }
    people.ok(await server.call("POST /api/v1/invite-org/signup", { token, body }))
    usernames.push(...inviteeEmails)
  }
  const { id: groupId } = await people.addGroup(server, { token }, "Readers")
  return { dataDir, server, token, groupId, usernames }
}

/** Adds each person once over several connections, until the server does not answer; returns who was added. */
async function addUntilRefused({ server, token, groupId, usernames }: World): Promise<string[]> {
  const waiting = [...usernames]
  const added: string[] = []
  const add = async () => {
    for (;;) {
      const username = waiting.pop()
      if (username === undefined) throw new Error("There were too few people for so long a load.")
      const route = `POST /api/v1/groups/${groupId}/users/${encodeURIComponent(username)}`
      const answer = await server.call(route, { token }).catch(() => undefined)
      if (answer?.status !== 200)
        return assert.ok(answer === undefined || answer.status === 503, answer?.text)
      added.push(username)
    }
  }
  await Promise.all(Array.from({ length: connections }, add))
  return added
}

const isRefused = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(address)
    const socket = connect(Number(port), hostname)
    socket
      .once("error", () => resolve(true))
      .once("connect", () => {
        socket.destroy()
        resolve(false)
      })
  })

/** Nothing is left of it: no listener, no PostgreSQL, no lock on the folder. */
async function assertGone({ dataDir, server }: Pick<World, "dataDir" | "server">): Promise<void> {
  assert.equal(await isRefused(server.address), true)
  assert.deepEqual(postgresProcesses(dataDir), [])
  assert.equal(existsSync(join(dataDir, "postgres", "postmaster.pid")), false)
  assert.equal(existsSync(join(dataDir, "server.pid")), false)
}

async function membersOf(server: RunningProcess, { token, groupId }: World): Promise<Set<string>> {
  const members = new Set<string>()
  for (let offset = 0; ; offset += 100) {
    const route = `GET /api/v1/groups/${groupId}/users?filter=existingMembers&limit=100&offset=${offset}`
    const { users } = people.ok(await server.call(route, { token }))
    if (users.length === 0) return members
    for (const { username } of users) members.add(username)
  }
}

const ways = [
  ["SIGTERM to npm start", (server: RunningProcess) => server.kill("SIGTERM")],
  ["SIGINT to npm start", (server: RunningProcess) => server.kill("SIGINT")],
  // A terminal signals the whole group, and npm hands its own signal on besides.
  ["Ctrl-C in the terminal of npm start", (server: RunningProcess) => server.killGroup("SIGINT")],
] as const

for (const [way, send] of ways) {
  test(`${way} under load ends with 0, and what was acknowledged stays`, async (t) => {
    const world = await npmWorld(t)
    const adding = addUntilRefused(world)
    await sleep(150)
    send(world.server)
    const [exit, added] = await Promise.all([world.server.exited, adding])
    assert.deepEqual(exit, { code: 0, signal: null }, world.server.stderr)
    await assertGone(world)

    assert.ok(added.length > 0)
    const again = await startProcess({ dataDir: world.dataDir })
    const members = await membersOf(again, world)
    assert.deepEqual(
      added.filter((username) => !members.has(username)),
      [],
    )
    again.kill("SIGTERM")
    assert.deepEqual(await again.exited, { code: 0, signal: null })
  })
}

describe("a stop waits for what is under way, and for no more", { concurrency: true }, () => {
  test("a request under way gets its answer", async (t) => {
    const dataDir = await dataDirFor(t)
    const server = await startProcess({ dataDir })
    t.after(() => server.killGroup("SIGKILL"))
    const acme = await people.bootstrap(server)
    const group = await people.addGroup(server, acme, "Readers")

    const sql = singleConnection(connectionOf(dataDir))
    // The stop may end PostgreSQL before this connection has ended itself.
    sql.on("error", () => {})
    await sql.connect()
    await sql.query("begin; lock table group_user_memberships in access exclusive mode")
    const route = `POST /api/v1/groups/${group.id}/users/${encodeURIComponent(acme.adminUsername)}`
    const underWay = server.call(route, { token: acme.token })
    while ((await waitingFor(sql, "group_user_memberships")) === 0) await sleep(10)

    server.kill("SIGTERM")
    while (!(await isRefused(server.address))) await sleep(10)
    await sql.query("rollback")
    people.ok(await underWay)
    await sql.end().catch(() => {})
    assert.deepEqual(await server.exited, { code: 0, signal: null })
    await assertGone({ dataDir, server })
  })

  test("whoever has no request under way does not hold it up", async (t) => {
    const dataDir = await dataDirFor(t)
    const server = await startProcess({ dataDir })
    t.after(() => server.killGroup("SIGKILL"))
    const { hostname, port } = new URL(server.address)
    const request = "GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
    // Nothing, half a head, an answered request, and half a head after one.
    const sent = ["", "GET /api/st", "GET /api/status HTTP/1.1\r\nHost:", request, `${request}GET /api`]
    const closed = sent.map(async (text) => {
      const socket = connect(Number(port), hostname)
      t.after(() => socket.destroy())
      socket.on("error", () => {}).on("data", () => {})
      socket.write(text)
      await new Promise((resolve) => socket.once("close", resolve))
    })
    await sleep(300)

    const begin = performance.now()
    server.kill("SIGTERM")
    await Promise.all(closed)
    assert.deepEqual(await server.exited, { code: 0, signal: null })
    const tookMs = performance.now() - begin
    assert.ok(tookMs < 5_000, `It took ${Math.round(tookMs)} ms.`)
    await assertGone({ dataDir, server })
  })

  test("a client that never finishes its request is cut off", async (t) => {
    const dataDir = await dataDirFor(t)
    const server = await startProcess({ dataDir })
    t.after(() => server.killGroup("SIGKILL"))
    const { hostname, port } = new URL(server.address)
    const socket = connect(Number(port), hostname)
    t.after(() => socket.destroy())
    const closed = new Promise((resolve) => socket.once("close", resolve).on("error", () => {}))
    socket.write("POST /api/v1/admin/bootstrap HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
    await sleep(100)

    server.kill("SIGTERM")
    assert.deepEqual(await server.exited, { code: 0, signal: null })
    await closed
    await assertGone({ dataDir, server })
  })

  test("a signal during the start ends it and leaves nothing running", async (t) => {
    const dataDir = await dataDirFor(t)
    const server = spawnServer({ dataDir })
    t.after(() => server.killGroup("SIGKILL"))
    while (!existsSync(join(dataDir, "server.pid"))) await sleep(5)
    server.kill("SIGTERM")
    assert.deepEqual(await server.exited, { code: 0, signal: null }, server.stderr)
    assert.deepEqual(postgresProcesses(dataDir), [])
    assert.equal(existsSync(join(dataDir, "server.pid")), false)
  })
})
