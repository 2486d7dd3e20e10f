import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const unknownId = "00000000-0000-7000-8000-000000000000"

const create = (body: Record<string, unknown>, token = acme.token) =>
  harness.call("POST /api/v1/identities", { token, body: { organizationId: acme.id, ...body } })
const attach = (id: string, body: unknown = {}, token = acme.token) =>
  harness.call(`POST /api/v1/auth/token-auth/identities/${id}`, { token, body })
const makeToken = (id: string, body: unknown = {}, token = acme.token) =>
  harness.call(`POST /api/v1/auth/token-auth/identities/${id}/tokens`, { token, body })
const revoke = (tokenId: string, token = acme.token) =>
  harness.call(`POST /api/v1/auth/token-auth/tokens/${tokenId}/revoke`, { token })
const methodOf = (id: string): string => `/api/v1/auth/token-auth/identities/${id}`
const groups = (token: string) => harness.call("GET /api/v1/groups", { token })

const refused = refusing(harness)

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())

describe("token auth", () => {
  test("gives tokens that say who, and whose rights are the role of now", async () => {
    const { identity } = people.ok(await create({ name: "reader", role: "member" }))
    const { identityTokenAuth } = people.ok(await attach(identity.id))
    assert.deepEqual(
      [identityTokenAuth.accessTokenTTL, identityTokenAuth.accessTokenMaxTTL, identityTokenAuth.identityId],
      [2_592_000, 2_592_000, identity.id],
    )
    const made = people.ok(await makeToken(identity.id))
    assert.deepEqual(
      [made.expiresIn, made.accessTokenMaxTTL, made.tokenType],
      [2_592_000, 2_592_000, "Bearer"],
    )
    const claims = claimsOf(made.accessToken)
    assert.equal(claims.identityId, identity.id)
    assert.equal(claims.orgId, acme.id)
    assert.deepEqual(Object.keys(claims), [
      "identityId",
      "identityAccessTokenId",
      "authTokenType",
      "identityName",
      "authMethod",
      "orgId",
      "iat",
      "exp",
    ])
    people.ok(await groups(made.accessToken))
  })

  test("is attached once, and not to others' identities", async () => {
    const { identity } = people.ok(await create({ name: "once" }))
    people.ok(await attach(identity.id))
    await refused(() => attach(identity.id), 400)
    await refused(() => attach(identity.id, {}, elsewhere.token), 404)
    await refused(() => attach(unknownId), 404)
    await refused(() => attach("no-id"), 404)
  })

  test("a lifetime above the maximum is refused at the body as a whole", async () => {
    const { identity } = people.ok(await create({ name: "limits" }))
    await refused(() => attach(identity.id, { accessTokenTTL: 10, accessTokenMaxTTL: 5 }), 422)
    await refused(() => attach(identity.id, { accessTokenTTL: -1 }), 422)
    await refused(() => attach(identity.id, { accessTokenTTL: 315_360_001 }), 422)
  })

  test("makes no token where it is not attached", async () => {
    const { identity } = people.ok(await create({ name: "bare" }))
    await refused(() => makeToken(identity.id), 400)
    await refused(() => makeToken(unknownId), 404)
    await refused(() => makeToken(identity.id, {}, elsewhere.token), 404)
  })

  test("an expired token is refused, by its own words and by the database's clock", async () => {
    const { identity } = people.ok(await create({ name: "short", role: "member" }))
    people.ok(await attach(identity.id, { accessTokenTTL: 3600, accessTokenMaxTTL: 3600 }))
    const { accessToken } = people.ok(await makeToken(identity.id))
    people.ok(await groups(accessToken))
    await harness.db
      .updateTable("identity_access_tokens")
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where("id", "=", claimsOf(accessToken).identityAccessTokenId)
      .execute()
    assert.equal((await groups(accessToken)).status, 401)
  })

  test("a revoked token is refused on its next request, and cannot be revoked again", async () => {
    const { token, tokenId } = await people.addIdentity(harness, acme, "admin")
    people.ok(await groups(token))
    await refused(() => revoke(tokenId, elsewhere.token), 404)
    people.ok(await groups(token))
    people.ok(await revoke(tokenId))
    const answer = await groups(token)
    assert.deepEqual([answer.status, answer.body.error], [401, "UnauthorizedError"])
    await refused(() => revoke(tokenId), 404)
    await refused(() => revoke(unknownId), 404)
    await refused(() => revoke("no-id"), 404)
  })
})

describe("deleting token auth", () => {
  test("ends every token of it, and it can be attached anew", async () => {
    const { id, token } = await people.addIdentity(harness, acme, "member")
    people.ok(await groups(token))
    people.ok(await harness.call(`DELETE ${methodOf(id)}`, { token: acme.token }))
    assert.equal((await groups(token)).status, 401)
    await refused(() => harness.call(`DELETE ${methodOf(id)}`, { token: acme.token }), 400)
    people.ok(await attach(id))
    assert.equal((await groups(token)).status, 401)
    people.ok(await groups(people.ok(await makeToken(id)).accessToken))
  })

  test("is enough by itself: a token whose method is gone is refused though nobody revoked it", async () => {
    const { id, token } = await people.addIdentity(harness, acme, "member")
    await harness.db
      .updateTable("identity_auth_methods")
      .set({ removed_at: new Date() })
      .where("identity_id", "=", id)
      .execute()
    assert.equal((await groups(token)).status, 401)
  })
})

describe("the tokens of a machine identity", () => {
  test("are listed newest first, by pages, and named anew", async () => {
    const { id, tokenId } = await people.addIdentity(harness, acme, "member")
    const { tokenData } = people.ok(await makeToken(id, { name: "second" }))
    const list = async (query = "") =>
      people.ok(await harness.call(`GET ${methodOf(id)}/tokens${query}`, { token: acme.token })).tokens
    const ids = (tokens: { id: string }[]) => tokens.map((token) => token.id)
    const [first, second] = await list()
    assert.deepEqual([first.id, second.id], [tokenData.id, tokenId])
    assert.deepEqual(first, tokenData)
    assert.deepEqual(Object.keys(first), [
      "id",
      "accessTokenTTL",
      "accessTokenMaxTTL",
      "accessTokenNumUses",
      "accessTokenNumUsesLimit",
      "accessTokenLastUsedAt",
      "accessTokenLastRenewedAt",
      "isAccessTokenRevoked",
      "identityUAClientSecretId",
      "identityId",
      "createdAt",
      "updatedAt",
      "name",
      "authMethod",
      "accessTokenPeriod",
    ])
    assert.deepEqual(
      [first.name, first.authMethod, first.isAccessTokenRevoked],
      ["second", "token-auth", false],
    )
    assert.deepEqual(ids(await list("?limit=1")), [tokenData.id])
    assert.deepEqual(ids(await list("?offset=1&limit=1")), [tokenId])
    assert.equal(
      (await harness.call(`GET ${methodOf(id)}/tokens?limit=101`, { token: acme.token })).status,
      422,
    )
    const rename = (to: string, body: unknown, token = acme.token) =>
      harness.call(`PATCH /api/v1/auth/token-auth/tokens/${to}`, { token, body })
    assert.equal(people.ok(await rename(tokenId, { name: " build " })).token.name, "build")
    assert.equal(people.ok(await rename(tokenId, {})).token.name, "build")
    await refused(() => rename(unknownId, { name: "x" }), 404)
    await refused(() => rename(tokenId, { name: "x" }, elsewhere.token), 404)
    await refused(() => rename(tokenId, { name: "" }), 422)
    people.ok(await revoke(tokenId))
    assert.deepEqual(
      (await list()).map((token: { isAccessTokenRevoked: boolean }) => token.isAccessTokenRevoked),
      [false, true],
    )
  })

  test("the last use is noted after the answer", async () => {
    const { token, tokenId } = await people.addIdentity(harness, acme, "member")
    people.ok(await groups(token))
    for (let tries = 0; tries < 100; tries++) {
      const read = people.ok(
        await harness.call(`GET /api/v1/auth/token-auth/tokens/${tokenId}`, { token: acme.token }),
      )
      if (read.token.accessTokenLastUsedAt) return
      await setTimeout(20)
    }
    assert.fail("the use was never noted")
  })
})

describe("whoever holds less than a machine identity", () => {
  test("does not decide how it signs in", async () => {
    const { id } = await people.addIdentity(harness, acme, "admin")
    const member = await people.addMachine(harness, acme, "member")
    const before = await harness.state()
    const answer = await harness.call(`PATCH ${methodOf(id)}`, { token: member, body: { accessTokenTTL: 0 } })
    assert.deepEqual([answer.status, answer.body.error], [403, "PermissionBoundaryError"])
    assert.ok(answer.body.details.missingPermissions.length > 1)
    assert.deepEqual((await harness.state())["identity_auth_methods"], before["identity_auth_methods"])
  })

  test("makes no tokens for it, though they may for others, nor client secrets, nor revokes them", async () => {
    const permissions = [
      { subject: "identity", action: ["read", "create-token", "delete-token", "revoke-auth"] },
    ]
    const role = { slug: "token-maker", name: "Token maker", permissions }
    people.ok(await harness.call("POST /api/v1/organization/roles", { token: acme.token, body: role }))
    const maker = await people.addMachine(harness, acme, "token-maker")
    const { id: harmless } = await people.addIdentity(harness, acme, "no-access")
    const made = people.ok(await makeToken(harmless, {}, maker))
    people.ok(await revoke(made.tokenData.id, maker))
    const { id, tokenId } = await people.addIdentity(harness, acme, "member")
    const { clientSecretId } = await people.addClientSecret(harness, acme, id)
    const secrets = `/api/v1/auth/universal-auth/identities/${id}/client-secrets`
    const before = await harness.state()
    for (const answer of [
      await makeToken(id, {}, maker),
      await revoke(tokenId, maker),
      await harness.call(`DELETE ${methodOf(id)}`, { token: maker }),
      await harness.call(`POST ${secrets}`, { token: maker, body: {} }),
      await harness.call(`POST ${secrets}/${clientSecretId}/revoke`, { token: maker }),
    ]) {
      assert.deepEqual([answer.status, answer.body.error], [403, "PermissionBoundaryError"], answer.text)
      assert.ok(answer.body.details.missingPermissions.length > 0)
    }
    const after = await harness.state()
    assert.deepEqual({ ...after, audit_logs: [] }, { ...before, audit_logs: [] })
  })

  test("makes no tokens for who administers the instance, and takes none away", async () => {
    const { identityId, identityAccessTokenId } = claimsOf(acme.token)
    const admin = await people.addMachine(harness, acme, "admin")
    await refused(() => makeToken(identityId, {}, admin), 403)
    await refused(() => revoke(identityAccessTokenId, admin), 403)
    await refused(() => harness.call(`DELETE ${methodOf(identityId)}`, { token: admin }), 403)
    people.ok(await makeToken(identityId))
  })
})
