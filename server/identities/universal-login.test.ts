import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness({ TRUSTED_PROXIES: "127.0.0.1" })
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const route = "POST /api/v1/auth/universal-auth/login"

type Credentials = { clientId: string; clientSecret: string }
const login = (body: Record<string, unknown>, from = "192.0.2.1") =>
  harness.call(route, { body, headers: { "x-forwarded-for": from } })
const groups = (token: string, from = "192.0.2.1") =>
  harness.call("GET /api/v1/groups", { token, headers: { "x-forwarded-for": from } })
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())

async function machine(
  options: { settings?: object; secret?: object } = {},
): Promise<Credentials & { identityId: string; clientSecretId: string }> {
  const body = { name: "builder", organizationId: acme.id, role: "member" }
  const { identity } = people.ok(await harness.call("POST /api/v1/identities", { token: acme.token, body }))
  const made = await people.addClientSecret(harness, acme, identity.id, options)
  return { ...made, identityId: identity.id }
}

const credentialsOf = ({ clientId, clientSecret }: Credentials): Credentials => ({ clientId, clientSecret })

const refused = refusing(harness)

describe("a login", () => {
  test("gives a token that says who, and records itself", async () => {
    const made = await machine({ settings: { accessTokenTTL: 60, accessTokenMaxTTL: 600 } })
    const answer = people.ok(await login(credentialsOf(made)))
    assert.deepEqual(Object.keys(answer), ["accessToken", "expiresIn", "accessTokenMaxTTL", "tokenType"])
    assert.deepEqual([answer.expiresIn, answer.accessTokenMaxTTL, answer.tokenType], [60, 600, "Bearer"])
    const claims = claimsOf(answer.accessToken)
    assert.deepEqual(Object.keys(claims), [
      "identityId",
      "clientSecretId",
      "identityAccessTokenId",
      "authTokenType",
      "identityName",
      "authMethod",
      "orgId",
      "iat",
      "exp",
    ])
    assert.deepEqual(
      [claims.identityId, claims.clientSecretId, claims.authMethod, claims.orgId, claims.exp - claims.iat],
      [made.identityId, made.clientSecretId, "universal-auth", acme.id, 60],
    )
    people.ok(await groups(answer.accessToken))
    const row = await harness.db
      .selectFrom("audit_logs")
      .selectAll()
      .where("event_type", "=", "login-identity-universal-auth")
      .orderBy("created_at", "desc")
      .executeTakeFirstOrThrow()
    assert.deepEqual(
      [row.actor_type, row.actor_id, row.ip_address],
      ["identity", made.identityId, "192.0.2.1"],
    )
    assert.equal(
      Reflect.get(Object(row.event_metadata), "identityAccessTokenId"),
      claims.identityAccessTokenId,
    )
    assert.ok(!JSON.stringify(row).includes(made.clientSecret.slice(4)))
  })

  test("takes JSON and forms, a slash behind the path, and spaces around both values", async () => {
    const { clientId, clientSecret } = await machine()
    const rawBody = new URLSearchParams({ clientId, clientSecret }).toString()
    const headers = { "content-type": "application/x-www-form-urlencoded" }
    people.ok(await harness.call(route, { rawBody, headers }))
    people.ok(await harness.call(`${route}/`, { rawBody, headers }))
    people.ok(await login({ clientId: ` ${clientId}\n`, clientSecret: `\t${clientSecret} ` }))
    people.ok(await login({ clientId: clientId.toUpperCase(), clientSecret }))
    for (const body of [
      {},
      { clientId },
      { clientId, clientSecret: 7 },
      { clientId: "x".repeat(1_001), clientSecret },
    ]) {
      assert.equal((await login(body)).status, 422)
    }
    assert.equal((await harness.call(route)).status, 422)
  })

  test("with a period gives tokens of that length, which can be renewed as good as without end", async () => {
    const made = await machine({ settings: { accessTokenPeriod: 90 } })
    const answer = people.ok(await login(credentialsOf(made)))
    assert.deepEqual([answer.expiresIn, answer.accessTokenMaxTTL], [90, 1_000_000_000])
    assert.equal(claimsOf(answer.accessToken).exp - claimsOf(answer.accessToken).iat, 90)
  })

  test("for ever gives tokens without an end", async () => {
    const made = await machine({ settings: { accessTokenTTL: 0, accessTokenMaxTTL: 0 } })
    const answer = people.ok(await login(credentialsOf(made)))
    assert.deepEqual([answer.expiresIn, answer.accessTokenMaxTTL], [0, 0])
    assert.equal(claimsOf(answer.accessToken).exp, undefined)
    people.ok(await groups(answer.accessToken))
  })

  test("may name its organization; any other is absent, and signs nobody in", async () => {
    const made = credentialsOf(await machine())
    const slugs = await harness.db.selectFrom("organizations").select(["id", "slug"]).execute()
    const slugOf = (id: string) => slugs.find((one) => one.id === id)?.slug
    people.ok(await login({ ...made, organizationSlug: slugOf(acme.id) }))
    await refused(() => login({ ...made, organizationSlug: slugOf(elsewhere.id) }), 404)
    await refused(() => login({ ...made, organizationSlug: "nowhere" }), 404)
    await refused(() => login({ ...made, subOrganizationName: "nowhere" }), 404)
  })

  test("of a machine identity that was deleted is refused", async () => {
    const made = await machine()
    const deleted = harness.db.updateTable("identities").set({ deleted_at: new Date() })
    await deleted.where("id", "=", made.identityId).execute()
    await refused(() => login(credentialsOf(made)), 401)
  })
})

describe("a refusal", () => {
  test("says the same of an unknown client id, one that is none, and a wrong secret", async () => {
    const { clientId, clientSecret } = await machine({ settings: { lockoutEnabled: false } })
    const other = await machine()
    const answers = [
      await login({ clientId, clientSecret: "0".repeat(64) }),
      await login({ clientId, clientSecret: clientSecret.toUpperCase() + "0" }),
      await login({ clientId, clientSecret: other.clientSecret }),
      await login({ clientId, clientSecret: "" }),
      await login({ clientId: randomUUID(), clientSecret }),
      await login({ clientId: "no-id", clientSecret }),
    ]
    for (const { status, body } of answers) {
      assert.deepEqual(
        [status, body.error, body.message],
        [401, "UnauthorizedError", "The client ID or the client secret is wrong"],
      )
    }
  })

  test("comes where the client secret may not be used, but only after the secret", async () => {
    const made = await machine({ settings: { clientSecretTrustedIps: [{ ipAddress: "10.0.0.0/8" }] } })
    await refused(() => login(credentialsOf(made)), 403)
    assert.equal((await login({ ...credentialsOf(made), clientSecret: "wrong" })).status, 401)
    people.ok(await login(credentialsOf(made), "10.1.2.3"))
    people.ok(await login(credentialsOf(made), "::ffff:10.1.2.3"))
  })

  test("comes where the token may not be used, whatever the login said", async () => {
    const made = await machine({ settings: { accessTokenTrustedIps: [{ ipAddress: "10.0.0.0/8" }] } })
    const { accessToken } = people.ok(await login(credentialsOf(made)))
    assert.equal((await groups(accessToken)).status, 403)
    people.ok(await groups(accessToken, "10.1.2.3"))
  })

  test("comes when the client secret has expired or is used up", async () => {
    const expired = await machine({ secret: { ttl: 60 } })
    people.ok(await login(credentialsOf(expired)))
    await harness.db
      .updateTable("identity_client_secrets")
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where("id", "=", expired.clientSecretId)
      .execute()
    await refused(() => login(credentialsOf(expired)), 401)
    const twice = await machine({ secret: { numUsesLimit: 2 } })
    people.ok(await login(credentialsOf(twice)))
    people.ok(await login(credentialsOf(twice)))
    await refused(() => login(credentialsOf(twice)), 401)
    const path = `/api/v1/auth/universal-auth/identities/${twice.identityId}/client-secrets/${twice.clientSecretId}`
    const { clientSecretData } = people.ok(await harness.call(`GET ${path}`, { token: acme.token }))
    assert.equal(clientSecretData.clientSecretNumUses, 2)
  })
})
