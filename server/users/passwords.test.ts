import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import { startMailServer } from "../test/mail-server.ts"
import * as people from "../test/people.ts"
import { listenTo, type Listening } from "../test/statements.ts"

const mail = await startMailServer()
let listening: Listening | undefined
const harness = await startHarness(
  { ...mail.env, SITE_URL: "https://conclave.acme.example" },
  async (database) => {
    listening = await listenTo(database)
    return listening.address
  },
)
after(() => listening?.close())

const acme = await people.bootstrap(harness)
const oldPassword = "correct horse battery staple"
const newPassword = "a new and longer password"

const shown = ({ status, body }: Answer) => [status, body.error]
const login = (email: string, password: string) =>
  harness.call("POST /api/v3/auth/login", { body: { email, password } })
const check = (token: string) => harness.call("POST /api/v1/auth/checkAuth", { token })
const refresh = (cookie: string) => harness.call("POST /api/v1/auth/token", { headers: { cookie } })
const change = (token: string, currentPassword: unknown, password: unknown) =>
  harness.call("POST /api/v1/password/change-password", { token, body: { currentPassword, password } })
const forgot = (email: unknown) =>
  harness.call("POST /api/v1/password/email/password-reset", { body: { email } })
const verify = (email: string, code: string) =>
  harness.call("POST /api/v1/password/email/password-reset-verify", { body: { email, code } })
const reset = (token: string | undefined, password: unknown = newPassword) =>
  harness.call("POST /api/v1/password/password-reset", { token, body: { password } })

/** A person with an account, invited by mail, who has signed in twice. */
async function newPerson(email: string) {
  const body = { inviteeEmails: [email], organizationId: acme.id }
  people.ok(await harness.call("POST /api/v1/invite-org/signup", { token: acme.token, body }))
  const { text } = await mail.mailTo(email)
  const link = /https:\S+signupinvite\S+/.exec(text)?.[0] ?? ""
  const code = new URL(link).searchParams.get("token") ?? ""
  await people.accept(harness, { email, organizationId: acme.id, code })
  return [
    await people.signInWithCookie(harness, email),
    await people.signInWithCookie(harness, email),
  ] as const
}

/** Asks for a link and takes it from the mail, which is the person's so-manieth. */
async function mailedLink(email: string, index = 1): Promise<string> {
  people.ok(await forgot(email))
  const { text } = await mail.mailTo(email, index)
  const link = new URL(/https:\/\/conclave\.acme\.example\/password-reset\S+/.exec(text)?.[0] ?? "")
  assert.equal(link.searchParams.get("to"), email)
  return link.searchParams.get("token") ?? ""
}

const olden = (column: "created_at" | "expires_at", seconds: number) =>
  harness.db
    .updateTable("email_codes")
    .set({ [column]: new Date(Date.now() - seconds * 1_000) })
    .execute()

/** The state but for what counts wrong passwords. */
const state = async () => ({ ...(await harness.state()), password_attempts: [] })

describe("changing the password", () => {
  test("takes the current one, and ends all other sessions", async () => {
    const email = "changer@example.com"
    const [one, other] = await newPerson(email)
    assert.deepEqual(Object.keys(people.ok(await change(one.token, oldPassword, newPassword))), ["message"])
    people.ok(await check(one.token))
    people.ok(await refresh(one.cookie))
    assert.deepEqual(shown(await check(other.token)), [401, "StaleSession"])
    assert.deepEqual(shown(await refresh(other.cookie)), [401, "InvalidToken"])
    assert.equal((await login(email, oldPassword)).status, 400)
    people.ok(await login(email, newPassword))
    people.ok(await check(acme.signedInToken))
  })

  test("with a wrong one is refused, and ten times is too often", async () => {
    const [one, other] = await newPerson("guesser@example.com")
    const before = await state()
    for (let time = 0; time < 10; time++) {
      assert.deepEqual(shown(await change(one.token, "wrong", newPassword)), [400, "BadRequest"])
    }
    assert.deepEqual(shown(await change(one.token, oldPassword, newPassword)), [429, "RateLimitExceeded"])
    assert.deepEqual(await state(), before)
    people.ok(await check(other.token))
  })

  test("wants 8 to 1024 characters, and a person", async () => {
    const [one] = await newPerson("short@example.com")
    const before = await state()
    for (const password of ["", "1234567", "x".repeat(1_025), 12_345_678]) {
      assert.equal((await change(one.token, oldPassword, password)).status, 422)
    }
    assert.equal((await change(acme.token, oldPassword, newPassword)).status, 403)
    assert.deepEqual(await state(), before)
    people.ok(await change(one.token, oldPassword, "12345678"))
  })

  test("at once with another change succeeds once", async () => {
    const email = "twofold@example.com"
    const [one] = await newPerson(email)
    const wanted = Array.from({ length: 5 }, (_, index) => `wanted password ${index}`)
    const answers = await Promise.all(wanted.map((password) => change(one.token, oldPassword, password)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assert.ok(answers.every(({ status }) => status === 200 || status === 400))
    const winner = answers.findIndex(({ status }) => status === 200)
    people.ok(await login(email, wanted[winner] ?? ""))
  })

  // Stops what touches sessions in the midst of its transaction, for as long as the job holds the lock.
  async function whileHeld(event: "insert" | "update", job: () => Promise<void>): Promise<void> {
    await sql`
      create function hold() returns trigger language plpgsql as
        'begin perform pg_advisory_xact_lock_shared(1); return new; end'`.execute(harness.db)
    await sql`
      create trigger held before ${sql.raw(event)} on sessions for each row execute function hold()`.execute(
      harness.db,
    )
    await harness.db.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(1)`.execute(transaction)
      await job()
    })
  }
  const letGo = async () => {
    await sql`drop trigger held on sessions`.execute(harness.db)
    await sql`drop function hold()`.execute(harness.db)
  }

  test("ends a session that a login with the old one is just beginning", async () => {
    const email = "beginner@example.com"
    const [one] = await newPerson(email)
    const answers: Promise<Answer>[] = []
    await whileHeld("insert", async () => {
      answers.push(login(email, oldPassword))
      await setTimeout(500)
      answers.push(change(one.token, oldPassword, newPassword))
      await setTimeout(500)
    })
    const [begun, changed] = await Promise.all(answers)
    await letGo()
    assert.ok(begun && changed)
    people.ok(changed)
    assert.deepEqual(shown(await check(people.ok(begun).accessToken)), [401, "StaleSession"])
  })

  test("refuses a login with the old one that comes while it is done", async () => {
    const email = "latecomer@example.com"
    const [one] = await newPerson(email)
    const answers: Promise<Answer>[] = []
    await whileHeld("update", async () => {
      answers.push(change(one.token, oldPassword, newPassword))
      await setTimeout(500)
      answers.push(login(email, oldPassword))
      await setTimeout(500)
    })
    const [changed, begun] = await Promise.all(answers)
    await letGo()
    assert.ok(begun && changed)
    people.ok(changed)
    assert.deepEqual(shown(begun), [400, "BadRequest"])
    people.ok(await login(email, newPassword))
  })
})

describe("a forgotten password", () => {
  test("is replaced through a mailed link, and every session ends", async () => {
    const email = "forgetful@example.com"
    const sessions = await newPerson(email)
    const code = await mailedLink(email)
    assert.match(code, /^[0-9a-f]{64}$/)
    const verified = people.ok(await verify(` ${email.toUpperCase()} `, code))
    assert.deepEqual(Object.keys(verified), ["user", "token", "userEncryptionVersion"])
    assert.equal(verified.user.username, email)
    assert.deepEqual(Object.keys(people.ok(await reset(verified.token))), ["message"])
    for (const { token, cookie } of sessions) {
      assert.deepEqual(shown(await check(token)), [401, "StaleSession"])
      assert.deepEqual(shown(await refresh(cookie)), [401, "InvalidToken"])
    }
    assert.equal((await login(email, oldPassword)).status, 400)
    people.ok(await login(email, newPassword))
  })

  test("is replaced once by one link, of however many that show it at once", async () => {
    const email = "once@example.com"
    await newPerson(email)
    const code = await mailedLink(email)
    const { token } = people.ok(await verify(email, code))
    const answers = await Promise.all(Array.from({ length: 10 }, () => reset(token)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assert.ok(answers.every(({ status }) => status === 200 || status === 400))
    assert.equal((await verify(email, code)).status, 400)
    assert.equal((await reset(token)).status, 400)
  })

  test("opens the way for who has tried too many wrong ones", async () => {
    const email = "locked@example.com"
    await newPerson(email)
    for (let time = 0; time < 11; time++) await login(email, "wrong")
    assert.equal((await login(email, oldPassword)).status, 429)
    people.ok(await reset(people.ok(await verify(email, await mailedLink(email))).token))
    people.ok(await login(email, newPassword))
  })

  test("gets one link a minute, of which the last is good", async () => {
    const email = "impatient@example.com"
    await newPerson(email)
    const first = await mailedLink(email)
    const { token } = people.ok(await verify(email, first))
    people.ok(await forgot(email))
    await setTimeout(200)
    assert.equal(mail.received.filter(({ to }) => to.includes(email)).length, 2)
    people.ok(await verify(email, first))
    await olden("created_at", 61)
    const second = await mailedLink(email, 2)
    assert.notEqual(second, first)
    assert.equal((await verify(email, first)).status, 400)
    assert.equal((await reset(token)).status, 400)
    people.ok(await verify(email, second))
  })

  test("has a link that is good for an hour, and dies with a change of the password", async () => {
    const [late, changed] = ["late@example.com", "changed@example.com"]
    await newPerson(late)
    const code = await mailedLink(late)
    await olden("expires_at", 1)
    assert.equal((await verify(late, code)).status, 400)
    const [session] = await newPerson(changed)
    const other = await mailedLink(changed)
    const { token } = people.ok(await verify(changed, other))
    people.ok(await change(session.token, oldPassword, newPassword))
    assert.equal((await verify(changed, other)).status, 400)
    assert.equal((await reset(token, "yet another password")).status, 400)
    people.ok(await login(changed, newPassword))
  })

  test("is set with nothing but the token of a link", async () => {
    const before = await state()
    assert.deepEqual(shown(await reset(undefined)), [401, "UnauthorizedError"])
    for (const bad of ["garbage", acme.adminToken, acme.token]) {
      assert.deepEqual(shown(await reset(bad)), [403, "TokenError"])
    }
    assert.deepEqual(await state(), before)
    const email = "strict@example.com"
    await newPerson(email)
    const { token } = people.ok(await verify(email, await mailedLink(email)))
    assert.deepEqual(shown(await check(token)), [401, "UnauthorizedError"])
    assert.equal((await reset(token, "1234567")).status, 422)
    people.ok(await reset(token))
  })

  test("is answered alike for every address, and asks the database for the same", async () => {
    const email = "told@example.com"
    await newPerson(email)
    const body = { inviteeEmails: ["guest@example.com"], organizationId: acme.id }
    people.ok(await harness.call("POST /api/v1/invite-org/signup", { token: acme.token, body }))
    const answers: unknown[] = []
    for (const address of ["unknown@example.com", "guest@example.com", "no address", email]) {
      let answer: Answer | undefined
      const statements = await listening?.during(async () => {
        answer = await forgot(address)
        // What is done for it is done after the answer.
        await setTimeout(100)
      })
      assert.equal(statements?.length, 1)
      answers.push([answer?.status, answer?.body, statements])
    }
    for (const answer of answers) assert.deepEqual(answer, answers[0])
    const wrong = [await verify(email, "0".repeat(64)), await verify("unknown@example.com", "0".repeat(64))]
    for (const { status, body: refusal } of wrong) {
      assert.deepEqual([status, refusal.message], [400, wrong[0]?.body.message])
    }
    assert.equal(mail.received.filter(({ to }) => to.includes("guest@example.com")).length, 1)
  })
})

test("without a mail server nobody can ask for a link, which is said alike to everybody", async () => {
  const silent = await startHarness()
  const { adminUsername } = await people.bootstrap(silent)
  const before = await silent.state()
  for (const email of [adminUsername, "unknown@example.com"]) {
    const answer = await silent.call("POST /api/v1/password/email/password-reset", { body: { email } })
    assert.equal(answer.status, 400)
    assert.match(answer.body.message, /SMTP_HOST/)
  }
  assert.deepEqual(await silent.state(), before)
})
