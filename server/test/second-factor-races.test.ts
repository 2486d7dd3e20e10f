import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { after, test } from "node:test"
import { codeOf } from "./authenticator.ts"
import { createTestDatabase } from "./databases.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { makeDataDir, startProcess, type RunningProcess } from "./processes.ts"

const database = await createTestDatabase()
const dataDir = await makeDataDir()
const options = { dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "error" } }
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
let made = 0
const person = () => people.addSecondFactor(left, acme, `person-${++made}@example.com`)

/** Gives the codes at once, by two sessions, half of them to each server. */
async function verifyAll(email: string, codes: string[]): Promise<Answer[]> {
  const due = async () => people.select(left, await people.signIn(left, email), acme.id)
  const tokens = [await due(), await due()]
  return Promise.all(
    codes.map((mfaToken, index) =>
      (index % 2 === 0 ? left : right).call("POST /api/v2/auth/mfa/verify", {
        token: tokens[(index >> 1) % 2],
        body: { mfaToken },
      }),
    ),
  )
}

const of = (answers: Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length

test("of 100 who give one code at once one passes, with and without a space in it", async () => {
  for (let round = 0; round < 5; round++) {
    const { email, otpUrl } = await person()
    const code = codeOf(otpUrl, 1)
    const spelled = Array.from({ length: 100 }, (_, index) =>
      index % 3 === 0 ? `${code.slice(0, 3)} ${code.slice(3)}` : code,
    )
    const answers = await verifyAll(email, spelled)
    assert.equal(of(answers, 200), 1)
    assert.equal(of(answers, 403) + of(answers, 429), 99)
  }
})

test("of 100 who give one recovery code at once one passes, and nine codes are left", async () => {
  for (let round = 0; round < 5; round++) {
    const { email, recoveryCodes, provedToken } = await person()
    const answers = await verifyAll(email, Array(100).fill(recoveryCodes[0]))
    assert.equal(of(answers, 200), 1)
    assert.equal(of(answers, 403) + of(answers, 429), 99)
    const shown = people.ok(await right.call("GET /api/v1/user/me/totp", { token: provedToken }))
    assert.deepEqual(shown.recoveryCodes, recoveryCodes.slice(1))
  }
})

test("of 100 wrong codes at once five are looked at", async () => {
  const { email } = await person()
  const answers = await verifyAll(email, Array(100).fill("wrong"))
  assert.deepEqual([of(answers, 403), of(answers, 429)], [5, 95])
})

test("whoever removes the authenticator while it is turned on is not locked out", async () => {
  for (let round = 0; round < 20; round++) {
    const { provedToken: token } = await person()
    const off = { token, body: { isMfaEnabled: false } }
    people.ok(await left.call("PATCH /api/v2/users/me/mfa", off))
    const [removed, enabled] = await Promise.all([
      left.call("DELETE /api/v1/user/me/totp", { token }),
      right.call("PATCH /api/v2/users/me/mfa", { token, body: { isMfaEnabled: true } }),
    ])
    assert.equal(removed.status, 200, removed.text)
    assert.ok(enabled.status === 200 || enabled.status === 400, enabled.text)
    // Whichever came first, the second factor is off without an authenticator.
    const fresh = await people.signIn(right, `person-${made}@example.com`)
    people.ok(await right.call("GET /api/v1/groups", { token: await people.select(right, fresh, acme.id) }))
  }
})
