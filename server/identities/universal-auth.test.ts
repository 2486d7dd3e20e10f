import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const unknownId = "00000000-0000-7000-8000-000000000000"

const routeOf = (id: string): string => `/api/v1/auth/universal-auth/identities/${id}`
const ask = (route: string, body?: unknown, token = acme.token) => harness.call(route, { token, body })
const attach = (id: string, body: unknown = {}) => ask(`POST ${routeOf(id)}`, body)
const makeSecret = (id: string, body: unknown = {}, token = acme.token) =>
  ask(`POST ${routeOf(id)}/client-secrets`, body, token)
const login = (credentials: Record<string, unknown>) =>
  harness.call("POST /api/v1/auth/universal-auth/login", { body: credentials })
const groups = (token: string) => harness.call("GET /api/v1/groups", { token })

async function newIdentity(role = "member"): Promise<string> {
  const body = { name: "builder", organizationId: acme.id, role }
  return people.ok(await ask("POST /api/v1/identities", body)).identity.id
}

const refused = refusing(harness)

const everywhere = [
  { type: "ipv4", prefix: 0, ipAddress: "0.0.0.0" },
  { type: "ipv6", prefix: 0, ipAddress: "::" },
]

describe("universal auth", () => {
  test("is attached with the defaults of the contract, in its order of keys", async () => {
    const id = await newIdentity()
    const { identityUniversalAuth: auth } = people.ok(await attach(id))
    assert.deepEqual(Object.entries(auth), [
      ["id", auth.id],
      ["clientId", auth.clientId],
      ["accessTokenTTL", 2_592_000],
      ["accessTokenMaxTTL", 2_592_000],
      ["accessTokenNumUsesLimit", 0],
      ["clientSecretTrustedIps", everywhere],
      ["accessTokenTrustedIps", everywhere],
      ["createdAt", auth.createdAt],
      ["updatedAt", auth.updatedAt],
      ["identityId", id],
      ["accessTokenPeriod", 0],
      ["lockoutEnabled", true],
      ["lockoutThreshold", 3],
      ["lockoutDurationSeconds", 300],
      ["lockoutCounterResetSeconds", 30],
    ])
    assert.match(auth.clientId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.deepEqual(people.ok(await ask(`GET ${routeOf(id)}`)).identityUniversalAuth, auth)
    await refused(() => attach(id), 400)
    await refused(() => attach(unknownId), 404)
    await refused(() => ask(`GET ${routeOf(id)}`, undefined, elsewhere.token), 404)
  })

  test("changes by what is sent alone", async () => {
    const id = await newIdentity()
    const { identityUniversalAuth: before } = people.ok(await attach(id))
    const patch = (body: unknown) => ask(`PATCH ${routeOf(id)}`, body)
    const sent = {
      lockoutThreshold: 5,
      clientSecretTrustedIps: [{ ipAddress: "10.0.0.0/8" }, { ipAddress: "192.0.2.1" }],
      accessTokenPeriod: 60,
    }
    const { identityUniversalAuth: after } = people.ok(await patch(sent))
    assert.deepEqual(after, {
      ...before,
      lockoutThreshold: 5,
      clientSecretTrustedIps: [
        { type: "ipv4", prefix: 8, ipAddress: "10.0.0.0" },
        { type: "ipv4", ipAddress: "192.0.2.1" },
      ],
      accessTokenPeriod: 60,
      updatedAt: after.updatedAt,
    })
    assert.deepEqual(people.ok(await patch({})).identityUniversalAuth, after)
    await refused(() => patch({ accessTokenTTL: 2_592_001 }), 400)
    for (const body of [
      { accessTokenTTL: -1 },
      { accessTokenTTL: 2, accessTokenMaxTTL: 1 },
      { lockoutThreshold: 0 },
      { lockoutThreshold: 31 },
      { lockoutDurationSeconds: 29 },
      { lockoutCounterResetSeconds: 4 },
      { clientSecretTrustedIps: [] },
      { clientSecretTrustedIps: [{ ipAddress: "anywhere" }] },
      { accessTokenTrustedIps: [{}] },
    ]) {
      await refused(() => patch(body), 422)
    }
  })

  test("that is not attached is 404 to read and change, and 400 to take away or to make secrets of", async () => {
    const id = await newIdentity()
    await refused(() => ask(`GET ${routeOf(id)}`), 404)
    await refused(() => ask(`PATCH ${routeOf(id)}`, {}), 404)
    await refused(() => ask(`GET ${routeOf(id)}/client-secrets`), 404)
    await refused(() => ask(`GET ${routeOf(id)}/client-secrets/${unknownId}`), 404)
    await refused(() => ask(`DELETE ${routeOf(id)}`), 400)
    await refused(() => makeSecret(id), 400)
    await refused(() => ask(`POST ${routeOf(id)}/clear-lockouts`), 400)
  })

  test("taken away, ends its client secrets and its tokens at once", async () => {
    const id = await newIdentity()
    const { clientId, clientSecret } = await people.addClientSecret(harness, acme, id)
    const { accessToken } = people.ok(await login({ clientId, clientSecret }))
    people.ok(await groups(accessToken))
    people.ok(await ask(`DELETE ${routeOf(id)}`))
    assert.equal((await groups(accessToken)).status, 401)
    assert.equal((await login({ clientId, clientSecret })).status, 401)
    const { identityUniversalAuth } = people.ok(await attach(id))
    assert.notEqual(identityUniversalAuth.clientId, clientId)
    assert.deepEqual(people.ok(await ask(`GET ${routeOf(id)}/client-secrets`)).clientSecretData, [])
    const both = [clientId, identityUniversalAuth.clientId]
    for (const name of both) assert.equal((await login({ clientId: name, clientSecret })).status, 401)
    assert.equal((await groups(accessToken)).status, 401)
  })

  test("of a stronger machine identity is not theirs to touch who hold less", async () => {
    const id = await newIdentity("admin")
    people.ok(await attach(id))
    const member = await people.addMachine(harness, acme, "member")
    for (const [route, body] of [
      [`PATCH ${routeOf(id)}`, { accessTokenTTL: 0 }],
      [`POST ${routeOf(id)}/clear-lockouts`, undefined],
    ] as const) {
      const answer = await ask(route, body, member)
      assert.deepEqual([answer.status, answer.body.error], [403, "PermissionBoundaryError"], answer.text)
    }
    const { identityId } = JSON.parse(Buffer.from(acme.token.split(".")[1] ?? "", "base64url").toString())
    const admin = await people.addMachine(harness, acme, "admin")
    await refused(() => ask(`POST ${routeOf(identityId)}`, {}, admin), 403)
  })
})

describe("client secrets", () => {
  test("are 64 hex characters, shown once and kept as a keyed hash", async () => {
    const id = await newIdentity()
    const { identityUniversalAuth } = people.ok(await attach(id))
    const sent = { description: " CI ", numUsesLimit: 3, ttl: 60 }
    const { clientSecret, clientSecretData: data } = people.ok(await makeSecret(id, sent))
    assert.match(clientSecret, /^[0-9a-f]{64}$/)
    assert.deepEqual(Object.entries(data), [
      ["id", data.id],
      ["createdAt", data.createdAt],
      ["updatedAt", data.updatedAt],
      ["description", "CI"],
      ["clientSecretPrefix", clientSecret.slice(0, 4)],
      ["clientSecretNumUses", 0],
      ["clientSecretNumUsesLimit", 3],
      ["clientSecretTTL", 60],
      ["identityUAId", identityUniversalAuth.id],
      ["isClientSecretRevoked", false],
    ])
    const text = JSON.stringify(await harness.state())
    assert.ok(text.includes(data.id))
    assert.ok(!text.includes(clientSecret))
    assert.ok(!text.includes(clientSecret.slice(4)))
  })

  test("are listed newest first, got one by one, and belong to their machine identity", async () => {
    const [id, other] = [await newIdentity(), await newIdentity()]
    const { clientSecretId: first } = await people.addClientSecret(harness, acme, id)
    const { clientSecretId: foreign } = await people.addClientSecret(harness, acme, other)
    const { clientSecretData: second } = people.ok(await makeSecret(id))
    assert.equal(second.description, "")
    const { clientSecretData: list } = people.ok(await ask(`GET ${routeOf(id)}/client-secrets`))
    assert.deepEqual(
      list.map((secret: { id: string }) => secret.id),
      [second.id, first],
    )
    const one = (secretId: string) => ask(`GET ${routeOf(id)}/client-secrets/${secretId}`)
    assert.deepEqual(people.ok(await one(second.id)).clientSecretData, second)
    for (const absent of [foreign, unknownId, "no-id"]) {
      await refused(() => one(absent), 404)
      await refused(() => ask(`POST ${routeOf(id)}/client-secrets/${absent}/revoke`), 404)
    }
    for (const body of [{ ttl: -1 }, { numUsesLimit: -1 }, { ttl: 315_360_001 }, { description: "\0" }]) {
      await refused(() => makeSecret(id, body), 422)
    }
  })

  test("open nothing once they are revoked, while the tokens that came of them stay good", async () => {
    const id = await newIdentity()
    const { clientId, clientSecret, clientSecretId } = await people.addClientSecret(harness, acme, id)
    const { accessToken } = people.ok(await login({ clientId, clientSecret }))
    const revoke = () => ask(`POST ${routeOf(id)}/client-secrets/${clientSecretId}/revoke`)
    assert.equal(people.ok(await revoke()).clientSecretData.isClientSecretRevoked, true)
    const before = await harness.state()
    assert.equal(people.ok(await revoke()).clientSecretData.isClientSecretRevoked, true)
    assert.deepEqual(await harness.state(), before)
    const answer = await login({ clientId, clientSecret })
    assert.deepEqual([answer.status, answer.body.error], [401, "UnauthorizedError"])
    people.ok(await groups(accessToken))
  })
})
