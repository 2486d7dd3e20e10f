import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { codeHashOf } from "./email-codes.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import { startMailServer } from "../test/mail-server.ts"
import * as people from "../test/people.ts"

const mail = await startMailServer()
const harness = await startHarness({ ...mail.env })
const acme = await people.bootstrap(harness)
const password = "correct horse battery staple"
const shown = ({ status, body }: Answer) => [status, body.error]

/** The code of the newest invitation mail to the address; the address is invited. */
async function invite(email: string, organization = acme): Promise<people.Invitation> {
  const count = mail.received.filter(({ to }) => to.includes(email)).length
  const body = { inviteeEmails: [email], organizationId: organization.id }
  people.ok(await harness.call("POST /api/v1/invite-org/signup", { token: organization.token, body }))
  const { text } = await mail.mailTo(email, count)
  const link = new URL(/http:\S+signupinvite\S+/.exec(text)?.[0] ?? "")
  return { email, organizationId: organization.id, code: link.searchParams.get("token") ?? "" }
}
const newPerson = async (email: string) => people.accept(harness, await invite(email))

const ask = (token: string, newEmail: unknown, secret: unknown = password) =>
  harness.call("POST /api/v2/users/me/email-change/otp", { token, body: { newEmail, password: secret } })
const confirm = (token: string, newEmail: string, otpCode: string) =>
  harness.call("PATCH /api/v2/users/me/email", { token, body: { newEmail, otpCode } })
async function mailedCode(token: string, address: string, index = 0): Promise<string> {
  people.ok(await ask(token, address))
  const { text } = await mail.mailTo(address, index)
  return /^\d{6}\r?$/m.exec(text)?.[0].trim() ?? ""
}
const wrongOf = (code: string): string => (code === "000000" ? "000001" : "000000")

/** Another organization of the person's own. */
async function ownOrganization(token: string): Promise<people.Organization> {
  const made = await harness.call("POST /api/v2/organizations", { token, body: { name: "Own" } })
  const { id } = people.ok(made).organization
  const adminToken = await people.select(harness, token, id)
  const own = { id, name: "Own", adminToken, signedInToken: token, adminUsername: "" }
  return { ...own, token: await people.addMachine(harness, { id, token: adminToken }, "admin") }
}

async function memberIn(organization: people.Organization, username: string) {
  const route = `GET /api/v2/organizations/${organization.id}/memberships`
  const { users } = people.ok(await harness.call(route, { token: organization.token }))
  return users.find((member: { user: { username: string } }) => member.user.username === username)
}

describe("changing the address", () => {
  test("proves the new one by a mailed code, and is known in every organization", async () => {
    const token = await newPerson("old@example.com")
    const own = await ownOrganization(token)
    const code = await mailedCode(token, "new@example.com")
    assert.match(code, /^\d{6}$/)
    const { user } = people.ok(await confirm(token, " New@Example.com ", code))
    assert.deepEqual([user.username, user.email], ["new@example.com", "new@example.com"])

    for (const organization of [acme, own]) {
      assert.equal(await memberIn(organization, "old@example.com"), undefined)
      assert.equal((await memberIn(organization, "new@example.com"))?.user.email, "new@example.com")
      const { id } = await people.addGroup(harness, organization, "By the new name")
      const route = `/api/v1/groups/${id}/users`
      const added = await harness.call(`POST ${route}/new@example.com`, { token: organization.token })
      assert.equal(people.ok(added).email, "new@example.com")
      const found = await harness.call(`GET ${route}?search=new@ex`, { token: organization.token })
      assert.equal(people.ok(found).totalCount, 1)
    }
    people.ok(await harness.call("POST /api/v3/auth/login", { body: { email: "new@example.com", password } }))
    const before = await harness.call("POST /api/v3/auth/login", {
      body: { email: "old@example.com", password },
    })
    assert.equal(before.status, 400)
    assert.match((await mail.mailTo("old@example.com", 1)).text, /now has the address new@example\.com/)
    people.ok(await harness.call("POST /api/v1/auth/checkAuth", { token }))
  })

  test("is recorded in each organization that the person has joined", async () => {
    const token = await newPerson("recorded@example.com")
    const own = await ownOrganization(token)
    people.ok(await confirm(token, "anew@example.com", await mailedCode(token, "anew@example.com")))
    const rows = await harness.db
      .selectFrom("audit_logs")
      .select(["org_id", "event_metadata"])
      .where("event_type", "=", "update-user-email")
      .where("event_metadata", "@>", '{"username": "anew@example.com"}')
      .execute()
    assert.deepEqual(rows.map(({ org_id }) => org_id).toSorted(), [acme.id, own.id].toSorted())
    const { userId, ...metadata } = (rows[0]?.event_metadata ?? {}) as Record<string, unknown>
    assert.equal(typeof userId, "string")
    assert.deepEqual(metadata, { oldUsername: "recorded@example.com", username: "anew@example.com" })
  })

  test("leaves an open invitation where it was sent, and it can still be accepted", async () => {
    const token = await newPerson("moving@example.com")
    const elsewhere = await ownOrganization(await newPerson("host@example.com"))
    const invitation = await invite("moving@example.com", elsewhere)
    people.ok(await confirm(token, "moved@example.com", await mailedCode(token, "moved@example.com")))
    assert.equal((await memberIn(elsewhere, "moving@example.com"))?.status, "invited")
    assert.equal(await memberIn(elsewhere, "moved@example.com"), undefined)
    people.ok(await harness.call("POST /api/v1/invite-org/verify", { token, body: invitation }))
    assert.equal((await memberIn(elsewhere, "moved@example.com"))?.status, "accepted")
  })

  test("ends the links to set a password that went to the old one", async () => {
    const token = await newPerson("leaver@example.com")
    const body = { email: "leaver@example.com" }
    people.ok(await harness.call("POST /api/v1/password/email/password-reset", { body }))
    const { text } = await mail.mailTo("leaver@example.com", 1)
    const code = new URL(/http:\S+password-reset\S+/.exec(text)?.[0] ?? "").searchParams.get("token") ?? ""
    people.ok(await confirm(token, "stayer@example.com", await mailedCode(token, "stayer@example.com")))
    const verified = await harness.call("POST /api/v1/password/email/password-reset-verify", {
      body: { email: "stayer@example.com", code },
    })
    assert.equal(verified.status, 400)
  })

  test("to one that somebody has is refused in words that do not say so, and changes nothing", async () => {
    const token = await newPerson("wanting@example.com")
    await newPerson("taken@example.com")
    const code = await mailedCode(token, "taken@example.com", 1)
    const before = await harness.state()
    const answer = await confirm(token, "taken@example.com", code)
    assert.deepEqual([answer.status, answer.body.message], [400, "This address cannot be used"])
    assert.deepEqual(await harness.state(), before)
  })

  test("by two at once to one address succeeds once", async () => {
    const tokens = [await newPerson("first@example.com"), await newPerson("second@example.com")]
    const codes: string[] = []
    for (const [index, token] of tokens.entries()) {
      codes.push(await mailedCode(token, "wanted@example.com", index))
    }
    const answers = await Promise.all(
      tokens.map((token, index) => confirm(token, "wanted@example.com", codes[index] ?? "")),
    )
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 400]))
  })
})

describe("the code", () => {
  test("may be tried five times, of however many tries at once", async () => {
    const token = await newPerson("guesser@example.com")
    const code = await mailedCode(token, "guessed@example.com")
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => confirm(token, "guessed@example.com", wrongOf(code))),
    )
    for (const answer of answers) assert.deepEqual(shown(answer), [400, "BadRequest"])
    assert.deepEqual(shown(await confirm(token, "guessed@example.com", code)), [400, "BadRequest"])
    const [row] = await harness.db
      .selectFrom("email_codes")
      .select("attempts")
      .where("address", "=", "guessed@example.com")
      .execute()
    assert.equal(row?.attempts, 5)
  })

  test("is good after four wrong ones, once, and for the address that it was sent to", async () => {
    const token = await newPerson("careful@example.com")
    const code = await mailedCode(token, "checked@example.com")
    for (let time = 0; time < 3; time++) await confirm(token, "checked@example.com", wrongOf(code))
    assert.equal((await confirm(token, "other@example.com", code)).status, 400)
    people.ok(await confirm(token, "checked@example.com", code))
    assert.equal((await confirm(token, "checked@example.com", code)).status, 400)
  })

  test("is nobody else's, and is not good after ten minutes", async () => {
    const [token, other] = [await newPerson("slow@example.com"), await newPerson("thief@example.com")]
    const code = await mailedCode(token, "slower@example.com")
    assert.equal((await confirm(other, "slower@example.com", code)).status, 400)
    const rows = await harness.db
      .selectFrom("email_codes")
      .select(["created_at", "expires_at"])
      .where("address", "=", "slower@example.com")
      .execute()
    assert.deepEqual(
      rows.map(({ created_at, expires_at }) => Math.round((+expires_at - +created_at) / 1_000)),
      [600],
    )
    await harness.db
      .updateTable("email_codes")
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where("address", "=", "slower@example.com")
      .execute()
    assert.equal((await confirm(token, "slower@example.com", code)).status, 400)
  })

  test("is sent once a minute, whatever the address", async () => {
    const token = await newPerson("hasty@example.com")
    people.ok(await ask(token, "haste1@example.com"))
    await mail.mailTo("haste1@example.com")
    people.ok(await ask(token, "haste2@example.com"))
    await setTimeout(200)
    assert.ok(!mail.received.some(({ to }) => to.includes("haste2@example.com")))
  })

  test("cannot be read from the database, nor from an answer", async () => {
    const token = await newPerson("private@example.com")
    const answer = people.ok(await ask(token, "secret@example.com"))
    const { text } = await mail.mailTo("secret@example.com")
    const code = /^\d{6}\r?$/m.exec(text)?.[0].trim() ?? ""
    assert.ok(!JSON.stringify(answer).includes(code))
    const { email_codes: rows = [] } = await harness.state()
    const row = rows.find((one) => one.includes("secret@example.com")) ?? ""
    assert.ok(row.includes(codeHashOf(harness.server.services, "email-change", code)))
    assert.ok(!row.includes(`"${code}"`))
  })
})

describe("asking for another address", () => {
  test("wants the password, another address than the own, and one that is an address", async () => {
    const token = await newPerson("asking@example.com")
    const before = await harness.state()
    const refusals: [Promise<Answer>, number][] = [
      [ask(token, "fine@example.com", "wrong"), 400],
      [ask(token, " Asking@Example.com "), 400],
      [ask(token, "no address"), 422],
      [ask(token, "a/b@example.com"), 422],
      [ask(acme.token, "fine@example.com"), 403],
    ]
    for (const [answer, status] of refusals) assert.equal((await answer).status, status)
    const { password_attempts: _attempts, ...rest } = await harness.state()
    const { password_attempts: _before, ...expected } = before
    assert.deepEqual(rest, expected)
    assert.ok(!mail.received.some(({ to }) => to.includes("fine@example.com")))
  })

  test("is no use without a mail server, which is said", async () => {
    const silent = await startHarness()
    const { signedInToken: token } = await people.bootstrap(silent)
    const body = { newEmail: "fine@example.com", password }
    const answer = await silent.call("POST /api/v2/users/me/email-change/otp", { token, body })
    assert.equal(answer.status, 400)
    assert.match(answer.body.message, /SMTP_HOST/)
  })
})
