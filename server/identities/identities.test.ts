import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

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
const groups = (token: string) => harness.call("GET /api/v1/groups", { token })

async function refused(act: () => Promise<{ status: number; text: string }>, status: number): Promise<void> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(await harness.state(), before)
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())

describe("machine identities", () => {
  test("begin without access and without a way to sign in", async () => {
    const { identity } = people.ok(await create({ name: " Build server " }))
    assert.equal(identity.name, "Build server")
    assert.deepEqual([identity.authMethods, identity.metadata, identity.hasDeleteProtection], [[], [], false])
  })

  test("of another organization cannot be made, and an unknown role is absent", async () => {
    await refused(() => create({ name: "x", organizationId: elsewhere.id }), 404)
    await refused(() => create({ name: "x", organizationId: unknownId }), 404)
    await refused(() => create({ name: "x", organizationId: `${acme.id}\n` }), 404)
    await refused(() => create({ name: "x", role: "astronaut" }), 404)
    await refused(() => create({ name: "" }), 422)
  })

  test("a member makes one without access, and is refused one with more", async () => {
    const token = await people.addMachine(harness, acme, "member")
    people.ok(await create({ name: "harmless" }, token))
    const answer = await create({ name: "mighty", role: "admin" }, token)
    assert.equal(answer.status, 403)
    assert.equal(answer.body.error, "PermissionBoundaryError")
    assert.deepEqual(answer.body.details, {
      missingPermissions: [{ action: "grant-privileges", subject: "identity" }],
    })
  })
})

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
    assert.ok(!Object.keys(claims).some((key) => /role|permission|right/i.test(key)))
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
