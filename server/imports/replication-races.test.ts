import assert from "node:assert/strict"
import { after, test } from "node:test"
import { rm } from "node:fs/promises"
import { singleConnection } from "../db/database.ts"
import { createTestDatabase } from "../test/databases.ts"
import * as people from "../test/people.ts"
import { makeDataDir, startProcess, type RunningProcess } from "../test/processes.ts"
import { becomes } from "../test/replicas.ts"

/*
 * Whoever copies for replicated imports may be killed at any time, and several servers do it at once.
 */
const database = await createTestDatabase()
const dataDir = await makeDataDir()
const sql = singleConnection(database.connection)
await sql.connect()
const started: RunningProcess[] = []
const start = async (): Promise<RunningProcess> => {
  const server = await startProcess({ dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "fatal" } })
  started.push(server)
  return server
}
const first = await start()
after(async () => {
  for (const server of started) server.kill("SIGTERM")
  await Promise.all(started.map(({ exited }) => exited))
  await sql.end()
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})
const acme = await people.bootstrap(first)
const { token } = acme

/** A project whose first environment has copies of the second. */
async function freshReplica(server: RunningProcess): Promise<{ id: string; source: object }> {
  const body = { projectName: `Project ${Math.random()}` }
  const { id } = people.ok(await server.call("POST /api/v1/projects", { token, body })).project
  const place = { projectId: id, environment: "dev", path: "/" }
  const replicated = { ...place, import: { environment: "staging", path: "/" }, isReplication: true }
  people.ok(await server.call("POST /api/v2/secret-imports", { token, body: replicated }))
  return { id, source: { projectId: id, environment: "staging", secretPath: "/" } }
}

/** The names and values that the first environment imports. */
async function copied(server: RunningProcess, projectId: string): Promise<Record<string, string>> {
  const query = new URLSearchParams({ projectId, environment: "dev", includeImports: "true" }).toString()
  const { imports } = people.ok(await server.call(`GET /api/v4/secrets?${query}`, { token }))
  const secrets: { secretKey: string; secretValue: string }[] = imports[0].secrets
  return Object.fromEntries(secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue]))
}

test("a change is copied by another server when the one that took it is killed before", async () => {
  const { id, source } = await freshReplica(first)
  await sql.query("begin")
  // While this is held nobody copies anything.
  await sql.query("select from secret_replicas for update")
  const body = { ...source, secretValue: "one" }
  people.ok(await first.call("POST /api/v4/secrets/ONE", { token, body }))
  first.kill("SIGKILL")
  await first.exited
  await sql.query("rollback")
  const second = await start()
  await becomes(() => copied(second, id), { ONE: "one" })
})

test("a change is copied once, however many servers there are", async () => {
  const servers = [await start(), await start()]
  const [left] = servers
  assert.ok(left)
  const { id, source } = await freshReplica(left)
  const names = Array.from({ length: 8 }, (_, index) => `S${index}`)
  const write = (method: string, name: string, value: string, at: number) =>
    (servers[at % 2] ?? left).call(`${method} /api/v4/secrets/${name}`, {
      token,
      body: { ...source, secretValue: value },
    })
  await Promise.all(names.map((name, at) => write("POST", name, "first", at)))
  for (const round of ["second", "third", "fourth"]) {
    await Promise.all(names.map((name, at) => write("PATCH", name, round, at)))
  }
  await becomes(() => copied(left, id), Object.fromEntries(names.map((name) => [name, "fourth"])))
  const { rows } = await sql.query<{ versions: number; version: number; kept: number }>(
    `select s.version, count(*)::int as kept, max(v.version) as versions from secrets s
     join secret_versions v on v.org_id = s.org_id and v.secret_id = s.id
     where s.project_id = $1 and s.replicated_from is not null group by s.id, s.version`,
    [id],
  )
  assert.equal(rows.length, names.length)
  for (const { version, versions, kept } of rows) {
    assert.deepEqual([versions, kept], [version, version])
    assert.ok(version <= 4)
  }
})
