import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)

const renew = (accessToken: unknown) =>
  harness.call("POST /api/v1/auth/token/renew", { body: { accessToken } })
const revoke = (accessToken: unknown) =>
  harness.call("POST /api/v1/auth/token/revoke", { body: { accessToken } })
const groups = (token: string) => harness.call("GET /api/v1/groups", { token })
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())
const idOf = (token: string): string => claimsOf(token).identityAccessTokenId

type Settings = { accessTokenTTL?: number; accessTokenMaxTTL?: number; accessTokenPeriod?: number }

/** A token of a client secret's login, and its machine identity. */
async function login(settings: Settings & Record<string, unknown> = {}) {
  const body = { name: "renewer", organizationId: acme.id, role: "member" }
  const { identity } = people.ok(await harness.call("POST /api/v1/identities", { token: acme.token, body }))
  const { clientId, clientSecret } = await people.addClientSecret(harness, acme, identity.id, { settings })
  const answer = await harness.call("POST /api/v1/auth/universal-auth/login", {
    body: { clientId, clientSecret },
  })
  return { identityId: identity.id, accessToken: people.ok(answer).accessToken }
}

/** As if the token had been made so many seconds before. */
const age = (accessToken: string, seconds: number) =>
  harness.db
    .updateTable("identity_access_tokens")
    .set({ created_at: new Date(Date.now() - seconds * 1_000) })
    .where("id", "=", idOf(accessToken))
    .execute()

const refused = refusing(harness)

describe("renewing", () => {
  test("gives the same token a new end, as a form too", async () => {
    const { identityId, accessToken } = await login({ accessTokenTTL: 60, accessTokenMaxTTL: 600 })
    const path = `/api/v1/identities/${identityId}`
    people.ok(await harness.call(`PATCH ${path}`, { token: acme.token, body: { name: "renamed" } }))
    await age(accessToken, 300)
    await harness.db
      .updateTable("identity_access_tokens")
      .set({ expires_at: new Date(Date.now() + 5_000) })
      .where("id", "=", idOf(accessToken))
      .execute()
    const answer = people.ok(
      await harness.call("POST /api/v1/auth/token/renew", {
        rawBody: new URLSearchParams({ accessToken }).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      }),
    )
    assert.deepEqual(Object.keys(answer), ["accessToken", "expiresIn", "accessTokenMaxTTL", "tokenType"])
    assert.deepEqual([answer.expiresIn, answer.accessTokenMaxTTL, answer.tokenType], [60, 600, "Bearer"])
    const { iat, exp, identityName, ...rest } = claimsOf(answer.accessToken)
    const { iat: _iat, exp: _exp, identityName: nameBefore, ...restBefore } = claimsOf(accessToken)
    assert.deepEqual(rest, restBefore)
    assert.deepEqual([exp - iat, nameBefore, identityName], [60, "renewer", "renamed"])
    people.ok(await groups(answer.accessToken))
    const row = await harness.db
      .selectFrom("identity_access_tokens")
      .selectAll()
      .where("id", "=", idOf(accessToken))
      .executeTakeFirstOrThrow()
    const left = Number(row.expires_at) - Date.now()
    assert.ok(left > 50_000 && left <= 60_000, `${left}`)
    assert.ok(row.last_renewed_at)
  })

  test("ends at the maximum, counted from the token's beginning; a refusal leaves the token as it is", async () => {
    const { accessToken } = await login({ accessTokenTTL: 60, accessTokenMaxTTL: 600 })
    await age(accessToken, 539)
    people.ok(await renew(accessToken))
    await age(accessToken, 541)
    await refused(() => renew(accessToken), 401)
    people.ok(await groups(accessToken))
    const whole = await login({ accessTokenTTL: 60, accessTokenMaxTTL: 60 })
    await refused(() => renew(whole.accessToken), 401)
  })

  test("goes on without end where there is no maximum, and by periods", async () => {
    for (const settings of [{ accessTokenTTL: 60, accessTokenMaxTTL: 0 }, { accessTokenPeriod: 60 }]) {
      const { accessToken } = await login(settings)
      await age(accessToken, 900_000_000)
      assert.equal(people.ok(await renew(accessToken)).expiresIn, 60)
    }
    const { accessToken } = await login({ accessTokenTTL: 0, accessTokenMaxTTL: 0 })
    const answer = people.ok(await renew(accessToken))
    assert.deepEqual([answer.expiresIn, claimsOf(answer.accessToken).exp], [0, undefined])
  })

  test("needs a token that is good: not revoked, not expired, not used up, from a trusted address", async () => {
    const settings = { accessTokenTTL: 60, accessTokenMaxTTL: 600 }
    const revoked = await login(settings)
    people.ok(await revoke(revoked.accessToken))
    const expired = await login(settings)
    await harness.db
      .updateTable("identity_access_tokens")
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where("id", "=", idOf(expired.accessToken))
      .execute()
    const usedUp = await login({ ...settings, accessTokenNumUsesLimit: 1 })
    people.ok(await groups(usedUp.accessToken))
    for (const { accessToken } of [revoked, expired, usedUp]) await refused(() => renew(accessToken), 401)
    const far = await login({ ...settings, accessTokenTrustedIps: [{ ipAddress: "10.0.0.0/8" }] })
    await refused(() => renew(far.accessToken), 403)
    await refused(() => revoke(far.accessToken), 403)
  })
})

describe("revoking one's own token", () => {
  test("ends it on its next request, once, and says so in the audit log", async () => {
    const { identityId, accessToken } = await login()
    people.ok(await groups(accessToken))
    assert.equal(typeof people.ok(await revoke(accessToken)).message, "string")
    assert.equal((await groups(accessToken)).status, 401)
    await refused(() => revoke(accessToken), 401)
    const row = await harness.db
      .selectFrom("audit_logs")
      .selectAll()
      .where("event_type", "=", "revoke-identity-access-token")
      .where("actor_id", "=", identityId)
      .executeTakeFirstOrThrow()
    assert.deepEqual(row.event_metadata, { identityId, tokenId: idOf(accessToken) })
  })
})

test("what is no machine identity's token is neither renewed nor revoked", async () => {
  const cases: [unknown, number][] = [
    [acme.adminToken, 400],
    ["garbage", 403],
    ["st.a.b", 403],
    ["", 403],
    [undefined, 422],
    [7, 422],
    ["a".repeat(8_193), 422],
  ]
  for (const act of [renew, revoke]) {
    for (const [token, status] of cases) await refused(() => act(token), status)
  }
})
