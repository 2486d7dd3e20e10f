import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import type { Call } from "../test/http.ts"
import * as people from "../test/people.ts"

const harness = await startHarness({ SITE_URL: "http://localhost:8080" })
const acme = await people.bootstrap(harness)
const { adminUsername } = acme

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.replace(/^jid=/, "").split(".")[1] ?? "", "base64url").toString())
const signIn = () => people.signInWithCookie(harness, adminUsername)
const refresh = (cookie?: string, more: Call = {}) =>
  harness.call("POST /api/v1/auth/token", { headers: cookie ? { cookie } : {}, ...more })
const logOut = (more: Call = {}) => harness.call("POST /api/v1/auth/logout", more)
const check = (token: string) => harness.call("POST /api/v1/auth/checkAuth", { token })
const shown = ({ status, body }: { status: number; body: { error: string } }) => [status, body.error]
const sessionOf = (token: string) =>
  harness.db
    .selectFrom("sessions")
    .selectAll()
    .where("id", "=", claimsOf(token).tokenVersionId)
    .executeTakeFirstOrThrow()
const change = (token: string, values: { refreshed_at?: Date; last_used_at?: Date }) =>
  harness.db.updateTable("sessions").set(values).where("id", "=", claimsOf(token).tokenVersionId).execute()
const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1_000)

describe("the cookie", () => {
  test("comes with the login, for the browser alone, and ends with it", async () => {
    const body = { email: adminUsername, password: "correct horse battery staple" }
    const { headers } = await harness.call("POST /api/v3/auth/login", { body })
    const [value = ""] = [headers["set-cookie"] ?? []].flat()
    assert.match(value, /^jid=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/)
    const claims = claimsOf(value.split(";")[0] ?? "")
    assert.deepEqual(Object.keys(claims), [
      "authMethod",
      "authTokenType",
      "userId",
      "tokenVersionId",
      "refreshVersion",
      "iat",
      "exp",
    ])
    assert.equal(claims.authTokenType, "refreshToken")
    assert.equal(claims.exp - claims.iat, 90 * 86_400)
  })

  test("is sent over TLS alone where people reach the server by https", async () => {
    const secure = await startHarness({ SITE_URL: "https://conclave.acme.example" })
    await people.bootstrap(secure)
    const body = { email: "ada@example.com", password: "correct horse battery staple" }
    const { headers } = await secure.call("POST /api/v3/auth/login", { body })
    assert.match(String(headers["set-cookie"]), /; Secure/)
  })

  test("is not set by a login that is refused", async () => {
    const answer = await harness.call("POST /api/v3/auth/login", {
      body: { email: adminUsername, password: "wrong" },
    })
    assert.equal(answer.status, 400)
    assert.equal(answer.headers["set-cookie"], undefined)
  })

  test("comes with a completed account", async () => {
    const invitation = await people.invite(harness, acme, "cookie@example.com")
    const { token } = people.ok(await harness.call("POST /api/v1/invite-org/verify", { body: invitation }))
    const body = { type: "email", email: invitation.email, firstName: "Grace", password: "long enough" }
    const answer = await harness.call("POST /api/v3/signup/complete-account", { token, body })
    people.ok(answer)
    people.ok(await refresh(people.cookieOf(answer)))
  })
})

describe("a refresh", () => {
  test("gives a token of the same session, and the next cookie", async () => {
    const { token, cookie } = await signIn()
    const answer = await refresh(cookie)
    assert.deepEqual(Object.keys(people.ok(answer)), ["token"])
    const [before, after] = [claimsOf(token), claimsOf(answer.body.token)]
    assert.deepEqual({ ...after, iat: 0, exp: 0 }, { ...before, iat: 0, exp: 0 })
    assert.equal(claimsOf(people.cookieOf(answer)).refreshVersion, claimsOf(cookie).refreshVersion + 1)
    people.ok(await check(answer.body.token))
    people.ok(await refresh(people.cookieOf(answer)))
  })

  test("keeps the organization that was selected", async () => {
    const { token } = await signIn()
    const selected = await harness.call("POST /api/v3/auth/select-organization", {
      token,
      body: { organizationId: acme.id },
    })
    const answer = await refresh(people.cookieOf(selected))
    assert.equal(people.ok(answer).organizationId, acme.id)
    people.ok(await harness.call("GET /api/v1/groups", { token: answer.body.token }))
    assert.equal(people.ok(await refresh(people.cookieOf(answer))).organizationId, acme.id)
  })

  test("asks now whether the person belongs to that organization", async () => {
    const email = "leaving@example.com"
    const token = await people.accept(harness, await people.invite(harness, acme, email))
    const body = { organizationId: acme.id }
    const selected = await harness.call("POST /api/v3/auth/select-organization", { token, body })
    await harness.db
      .updateTable("organization_user_memberships")
      .set({ is_closed: true, valid_until: new Date(Date.now() + 1_000) })
      .where("username", "=", email)
      .execute()
    const before = await harness.state()
    const refused = await refresh(people.cookieOf(selected))
    assert.deepEqual(shown(refused), [403, "ForbiddenError"])
    assert.equal(refused.headers["set-cookie"], undefined)
    assert.deepEqual(await harness.state(), before)
  })

  test("without a cookie is 404, with garbage or another token 403, and changes nothing", async () => {
    const { token, cookie } = await signIn()
    const before = await harness.state()
    for (const none of [undefined, "other=1", "jid="]) {
      assert.deepEqual(shown(await refresh(none)), [404, "AuthTokenNotFound"])
    }
    for (const bad of ["jid=garbage", `jid=${token}`, `jid=${acme.token}`, `${cookie}x`, "jid=a.b.c"]) {
      assert.deepEqual(shown(await refresh(bad)), [403, "TokenError"], bad)
    }
    assert.deepEqual(shown(await refresh(undefined, { token })), [404, "AuthTokenNotFound"])
    assert.deepEqual(await harness.state(), before)
  })

  test("a refresh token is no access token", async () => {
    const { cookie } = await signIn()
    assert.deepEqual(shown(await check(cookie.replace("jid=", ""))), [401, "UnauthorizedError"])
  })

  test("a page of another site cannot ask for it, with or without the cookie", async () => {
    const { cookie } = await signIn()
    const before = await harness.state()
    for (const header of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "" },
      { origin: "http://localhost:8080.evil.example" },
      { origin: "http://localhost:8081" },
      { "sec-fetch-site": "cross-site" },
    ]) {
      for (const route of ["token", "logout"]) {
        const answer = await harness.call(`POST /api/v1/auth/${route}`, { headers: { cookie, ...header } })
        assert.deepEqual(shown(answer), [403, "ForbiddenError"], JSON.stringify(header))
      }
    }
    assert.deepEqual(await harness.state(), before)
    people.ok(await refresh(undefined, { headers: { cookie, origin: "http://localhost:8080" } }))
  })

  test("the page of the address that the server is open at may ask", async () => {
    const { cookie } = await signIn()
    const headers = { cookie, origin: harness.address, "sec-fetch-site": "same-origin" }
    people.ok(await refresh(undefined, { headers }))
  })
})

describe("a refresh token that was used", () => {
  test("is refused, and a moment later that is all", async () => {
    const { token, cookie } = await signIn()
    const next = people.cookieOf(await refresh(cookie))
    const before = await harness.state()
    assert.deepEqual(shown(await refresh(cookie)), [401, "InvalidToken"])
    assert.deepEqual(await harness.state(), before)
    people.ok(await check(token))
    people.ok(await refresh(next))
  })

  test("ends the session when it comes again later", async () => {
    const { token, cookie } = await signIn()
    const next = people.cookieOf(await refresh(cookie))
    await change(token, { refreshed_at: secondsAgo(11) })
    const { access_version, refresh_version } = await sessionOf(token)
    assert.deepEqual(shown(await refresh(cookie)), [401, "InvalidToken"])
    assert.deepEqual(shown(await refresh(next)), [401, "InvalidToken"])
    assert.deepEqual(shown(await check(token)), [401, "StaleSession"])
    const ended = await sessionOf(token)
    assert.deepEqual(
      [ended.access_version, ended.refresh_version, ended.ended_at !== null],
      [access_version + 1, refresh_version + 1, true],
    )
  })

  test("ends the session when it is the one before the last, however soon", async () => {
    const { token, cookie } = await signIn()
    const next = people.cookieOf(await refresh(cookie))
    people.ok(await refresh(next))
    assert.deepEqual(shown(await refresh(cookie)), [401, "InvalidToken"])
    assert.deepEqual(shown(await check(token)), [401, "StaleSession"])
  })

  test("ends no other session of the person", async () => {
    const [one, other] = [await signIn(), await signIn()]
    await refresh(one.cookie)
    await change(one.token, { refreshed_at: secondsAgo(60) })
    await refresh(one.cookie)
    assert.deepEqual(shown(await check(one.token)), [401, "StaleSession"])
    people.ok(await check(other.token))
    people.ok(await refresh(other.cookie))
  })
})

describe("logging out", () => {
  test("by the cookie ends the session and clears the cookie", async () => {
    const { token, cookie } = await signIn()
    const answer = await logOut({ headers: { cookie } })
    assert.deepEqual(Object.keys(people.ok(answer)), ["message"])
    assert.match(String(answer.headers["set-cookie"]), /^jid=; Path=\/; HttpOnly; SameSite=Strict$/)
    assert.deepEqual(shown(await check(token)), [401, "StaleSession"])
    assert.deepEqual(shown(await refresh(cookie)), [401, "InvalidToken"])
    people.ok(await logOut({ headers: { cookie } }))
  })

  test("by the access token ends its session, and no other", async () => {
    const [one, other] = [await signIn(), await signIn()]
    people.ok(await logOut({ token: one.token }))
    assert.deepEqual(shown(await check(one.token)), [401, "StaleSession"])
    assert.deepEqual(shown(await refresh(one.cookie)), [401, "InvalidToken"])
    people.ok(await check(other.token))
  })

  test("with a cookie that is no good clears it, and ends nothing", async () => {
    const before = await harness.state()
    const answer = await logOut({ token: "garbage", headers: { cookie: "jid=garbage" } })
    people.ok(answer)
    assert.match(String(answer.headers["set-cookie"]), /^jid=;/)
    assert.deepEqual(await harness.state(), before)
  })

  test("with nothing that names a session is 404, and ends nothing", async () => {
    const before = await harness.state()
    for (const token of [undefined, acme.token, "garbage"]) {
      assert.deepEqual(shown(await logOut({ token })), [404, "AuthTokenNotFound"])
    }
    assert.deepEqual(await harness.state(), before)
  })
})

describe("the list of sessions", () => {
  const list = (token: string) => harness.call("GET /api/v2/users/me/sessions", { token })
  const remove = (token: string, id = "") =>
    harness.call(`DELETE /api/v2/users/me/sessions${id && "/"}${id}`, { token })
  const newPerson = async (email: string) => {
    await people.accept(harness, await people.invite(harness, acme, email))
    // Without the session that completing the account began.
    await harness.db
      .updateTable("sessions")
      .set({ ended_at: new Date() })
      .where("user_id", "in", (query) => query.selectFrom("users").select("id").where("email", "=", email))
      .execute()
    const sign = () => people.signInWithCookie(harness, email)
    return [await sign(), await sign(), await sign()] as const
  }
  const idsOf = async (token: string) => people.ok(await list(token)).map(({ id }: { id: string }) => id)

  test("has those that have not ended, the last used one first", async () => {
    const [one, two, three] = await newPerson("lister@example.com")
    await change(one.token, { last_used_at: secondsAgo(-5) })
    people.ok(await logOut({ token: two.token }))
    const shownSessions = people.ok(await list(three.token))
    assert.deepEqual(
      shownSessions.map(({ id }: { id: string }) => id),
      [people.sessionOf(one.token), people.sessionOf(three.token)],
    )
    const { id, lastUsed, createdAt, updatedAt, userId, ...rest } = shownSessions[1]
    const claims = claimsOf(three.token)
    assert.deepEqual([id, userId], [claims.tokenVersionId, claims.userId])
    for (const time of [lastUsed, createdAt, updatedAt]) assert.ok(Date.parse(time) > Date.now() - 60_000)
    assert.deepEqual(rest, { ip: "127.0.0.1", userAgent: "", refreshVersion: 1, accessVersion: 1 })
  })

  test("does not have what nobody can use any more", async () => {
    const [one, two] = await newPerson("idle@example.com")
    await change(two.token, { last_used_at: secondsAgo(91 * 86_400) })
    assert.ok(!(await idsOf(one.token)).includes(people.sessionOf(two.token)))
  })

  test("loses one that is ended from it, whose tokens are good no more", async () => {
    const [one, two, three] = await newPerson("ender@example.com")
    assert.deepEqual(Object.keys(people.ok(await remove(one.token, people.sessionOf(two.token)))), [
      "message",
    ])
    assert.deepEqual(shown(await check(two.token)), [404, "Session not found"])
    assert.deepEqual(shown(await refresh(two.cookie)), [401, "InvalidToken"])
    people.ok(await check(three.token))
    assert.equal((await idsOf(one.token)).length, 2)
  })

  test("ends nothing for an id of somebody else's, of none, or that is no id", async () => {
    const [one] = await newPerson("curious@example.com")
    const before = await harness.state()
    const answers = [
      await remove(one.token, people.sessionOf(acme.adminToken)),
      await remove(one.token, "00000000-0000-7000-8000-000000000000"),
      await remove(one.token, "none"),
    ]
    for (const answer of answers) assert.deepEqual(people.ok(answer), answers[0]?.body)
    assert.deepEqual(await harness.state(), before)
    people.ok(await check(acme.adminToken))
  })

  test("is emptied at once, the caller's own session too, and nobody else's", async () => {
    const [one, two] = await newPerson("all@example.com")
    people.ok(await remove(one.token))
    for (const { token, cookie } of [one, two]) {
      assert.deepEqual(shown(await check(token)), [404, "Session not found"])
      assert.deepEqual(shown(await refresh(cookie)), [401, "InvalidToken"])
    }
    people.ok(await check(acme.adminToken))
  })
})

describe("the last use of a session", () => {
  test("is noted after an answer, and at most once a minute", async () => {
    const { token } = await signIn()
    const first = (await sessionOf(token)).last_used_at
    people.ok(await check(token))
    assert.deepEqual((await sessionOf(token)).last_used_at, first)
    const past = secondsAgo(61)
    await change(token, { last_used_at: past })
    people.ok(await check(token))
    for (let tries = 0; tries < 200; tries++) {
      if ((await sessionOf(token)).last_used_at > past) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert.fail("The use was not noted.")
  })
})
