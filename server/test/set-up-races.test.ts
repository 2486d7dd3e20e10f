import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { after, test } from "node:test"
import { singleConnection } from "../db/database.ts"
import { createTestDatabase } from "./databases.ts"
import { makeDataDir, startProcess } from "./processes.ts"

const database = await createTestDatabase()
const dataDir = await makeDataDir()
const sql = singleConnection(database.connection)
await sql.connect()
const options = { dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "error" } }
const left = await startProcess(options)
const right = await startProcess(options)

after(async () => {
  for (const server of [left, right]) server.kill("SIGTERM")
  await Promise.all([left.exited, right.exited])
  await sql.end()
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

async function count(text: string): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(`select count(*) from ${text}`)
  return Number(rows[0]?.count)
}

test("of 60 who set the instance up at once, by either way, one becomes its admin", async () => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) => {
      const route = index % 4 < 2 ? "POST /api/v1/admin/bootstrap" : "POST /api/v1/admin/signup"
      const body = {
        email: `admin-${index}@example.com`,
        password: "correct horse battery staple",
        organization: "Acme",
        firstName: "Ada",
      }
      return (index % 2 === 0 ? left : right).call(route, { body })
    }),
  )
  const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other)
  assert.deepEqual(statuses, [200, ...Array(59).fill(400)])
  for (const table of ["users", "instance_setup", "organizations", "audit_logs"]) {
    assert.equal(await count(table), 1, table)
  }
  assert.ok((await count("identities")) + (await count("sessions")) === 1)
})
