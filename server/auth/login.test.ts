import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const password = "correct horse battery staple"

const login = (email: unknown, secret: unknown = password) =>
  harness.call("POST /api/v3/auth/login", { body: { email, password: secret } })
const select = (token: string, organizationId: unknown) =>
  harness.call("POST /api/v3/auth/select-organization", { token, body: { organizationId } })

describe("signing in", () => {
  test("by address and password, in any case and with spaces around the address", async () => {
    const { accessToken } = people.ok(await login("  ADA@example.COM "))
    const claims = JSON.parse(Buffer.from(accessToken.split(".")[1], "base64url").toString())
    assert.deepEqual(Object.keys(claims), [
      "authMethod",
      "authTokenType",
      "userId",
      "tokenVersionId",
      "accessVersion",
      "iat",
      "exp",
    ])
    assert.equal(claims.exp - claims.iat, 10 * 86_400)
  })

  test("a wrong password, an unknown address and an account still to be completed are refused alike", async () => {
    await people.invite(harness, acme, "pending@example.com")
    const before = await harness.state()
    const answers = [
      await login("ada@example.com", "wrong"),
      await login("nobody@example.com"),
      await login("pending@example.com"),
      await login("not an address"),
    ]
    const shown = answers.map(({ status, body }) => [status, body.error, body.message])
    for (const one of shown) assert.deepEqual(one, shown[0])
    assert.equal(shown[0]?.[0], 400)
    // That somebody tried is counted; see password-check.test.ts.
    assert.deepEqual(
      { ...(await harness.state()), password_attempts: [] },
      { ...before, password_attempts: [] },
    )
  })

  test("what is no text is 422", async () => {
    for (const [email, secret] of [
      [7, "x"],
      ["ada@example.com", ""],
      ["ada@example.com", "x".repeat(1025)],
    ]) {
      assert.equal((await login(email, secret)).status, 422)
    }
  })

  test("a flood of logins is answered by refusals and not by errors", async () => {
    const answers = await Promise.all(
      Array.from({ length: 215 }, (_, index) => login(`flood-${index}@example.com`, "wrong")),
    )
    const statuses = new Set(answers.map(({ status }) => status))
    assert.ok([...statuses].every((status) => status === 400 || status === 429))
    const limited = answers.find(({ status }) => status === 429)
    assert.ok(limited?.headers["retry-after"] === "1", "the source itself is told to wait")
  })
})

describe("selecting an organization", () => {
  test("gives a token for it and records the choice", async () => {
    const { token, isMfaEnabled } = people.ok(await select(acme.signedInToken, acme.id))
    assert.equal(isMfaEnabled, false)
    people.ok(await harness.call("GET /api/v1/groups", { token }))
    const rows = await harness.db
      .selectFrom("audit_logs")
      .select("id")
      .where("event_type", "=", "select-organization")
      .where("org_id", "=", acme.id)
      .execute()
    assert.ok(rows.length > 0)
  })

  test("an organization of others is absent like one that is not there", async () => {
    const before = await harness.state()
    const foreign = await select(acme.signedInToken, elsewhere.id)
    const unknown = await select(acme.signedInToken, "00000000-0000-7000-8000-000000000000")
    const malformed = await select(acme.signedInToken, "acme")
    assert.deepEqual([foreign.status, unknown.status, malformed.status], [404, 404, 404])
    assert.equal((await select(acme.signedInToken, `${acme.id}\n`)).status, 404)
    assert.equal(
      foreign.body.message.replace(elsewhere.id, ""),
      unknown.body.message.replace("00000000-0000-7000-8000-000000000000", ""),
    )
    assert.deepEqual(await harness.state(), before)
  })

  test("who was only invited cannot select the organization yet", async () => {
    const invitation = await people.invite(harness, acme, elsewhere.adminUsername).catch(() => undefined)
    // Eve came through an invitation of Acme's and may select both; a new person of Elsewhere may not.
    assert.equal(invitation, undefined)
    const token = await people.accept(
      harness,
      await people.invite(harness, elsewhere, "new@elsewhere.example"),
    )
    await people.invite(harness, acme, "new@elsewhere.example")
    assert.equal((await select(token, acme.id)).status, 404)
  })
})

describe("rights", () => {
  test("are read from the database and not from the token", async () => {
    const token = await people.addPerson(harness, acme, { email: "changing@example.com", role: "member" })
    people.ok(await harness.call("GET /api/v1/groups", { token }))
    await harness.db
      .updateTable("organization_user_memberships")
      .set({ is_closed: true, valid_until: new Date(Date.now() + 1_000) })
      .where("username", "=", "changing@example.com")
      .execute()
    assert.equal((await harness.call("GET /api/v1/groups", { token })).status, 403)
  })

  test("a membership that has lapsed gives nothing, though nobody closed it", async () => {
    const token = await people.addPerson(harness, acme, { email: "lapsing@example.com", role: "member" })
    people.ok(await harness.call("GET /api/v1/groups", { token }))
    const past = new Date(Date.now() - 1_000)
    await harness.db
      .updateTable("organization_user_role_grants")
      .set({ valid_from: new Date(Date.now() - 2_000), valid_until: past })
      .where("membership_id", "in", (query) =>
        query
          .selectFrom("organization_user_memberships")
          .select("id")
          .where("username", "=", "lapsing@example.com"),
      )
      .execute()
    assert.equal((await harness.call("GET /api/v1/groups", { token })).status, 403)
  })

  test("an ended session is refused on its next request", async () => {
    const token = await people.signIn(harness, "ada@example.com")
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())
    people.ok(await harness.call("GET /api/v1/organization", { token }))
    await harness.db
      .updateTable("sessions")
      .set({ access_version: 2 })
      .where("id", "=", claims.tokenVersionId)
      .execute()
    const stale = await harness.call("GET /api/v1/organization", { token })
    assert.deepEqual([stale.status, stale.body.error], [401, "StaleSession"])
    await harness.db.deleteFrom("sessions").where("id", "=", claims.tokenVersionId).execute()
    const gone = await harness.call("GET /api/v1/organization", { token })
    assert.deepEqual([gone.status, gone.body.error], [404, "Session not found"])
  })
})
