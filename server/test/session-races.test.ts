import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { after, test } from "node:test"
import { createTestDatabase } from "./databases.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { makeDataDir, startProcess } from "./processes.ts"

const database = await createTestDatabase()
const dataDir = await makeDataDir()
const options = { dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "error" } }
// The first makes the keys, in the folder that both share.
const left = await startProcess(options)
const right = await startProcess(options)

after(async () => {
  for (const server of [left, right]) server.kill("SIGTERM")
  await Promise.all([left.exited, right.exited])
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

const { adminUsername } = await people.bootstrap(left)

const refreshAll = (cookie: string, count: number): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      (index % 2 === 0 ? left : right).call("POST /api/v1/auth/token", { headers: { cookie } }),
    ),
  )

test("of 100 refreshes at once with one cookie one succeeds, and the session lives on", async () => {
  const signedIn = await people.signInWithCookie(left, adminUsername)
  let { cookie } = signedIn
  for (let round = 0; round < 5; round++) {
    const answers = await refreshAll(cookie, 100)
    const [done, ...more] = answers.filter(({ status }) => status === 200)
    assert.ok(done && more.length === 0, `${more.length + 1} of 100 succeeded`)
    const refused = answers.filter((answer) => answer !== done)
    for (const { status, body } of refused) assert.deepEqual([status, body.error], [401, "InvalidToken"])
    people.ok(await right.call("POST /api/v1/auth/checkAuth", { token: done.body.token }))
    cookie = people.cookieOf(done)
  }
  people.ok(await left.call("POST /api/v1/auth/checkAuth", { token: signedIn.token }))
})
