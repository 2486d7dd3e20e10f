import assert from "node:assert/strict"
import { after, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { startPostgres } from "../postgres/launcher.ts"
import { urlOf } from "./databases.ts"
import * as people from "./people.ts"
import { makeDataDir, removeDataDir, startProcess } from "./processes.ts"

/*
 * A PostgreSQL that is not the server's own is stopped for a while and started again, and servers of one process and of
 * two go on by themselves.
 */
const databaseDir = await makeDataDir()
let postgres = await startPostgres({ dataDir: databaseDir })
const databaseUrl = urlOf({ ...postgres, host: postgres.socketDir })
const dataDir = await makeDataDir()
const start = (workers: string) =>
  startProcess({ dataDir, databaseUrl, env: { CONCLAVE_WORKERS: workers, LOG_LEVEL: "error" } })
const servers = [await start("1"), await start("2")] as const
const [first] = servers
const pids = servers.map(({ pid }) => pid)
after(async () => {
  for (const server of servers) server.kill("SIGTERM")
  const exits = await Promise.all(servers.map(({ exited }) => exited))
  await postgres.stop()
  for (const folder of [dataDir, databaseDir]) await removeDataDir(folder)
  assert.deepEqual(
    exits.map(({ code }) => code),
    [0, 0],
  )
})
const acme = await people.bootstrap(first)
const { token } = acme
const { id: groupId } = await people.addGroup(first, acme, "Readers")
const usernames = await people.inviteMany(first, acme, 100)
const pathOf = (username: string) => `/api/v1/groups/${groupId}/users/${encodeURIComponent(username)}`
const reads = [
  "GET /api/v1/groups",
  `GET /api/v1/groups/${groupId}`,
  `GET /api/v1/groups/${groupId}/users`,
  `GET /api/v2/organizations/${acme.id}/memberships`,
  "GET /api/v1/projects",
]

/** Each of the reads several times at once, so that statements are prepared and look-ups gathered, and some writes. */
async function allServe(): Promise<void> {
  for (const server of servers) {
    for (let round = 0; round < 3; round++) {
      const asked = [...reads, ...reads, ...reads].map((route) => server.call(route, { token }))
      for (const answer of await Promise.all(asked)) people.ok(answer)
    }
    const added = usernames.splice(0, 3)
    const adding = added.map((username) => server.call(`POST ${pathOf(username)}`, { token }))
    for (const answer of await Promise.all(adding)) people.ok(answer)
  }
}

test("while PostgreSQL is away requests are told to come back, and once it is there all is as before", async () => {
  await allServe()
  for (let round = 0; round < 2; round++) {
    const underWay = servers.flatMap((server) => reads.map((route) => server.call(route, { token })))
    await postgres.stop()
    for (const { status, text } of await Promise.all(underWay)) assert.ok([200, 503].includes(status), text)

    const meanwhile = usernames.splice(0, 1)[0] ?? ""
    const routes = [...reads, "GET /api/status", `POST ${pathOf(meanwhile)}`]
    for (const server of servers) {
      for (const route of routes) {
        const answer = await server.call(route, { token })
        assert.equal(answer.status, 503, `${route}: ${answer.text}`)
        assert.match(String(answer.headers["retry-after"]), /^[1-9]\d*$/, route)
      }
    }
    postgres = await startPostgres({ dataDir: databaseDir })
    for (const server of servers)
      while ((await server.call("GET /api/status")).status !== 200) await sleep(20)
    await allServe()
    // What was refused meanwhile was not done.
    people.ok(await first.call(`POST ${pathOf(meanwhile)}`, { token }))
  }
  assert.deepEqual(
    servers.map(({ pid }) => pid),
    pids,
  )
})
