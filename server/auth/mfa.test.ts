import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { codeOf } from "../test/authenticator.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)

let made = 0
const address = () => `person-${made}@example.com`
const person = () => people.addSecondFactor(harness, acme, `person-${++made}@example.com`, "admin")
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())
const select = (token: string, organizationId = acme.id) =>
  harness.call("POST /api/v3/auth/select-organization", { token, body: { organizationId } })
const verify = (token: string | undefined, code: unknown, more: Record<string, unknown> = {}) =>
  harness.call("POST /api/v2/auth/mfa/verify", {
    token,
    body: { mfaToken: code, mfaMethod: "totp", ...more },
  })
const setMfa = (token: string, body: unknown) => harness.call("PATCH /api/v2/users/me/mfa", { token, body })
/** `people.addSecondFactor` has used the present code up. */
const nextCodeOf = (otpUrl: string): string => codeOf(otpUrl, 1)
const groups = (token: string) => harness.call("GET /api/v1/groups", { token })
const codes = async (token: string): Promise<string[]> =>
  people.ok(await harness.call("GET /api/v1/user/me/totp", { token })).recoveryCodes

const refused = refusing(harness)

describe("turning the second factor on", () => {
  test("needs an authenticator of which a code was shown", async () => {
    const token = await people.accept(harness, await people.invite(harness, acme, "early@example.com"))
    await refused(() => setMfa(token, { isMfaEnabled: true }), 400)
    const { otpUrl } = people.ok(await harness.call("POST /api/v1/user/me/totp/register", { token }))
    await refused(() => setMfa(token, { isMfaEnabled: true }), 400)
    const body = { totp: codeOf(otpUrl) }
    people.ok(await harness.call("POST /api/v1/user/me/totp/verify", { token, body }))
    const { user } = people.ok(await setMfa(token, { isMfaEnabled: true, selectedMfaMethod: "totp" }))
    const { isMfaEnabled, mfaMethods, selectedMfaMethod, username } = user
    assert.deepEqual(
      [username, isMfaEnabled, mfaMethods, selectedMfaMethod],
      ["early@example.com", true, ["totp"], "totp"],
    )
  })

  test("ends the other sessions and leaves the one that proved it", async () => {
    const token = await people.accept(harness, await people.invite(harness, acme, "several@example.com"))
    const { token: other, cookie } = await people.signInWithCookie(harness, "several@example.com")
    const inOrganization = await people.select(harness, other, acme.id)
    const { otpUrl } = people.ok(await harness.call("POST /api/v1/user/me/totp/register", { token }))
    const body = { totp: codeOf(otpUrl) }
    people.ok(await harness.call("POST /api/v1/user/me/totp/verify", { token, body }))
    people.ok(await groups(inOrganization))
    people.ok(await setMfa(token, { isMfaEnabled: true }))
    for (const ended of [other, inOrganization]) {
      const { status, body: refusal } = await harness.call("GET /api/v1/organization", { token: ended })
      assert.deepEqual([status, refusal.error], [401, "StaleSession"])
    }
    assert.equal((await harness.call("POST /api/v1/auth/token", { headers: { cookie } })).status, 401)
    people.ok(await groups(await people.select(harness, token, acme.id)))
  })

  test("from a session that proved nothing makes it due there, too", async () => {
    const proving = await people.accept(harness, await people.invite(harness, acme, "elsewhere@example.com"))
    const { otpUrl } = people.ok(await harness.call("POST /api/v1/user/me/totp/register", { token: proving }))
    const body = { totp: codeOf(otpUrl) }
    people.ok(await harness.call("POST /api/v1/user/me/totp/verify", { token: proving, body }))
    const token = await people.signIn(harness, "elsewhere@example.com")
    const inOrganization = await people.select(harness, token, acme.id)
    people.ok(await setMfa(token, { isMfaEnabled: true }))
    await refused(() => groups(inOrganization), 401, "SecondFactorDue")
    await refused(() => setMfa(token, { isMfaEnabled: false }), 401, "SecondFactorDue")
  })

  test("is refused without anything to do, and by e-mail", async () => {
    for (const body of [{}, { isMfaEnabled: "true" }, { selectedMfaMethod: "sms" }]) {
      await refused(() => setMfa(acme.signedInToken, body), 422)
    }
    await refused(() => setMfa(acme.signedInToken, { selectedMfaMethod: "email" }), 400)
    people.ok(await setMfa(acme.signedInToken, { selectedMfaMethod: "totp" }))
  })
})

describe("while the second factor is due", () => {
  test("selecting an organization gives a token for it, and sets no cookie", async () => {
    const { signedInToken } = await person()
    const answer = await select(signedInToken)
    const { token, ...rest } = people.ok(answer)
    assert.deepEqual(rest, { isMfaEnabled: true, mfaMethod: "totp" })
    assert.equal(answer.headers["set-cookie"], undefined)
    const claims = claimsOf(token)
    assert.deepEqual(
      [claims.authMethod, claims.authTokenType, claims.exp - claims.iat],
      ["email", "mfaToken", 300],
    )
    await refused(() => select(signedInToken, "00000000-0000-7000-8000-000000000000"), 404)
    await refused(() => harness.call("GET /api/v1/organization", { token }), 401, "UnauthorizedError")
    people.ok(await harness.call("GET /api/v1/organization", { token: signedInToken }))
  })

  test("the authenticator is neither shown nor changed, nor an organization made", async () => {
    const { signedInToken: token } = await person()
    for (const route of [
      "GET /api/v1/user/me/totp",
      "POST /api/v1/user/me/totp/register",
      "POST /api/v1/user/me/totp/recovery-codes",
      "DELETE /api/v1/user/me/totp",
    ]) {
      await refused(() => harness.call(route, { token }), 401, "SecondFactorDue")
    }
    await refused(() => setMfa(token, { isMfaEnabled: false }), 401, "SecondFactorDue")
    const body = { name: "Mine" }
    await refused(() => harness.call("POST /api/v2/organizations", { token, body }), 401, "SecondFactorDue")
  })

  test("an invitation is not accepted", async () => {
    const { signedInToken, email } = await person()
    const elsewhere = await people.addOrganization(harness, acme, `eve-${made}@elsewhere.example`)
    const invitation = await people.invite(harness, elsewhere, email)
    const route = "POST /api/v1/invite-org/verify"
    await refused(
      () => harness.call(route, { token: signedInToken, body: invitation }),
      401,
      "SecondFactorDue",
    )
  })

  test("a refreshed session is as due as before", async () => {
    await person()
    const { cookie } = await people.signInWithCookie(harness, address())
    const { token } = people.ok(await harness.call("POST /api/v1/auth/token", { headers: { cookie } }))
    assert.equal(claimsOf(token).isMfaVerified, undefined)
    assert.equal(people.ok(await select(token)).isMfaEnabled, true)
  })
})

describe("proving the second factor", () => {
  test("by a code opens the organization", async () => {
    const { signedInToken, otpUrl } = await person()
    const { token: mfaToken } = people.ok(await select(signedInToken))
    const check = await harness.call("GET /api/v2/auth/mfa/check/totp", { token: mfaToken })
    assert.deepEqual(people.ok(check), { isVerified: true })
    people.ok(await harness.call("POST /api/v2/auth/mfa/send", { token: mfaToken }))
    const answer = await verify(mfaToken, nextCodeOf(otpUrl))
    assert.deepEqual(Object.keys(people.ok(answer)), [
      "encryptionVersion",
      "protectedKey",
      "protectedKeyIV",
      "protectedKeyTag",
      "publicKey",
      "encryptedPrivateKey",
      "iv",
      "tag",
      "token",
    ])
    const { token, isMfaEnabled } = people.ok(await select(answer.body.token))
    assert.equal(isMfaEnabled, false)
    assert.deepEqual(Object.keys(claimsOf(token)).slice(4, -2), [
      "accessVersion",
      "isMfaVerified",
      "mfaMethod",
      "organizationId",
    ])
    assert.deepEqual([claimsOf(token).isMfaVerified, claimsOf(token).mfaMethod], [true, "totp"])
    people.ok(await groups(token))
    const cookie = people.cookieOf(answer)
    const refreshed = people.ok(await harness.call("POST /api/v1/auth/token", { headers: { cookie } }))
    assert.equal(claimsOf(refreshed.token).isMfaVerified, true)
    people.ok(await groups(await people.select(harness, refreshed.token, acme.id)))
  })

  test("by a recovery code works once for each", async () => {
    const { signedInToken, recoveryCodes, provedToken } = await person()
    const [code = "", other = ""] = recoveryCodes
    const { token } = people.ok(await select(signedInToken))
    people.ok(await verify(token, ` ${code.toUpperCase()} `))
    assert.deepEqual(await codes(provedToken), recoveryCodes.slice(1))
    const again = await select(await people.signIn(harness, address()))
    assert.equal((await verify(again.body.token, code)).status, 403)
    people.ok(await verify(again.body.token, other))
    assert.deepEqual(await codes(provedToken), recoveryCodes.slice(2))
  })

  test("proves it for one session", async () => {
    const { signedInToken, otpUrl } = await person()
    const other = await people.signIn(harness, address())
    const { token } = people.ok(await select(signedInToken))
    people.ok(await verify(token, nextCodeOf(otpUrl)))
    assert.equal(people.ok(await select(other)).isMfaEnabled, true)
  })

  test("takes no code twice, whichever session brings it", async () => {
    const { signedInToken, otpUrl } = await person()
    const other = await people.signIn(harness, address())
    const code = nextCodeOf(otpUrl)
    const [first, second] = [await select(signedInToken), await select(other)]
    people.ok(await verify(first.body.token, code))
    for (const { body } of [first, second]) {
      const answer = await verify(body.token, `${code.slice(0, 3)} ${code.slice(3)}`)
      assert.deepEqual([answer.status, answer.body.error], [403, "ForbiddenError"])
    }
    assert.equal(people.ok(await select(other)).isMfaEnabled, true)
  })

  test("takes five wrong codes, then none for ten minutes, and counts them", async () => {
    const { signedInToken, otpUrl, recoveryCodes } = await person()
    const { token } = people.ok(await select(signedInToken))
    const failed = async () =>
      (
        await harness.db
          .selectFrom("users")
          .select("consecutive_failed_mfa_attempts as count")
          .where("username", "=", address())
          .executeTakeFirstOrThrow()
      ).count
    for (const [index, wrong] of ["000000x", "", "abcde-fghjk", "1 2 3", "\0"].entries()) {
      assert.equal((await verify(token, wrong)).status, 403)
      assert.equal(await failed(), index + 1)
    }
    const fresh = people.ok(await select(await people.signIn(harness, address()))).token
    for (const code of [nextCodeOf(otpUrl), recoveryCodes[0]]) {
      for (const each of [token, fresh]) await refused(() => verify(each, code), 429, "RateLimitExceeded")
    }
    const answer = await verify(token, nextCodeOf(otpUrl))
    assert.equal(answer.headers["retry-after"], "600")
    await harness.db
      .updateTable("users")
      .set({ mfa_attempts_since: new Date(Date.now() - 600_000) })
      .where("username", "=", address())
      .execute()
    people.ok(await verify(fresh, nextCodeOf(otpUrl)))
    assert.equal(await failed(), 0)
  })

  test("needs the token that selecting gave, of a session that goes on", async () => {
    const { signedInToken, otpUrl, provedToken } = await person()
    const code = nextCodeOf(otpUrl)
    for (const token of [undefined, signedInToken, provedToken, acme.token]) {
      await refused(() => verify(token, code), 401, "UnauthorizedError")
      for (const route of ["GET /api/v2/auth/mfa/check/totp", "POST /api/v2/auth/mfa/send"]) {
        await refused(() => harness.call(route, { token }), 401, "UnauthorizedError")
      }
    }
    await refused(() => verify("garbage", code), 403, "TokenError")
    const { token } = people.ok(await select(signedInToken))
    people.ok(await harness.call("POST /api/v1/auth/logout", { token: signedInToken }))
    await refused(() => verify(token, code), 401, "StaleSession")
  })

  test("is offered by authenticator alone, and refuses what is no code", async () => {
    const { signedInToken } = await person()
    const { token } = people.ok(await select(signedInToken))
    await refused(() => verify(token, "123456", { mfaMethod: "email" }), 400)
    await refused(() => verify(token, "123456", { mfaMethod: "sms" }), 422)
    for (const code of [123456, null, undefined, "1".repeat(65)])
      await refused(() => verify(token, code), 422)
  })
})

describe("turning the second factor off", () => {
  test("by a session that proved it makes it due no more", async () => {
    const { provedToken, signedInToken } = await person()
    const { token: mfaToken } = people.ok(await select(signedInToken))
    const { user } = people.ok(await setMfa(provedToken, { isMfaEnabled: false }))
    assert.deepEqual([user.isMfaEnabled, user.mfaMethods, user.selectedMfaMethod], [false, [], null])
    assert.equal(people.ok(await select(signedInToken)).isMfaEnabled, false)
    await refused(() => groups(mfaToken), 401)
  })

  test("happens when the authenticator is removed, since there is no other", async () => {
    const { provedToken, signedInToken } = await person()
    people.ok(await harness.call("DELETE /api/v1/user/me/totp", { token: provedToken }))
    assert.equal(people.ok(await select(signedInToken)).isMfaEnabled, false)
    await refused(() => setMfa(provedToken, { isMfaEnabled: true }), 400)
  })
})
