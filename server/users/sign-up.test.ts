import assert from "node:assert/strict"
import { beforeEach, describe, test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import { startMailServer } from "../test/mail-server.ts"
import * as people from "../test/people.ts"

const mail = await startMailServer()
const harness = await startHarness(mail.env)
const acme = await people.bootstrap(harness)
const password = "correct horse battery staple"

let made = 0
const freshAddress = (): string => `new-${++made}@example.com`
const request = (email: unknown) => harness.call("POST /api/v3/signup/email/signup", { body: { email } })
const verify = (email: unknown, code: unknown) =>
  harness.call("POST /api/v3/signup/email/verify", { body: { email, code } })
const complete = (
  token: string | undefined,
  body: Record<string, unknown>,
  route = "POST /api/v3/signup/complete-account",
) => harness.call(route, { token, body: { firstName: "New", password, ...body } })
const codeIn = (text: string): string => /^\d{6}$/m.exec(text.replace(/\r/g, ""))?.[0] ?? ""

/** Asks for an account and returns the mailed code. */
async function codeFor(email: string): Promise<string> {
  people.ok(await request(email))
  return codeIn((await mail.mailTo(email.toLowerCase())).text)
}

/** A token to complete the account of an address with. */
const tokenFor = async (email: string): Promise<string> =>
  people.ok(await verify(email, await codeFor(email))).token

const settings = (change: { allow_sign_up?: boolean; allowed_sign_up_domain?: string | null }) =>
  harness.db.updateTable("instance_settings").set(change).execute()
/** As if the last code had been asked for a minute earlier. */
const waitAMinute = (email: string) =>
  harness.db
    .updateTable("email_codes")
    .set({ created_at: new Date(Date.now() - 60_000) })
    .where("address", "=", email)
    .execute()

async function refused(act: () => Promise<Answer>, status: number): Promise<void> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.equal(answer.headers["set-cookie"], undefined)
  assert.deepEqual(await harness.state(), before)
}

// All of these tests come from one source.
beforeEach(() => harness.db.updateTable("password_attempts").set({ attempts: 0 }).execute())

describe("signing up", () => {
  test("by the mailed code makes an account, and an organization of its own", async () => {
    const email = freshAddress()
    const asked = people.ok(await request(email.toUpperCase()))
    assert.deepEqual(Object.keys(asked), ["message"])
    const code = codeIn((await mail.mailTo(email)).text)
    const { token: signupToken, user } = people.ok(await verify(` ${email.toUpperCase()} `, ` ${code} `))
    assert.deepEqual([user.username, user.isAccepted, user.firstName], [email, false, null])
    const names = { firstName: "Grace", lastName: "Hopper", organizationName: "Grace's" }
    const answer = await complete(signupToken, { type: "email", email, ...names, attributionSource: "web" })
    const { user: done, token, organizationId } = people.ok(answer)
    assert.deepEqual([done.isAccepted, done.firstName, done.superAdmin], [true, "Grace", false])
    const { organizations } = people.ok(await harness.call("GET /api/v1/organization", { token }))
    assert.deepEqual(
      organizations.map(({ id, name, userRole }: Record<string, string>) => [id, name, userRole]),
      [[organizationId, "Grace's", "admin"]],
    )
    const selected = await people.select(harness, token, organizationId)
    people.ok(await harness.call("POST /api/v1/groups", { token: selected, body: { name: "First" } }))
    people.ok(await harness.call("POST /api/v1/auth/token", { headers: { cookie: people.cookieOf(answer) } }))
    await people.signIn(harness, email)
    const events = await harness.db
      .selectFrom("audit_logs")
      .select(["event_type", "actor_id"])
      .where("org_id", "=", organizationId)
      .orderBy("created_at")
      .execute()
    assert.deepEqual(events[0], { event_type: "create-organization", actor_id: user.id })
  })

  test("without the name of an organization makes an account alone", async () => {
    const email = freshAddress()
    const answer = people.ok(await complete(await tokenFor(email), { email }))
    assert.equal("organizationId" in answer, false)
    const listed = await harness.call("GET /api/v1/organization", { token: answer.token })
    assert.deepEqual(people.ok(listed).organizations, [])
  })

  test("as older clients do it, with key material that counts for nothing", async () => {
    const keys = { salt: "x", verifier: "y", publicKey: "z", encryptedPrivateKey: "e", protectedKey: "p" }
    const email = freshAddress()
    const body = { email, organizationName: "Older", ...keys }
    const route = "POST /api/v3/signup/complete-account/signup"
    assert.ok(people.ok(await complete(await tokenFor(email), body, route)).organizationId)
  })

  test("with an address that was invited leaves the invitation open", async () => {
    const email = freshAddress()
    const body = { inviteeEmails: [email], organizationId: acme.id }
    people.ok(await harness.call("POST /api/v1/invite-org/signup", { token: acme.token, body }))
    const invitation = (await mail.mailTo(email)).text
    people.ok(await request(email))
    const code = codeIn((await mail.mailTo(email, 1)).text)
    const { token: signupToken } = people.ok(await verify(email, code))
    const { token } = people.ok(await complete(signupToken, { email }))
    const select = { token, body: { organizationId: acme.id } }
    assert.equal((await harness.call("POST /api/v3/auth/select-organization", select)).status, 404)
    const link = new URL(/http\S+signupinvite\S+/.exec(invitation)?.[0] ?? "")
    const accept = { email, organizationId: acme.id, code: link.searchParams.get("token") }
    people.ok(await harness.call("POST /api/v1/invite-org/verify", { token, body: accept }))
    await people.select(harness, token, acme.id)
  })
})

describe("asking for an account", () => {
  test("is answered alike for every address, and only the mail tells that there is one", async () => {
    const email = freshAddress()
    const { text, status, headers } = await request(email)
    const known = await request("ada@example.com")
    assert.deepEqual([known.status, known.text], [status, text])
    assert.deepEqual(Object.keys(known.headers), Object.keys(headers))
    assert.match(
      (await mail.mailTo("ada@example.com")).text,
      /^Subject: You have an account on Conclave already/m,
    )
    assert.equal(codeIn((await mail.mailTo("ada@example.com")).text), "")
    assert.match((await mail.mailTo(email)).text, /^Subject: Confirm your address on Conclave/m)
    assert.ok(!text.includes(codeIn((await mail.mailTo(email)).text)))
  })

  test("again within a minute sends nothing more, to either", async () => {
    const email = freshAddress()
    await codeFor(email)
    const before = mail.received.length
    for (const address of [email, "ada@example.com"]) people.ok(await request(address))
    await setTimeout(300)
    assert.equal(mail.received.length, before)
  })

  test("ten times an hour is as often as one source may", async () => {
    for (let asked = 0; asked < 10; asked++) people.ok(await request(freshAddress()))
    await setTimeout(300)
    const answer = await request(freshAddress())
    assert.equal(answer.status, 429)
    const seconds = Number(answer.headers["retry-after"])
    assert.ok(seconds > 3_500 && seconds <= 3_600, String(seconds))
  })

  test("is refused for what is no address", async () => {
    for (const email of ["ada", "", "a/b@example.com", "ada\uff20example.com", 7, null, ["a@example.com"]]) {
      await refused(() => request(email), 422)
    }
  })
})

describe("the mailed code", () => {
  test("is good once, and the token it gives completes one account", async () => {
    const email = freshAddress()
    const code = await codeFor(email)
    const answers = await Promise.all(Array.from({ length: 20 }, () => verify(email, code)))
    const good = answers.filter(({ status }) => status === 200)
    assert.equal(good.length, 1)
    assert.ok(answers.every(({ status }) => status === 200 || status === 400))
    const token = good[0]?.body.token
    const completed = await Promise.all(Array.from({ length: 10 }, () => complete(token, { email })))
    assert.equal(completed.filter(({ status }) => status === 200).length, 1)
    assert.ok(completed.every(({ status }) => status === 200 || status === 400))
    await refused(() => complete(token, { email }), 400)
  })

  test("is tried five times at most", async () => {
    const email = freshAddress()
    const code = await codeFor(email)
    const wrong = code === "000000" ? "000001" : "000000"
    for (let tries = 0; tries < 5; tries++) assert.equal((await verify(email, wrong)).status, 400)
    await refused(() => verify(email, code), 400)
    await waitAMinute(email)
    people.ok(await request(email))
    people.ok(await verify(email, codeIn((await mail.mailTo(email, 1)).text)))
  })

  test("is good for ten minutes, and not after the next one", async () => {
    const [late, replaced] = [freshAddress(), freshAddress()]
    const lateCode = await codeFor(late)
    const { expires_at } = await harness.db
      .selectFrom("email_codes")
      .select("expires_at")
      .where("address", "=", late)
      .executeTakeFirstOrThrow()
    assert.ok(Math.abs(expires_at.getTime() - Date.now() - 600_000) < 10_000)
    await harness.db
      .updateTable("email_codes")
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where("address", "=", late)
      .execute()
    await refused(() => verify(late, lateCode), 400)
    const first = await codeFor(replaced)
    await waitAMinute(replaced)
    people.ok(await request(replaced))
    const second = codeIn((await mail.mailTo(replaced, 1)).text)
    if (first !== second) assert.equal((await verify(replaced, first)).status, 400)
    people.ok(await verify(replaced, second))
  })

  test("is for its own address, and refused alike whoever asks", async () => {
    const [mine, other] = [freshAddress(), freshAddress()]
    const code = await codeFor(mine)
    await codeFor(other)
    const shown: unknown[] = []
    for (const email of ["nobody@example.com", "ada@example.com", "not an address", ""]) {
      const { status, body } = await verify(email, code)
      shown.push([status, body.message, body.error])
    }
    const wrong = await verify(mine, code === "000000" ? "000001" : "000000")
    for (const one of shown) assert.deepEqual(one, [400, wrong.body.message, wrong.body.error])
    people.ok(await verify(mine, code))
  })

  test("is refused what is no code", async () => {
    const email = freshAddress()
    await codeFor(email)
    for (const code of [123456, null, undefined, ["123456"], "1".repeat(65)]) {
      await refused(() => verify(email, code), 422)
    }
    for (const code of ["", "１２３４５６", "\0"]) assert.equal((await verify(email, code)).status, 400)
  })

  test("is kept by a keyed hash alone", async () => {
    const code = await codeFor(freshAddress())
    const rows = await harness.db.selectFrom("email_codes").selectAll().execute()
    assert.ok(!rows.some(({ code_hash }) => code_hash.includes(code)))
  })
})

describe("completing an account", () => {
  test("needs the token of this sign-up, and its address", async () => {
    const [email, other] = [freshAddress(), freshAddress()]
    const token = await tokenFor(email)
    await refused(() => complete(undefined, { email }), 401)
    await refused(() => complete("garbage", { email }), 403)
    await refused(() => complete(acme.signedInToken, { email }), 403)
    await refused(() => complete(token, { email: other }), 403)
    for (const body of [{ firstName: "" }, { password: "" }, { organizationName: " " }, { type: "alias" }]) {
      await refused(() => complete(token, { email, ...body }), 422)
    }
    for (const route of ["GET /api/v1/organization", "GET /api/v1/user"]) {
      await refused(() => harness.call(route, { token }), 401)
    }
    people.ok(await complete(token, { email }))
  })

  test("founds nothing where the account was completed before", async () => {
    const email = freshAddress()
    const token = await tokenFor(email)
    people.ok(await complete(token, { email, organizationName: "First" }))
    await refused(() => complete(token, { email, organizationName: "Second" }), 400)
  })
})

describe("where sign-ups are restricted", () => {
  const steps = async (email: string) => {
    const code = await codeFor(email)
    const waiting = freshAddress()
    return { code, waiting, token: await tokenFor(waiting) }
  }

  test("none begins and none ends while they are off", async () => {
    const email = freshAddress()
    const { code, waiting, token } = await steps(email)
    await settings({ allow_sign_up: false })
    try {
      await refused(() => request(freshAddress()), 403)
      await refused(() => request("ada@example.com"), 403)
      await refused(() => verify(email, code), 403)
      await refused(() => complete(token, { email: waiting }), 403)
    } finally {
      await settings({ allow_sign_up: true })
    }
    people.ok(await verify(email, code))
  })

  test("only the domains that are allowed may, and none that only looks like one", async () => {
    await settings({ allowed_sign_up_domain: "acme.example, Other.example" })
    try {
      // Once the code was mailed, nothing is written any more that the answer did not wait for.
      for (const domain of ["acme.example", "OTHER.example"])
        assert.ok(await codeFor(`a-${++made}@${domain}`))
      for (const domain of [
        "example.com",
        "evil-acme.example",
        "acme.example.evil.example",
        "sub.acme.example",
      ]) {
        await refused(() => request(`a-${++made}@${domain}`), 403)
      }
    } finally {
      await settings({ allowed_sign_up_domain: null })
    }
  })
})

test("without a mail server, or before the set-up, nobody signs up", async () => {
  const without = await startHarness()
  const route = "POST /api/v3/signup/email/signup"
  const answer = await without.call(route, { body: { email: "ada@example.com" } })
  assert.equal(answer.status, 400)
  assert.match(answer.body.message, /SMTP/)
  const fresh = await startHarness(mail.env)
  const before = await fresh.state()
  assert.equal((await fresh.call(route, { body: { email: "ada@example.com" } })).status, 403)
  assert.deepEqual(await fresh.state(), before)
})
