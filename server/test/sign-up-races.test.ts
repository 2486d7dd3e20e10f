import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { after, test } from "node:test"
import { singleConnection } from "../db/database.ts"
import { createTestDatabase } from "./databases.ts"
import type { Answer, Call } from "./http.ts"
import { startMailServer } from "./mail-server.ts"
import * as people from "./people.ts"
import { makeDataDir, startProcess } from "./processes.ts"

const mail = await startMailServer()
const database = await createTestDatabase()
const dataDir = await makeDataDir()
const sql = singleConnection(database.connection)
await sql.connect()
const options = { dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "error", ...mail.env } }
const left = await startProcess(options)
const right = await startProcess(options)

after(async () => {
  for (const server of [left, right]) server.kill("SIGTERM")
  await Promise.all([left.exited, right.exited])
  await sql.end()
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

await people.bootstrap(left)
const email = "grace@example.com"

/** Sends the same request so many times at once, half of them to each server, and counts the answers. */
async function parallel(count: number, route: string, more: Call) {
  const answers: Answer[] = await Promise.all(
    Array.from({ length: count }, (_, index) => (index % 2 === 0 ? left : right).call(route, more)),
  )
  const of = (status: number): Answer[] => answers.filter((answer) => answer.status === status)
  return { of, first: of(200)[0]?.body }
}

test("one who does each step of a sign-up 50 times at once gets one mail, one token and one account", async () => {
  // More than ten from one source are refused.
  const asked = await parallel(50, "POST /api/v3/signup/email/signup", { body: { email } })
  assert.deepEqual([asked.of(200).length, asked.of(429).length], [10, 40])
  const code = /^\d{6}$/m.exec((await mail.mailTo(email)).text.replace(/\r/g, ""))?.[0] ?? ""

  const verified = await parallel(50, "POST /api/v3/signup/email/verify", { body: { email, code } })
  assert.deepEqual([verified.of(200).length, verified.of(400).length], [1, 49])

  const body = { email, firstName: "Grace", password: "correct horse", organizationName: "Grace's" }
  const { token } = verified.first
  const completed = await parallel(50, "POST /api/v3/signup/complete-account", { token, body })
  assert.deepEqual([completed.of(200).length, completed.of(400).length], [1, 49])

  assert.equal(mail.received.filter(({ to }) => to.includes(email)).length, 1)
  const { rows } = await sql.query<{ users: string; organizations: string; sessions: string }>(
    `select (select count(*) from users where username = $1) as users,
       (select count(*) from organizations where name = 'Grace''s') as organizations,
       (select count(*) from sessions s join users u on u.id = s.user_id where u.username = $1) as sessions`,
    [email],
  )
  assert.deepEqual(rows[0], { users: "1", organizations: "1", sessions: "1" })
})
