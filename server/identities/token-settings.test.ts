import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const unknownId = "00000000-0000-7000-8000-000000000000"

const create = (body: Record<string, unknown>, token = acme.token) =>
  harness.call("POST /api/v1/identities", { token, body: { organizationId: acme.id, ...body } })
const attach = (id: string, body: unknown = {}, token = acme.token) =>
  harness.call(`POST /api/v1/auth/token-auth/identities/${id}`, { token, body })
const makeToken = (id: string, body: unknown = {}, token = acme.token) =>
  harness.call(`POST /api/v1/auth/token-auth/identities/${id}/tokens`, { token, body })
const methodOf = (id: string): string => `/api/v1/auth/token-auth/identities/${id}`
const groups = (token: string) => harness.call("GET /api/v1/groups", { token })

const refused = refusing(harness)

describe("what tokens are like", () => {
  test("is answered as it was sent, networks and addresses too", async () => {
    const { identity } = people.ok(await create({ name: "settings" }))
    const sent = {
      accessTokenTTL: 60,
      accessTokenMaxTTL: 600,
      accessTokenNumUsesLimit: 7,
      accessTokenTrustedIps: [
        { ipAddress: "0.0.0.0/0" },
        { ipAddress: " 10.1.2.3/8 " },
        { ipAddress: "192.0.2.1" },
        { ipAddress: "2001:DB8::/32" },
        { ipAddress: "::ffff:10.0.0.1" },
      ],
    }
    const { identityTokenAuth } = people.ok(await attach(identity.id, sent))
    const expected = {
      accessTokenTTL: 60,
      accessTokenMaxTTL: 600,
      accessTokenNumUsesLimit: 7,
      accessTokenTrustedIps: [
        { type: "ipv4", prefix: 0, ipAddress: "0.0.0.0" },
        { type: "ipv4", prefix: 8, ipAddress: "10.1.2.3" },
        { type: "ipv4", ipAddress: "192.0.2.1" },
        { type: "ipv6", prefix: 32, ipAddress: "2001:DB8::" },
        { type: "ipv4", ipAddress: "10.0.0.1" },
      ],
      accessTokenPeriod: 0,
    }
    const { id, createdAt, updatedAt, identityId, ...settings } = identityTokenAuth
    assert.deepEqual(settings, expected)
    assert.equal(identityId, identity.id)
    const read = people.ok(await harness.call(`GET ${methodOf(identity.id)}`, { token: acme.token }))
    assert.deepEqual(read.identityTokenAuth, { id, ...expected, createdAt, updatedAt, identityId })
  })

  test("changes by what is sent alone", async () => {
    const { id, token } = await people.addIdentity(harness, acme, "member")
    const patch = (body: unknown) => harness.call(`PATCH ${methodOf(id)}`, { token: acme.token, body })
    const { identityTokenAuth } = people.ok(await patch({ accessTokenTTL: 30 }))
    assert.deepEqual([identityTokenAuth.accessTokenTTL, identityTokenAuth.accessTokenMaxTTL], [30, 2_592_000])
    assert.equal(identityTokenAuth.accessTokenTrustedIps.length, 2)
    await refused(() => patch({ accessTokenMaxTTL: 29 }), 400)
    await refused(() => patch({ accessTokenTTL: 20, accessTokenMaxTTL: 10 }), 422)
    for (const ipAddress of [
      "",
      "10.0.0.0/33",
      "10.0.0",
      "::/129",
      "fe80::1%eth0",
      "10.0.0.0/8/8",
      "a",
      "10.0.0.0/-1",
    ]) {
      await refused(() => patch({ accessTokenTrustedIps: [{ ipAddress }] }), 422)
    }
    await refused(() => patch({ accessTokenTrustedIps: [] }), 422)
    people.ok(await groups(token))
  })

  test("from where they may be used is judged as it is now, at each use", async () => {
    const { id, token } = await people.addIdentity(harness, acme, "member")
    const trust = async (...networks: string[]) =>
      people.ok(
        await harness.call(`PATCH ${methodOf(id)}`, {
          token: acme.token,
          body: { accessTokenTrustedIps: networks.map((ipAddress) => ({ ipAddress })) },
        }),
      )
    for (const network of ["10.0.0.0/8", "127.0.0.2", "::/0"]) {
      await trust(network)
      const answer = await groups(token)
      assert.deepEqual([answer.status, answer.body.error], [403, "ForbiddenError"], network)
    }
    for (const network of [
      "127.0.0.0/8",
      "127.0.0.1",
      "::ffff:127.0.0.1",
      "::ffff:127.0.0.0/104",
      "0.0.0.0/0",
    ]) {
      await trust("10.0.0.0/8", network)
      people.ok(await groups(token))
    }
  })

  test("a limit of uses holds: what goes beyond is refused", async () => {
    const { identity } = people.ok(await create({ name: "limited", role: "member" }))
    people.ok(await attach(identity.id, { accessTokenNumUsesLimit: 2 }))
    const { accessToken, tokenData } = people.ok(await makeToken(identity.id))
    const denied = await makeToken(identity.id, {}, accessToken)
    assert.equal(denied.status, 403)
    people.ok(await groups(accessToken))
    const beyond = await groups(accessToken)
    assert.deepEqual([beyond.status, beyond.body.error], [401, "UnauthorizedError"])
    const read = people.ok(
      await harness.call(`GET /api/v1/auth/token-auth/tokens/${tokenData.id}`, { token: acme.token }),
    )
    assert.deepEqual([read.token.accessTokenNumUses, read.token.accessTokenNumUsesLimit], [2, 2])
  })

  test("where token auth is not attached there is none to get, change or delete", async () => {
    const { identity } = people.ok(await create({ name: "none" }))
    for (const [method, status] of [
      ["GET", 404],
      ["PATCH", 404],
      ["DELETE", 400],
    ] as const) {
      const options = { token: acme.token, ...(method === "PATCH" ? { body: {} } : {}) }
      await refused(() => harness.call(`${method} ${methodOf(identity.id)}`, options), status)
      await refused(() => harness.call(`${method} ${methodOf(unknownId)}`, options), 404)
    }
    await refused(() => harness.call(`GET ${methodOf(identity.id)}/tokens`, { token: acme.token }), 404)
  })
})
