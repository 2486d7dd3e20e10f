import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const unknownId = "00000000-0000-7000-8000-000000000000"

const create = (body: Record<string, unknown>, token = acme.token) =>
  harness.call("POST /api/v1/identities", { token, body: { organizationId: acme.id, ...body } })

const refused = refusing(harness)

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

const patch = (id: string, body: unknown, token = acme.token) =>
  harness.call(`PATCH /api/v1/identities/${id}`, { token, body })
const get = (id: string, token = acme.token) => harness.call(`GET /api/v1/identities/${id}`, { token })
const remove = (id: string, token = acme.token) => harness.call(`DELETE /api/v1/identities/${id}`, { token })
const groups = (token: string) => harness.call("GET /api/v1/groups", { token })
const pairs = (metadata: { key: string; value: string }[]) => metadata.map(({ key, value }) => [key, value])

const lastEvent = async (type: string) =>
  harness.db
    .selectFrom("audit_logs")
    .select("event_metadata")
    .where("event_type", "=", type)
    .orderBy("created_at", "desc")
    .executeTakeFirstOrThrow()

const team = [
  { key: "team", value: "blue" },
  { key: "cost center", value: "7" },
]

describe("a change of a machine identity", () => {
  test("changes what is sent and nothing else", async () => {
    const { identity } = people.ok(
      await create({ name: "before", role: "member", metadata: team, hasDeleteProtection: true }),
    )
    assert.deepEqual(pairs(identity.metadata), [
      ["team", "blue"],
      ["cost center", "7"],
    ])
    assert.deepEqual(Object.keys(identity), [
      "id",
      "name",
      "orgId",
      "authMethod",
      "createdAt",
      "updatedAt",
      "hasDeleteProtection",
      "authMethods",
      "metadata",
    ])
    const seen = async () => {
      const { identity: found } = people.ok(await get(identity.id))
      return [
        found.identity.name,
        found.role,
        found.identity.hasDeleteProtection,
        pairs(found.metadata).length,
      ]
    }
    assert.deepEqual(await seen(), ["before", "member", true, 2])
    people.ok(await patch(identity.id, { name: " after " }))
    assert.deepEqual(await seen(), ["after", "member", true, 2])
    people.ok(await patch(identity.id, { hasDeleteProtection: false }))
    assert.deepEqual(await seen(), ["after", "member", false, 2])
    people.ok(await patch(identity.id, { role: "admin" }))
    assert.deepEqual(await seen(), ["after", "admin", false, 2])
    const { identity: emptied } = people.ok(await patch(identity.id, { metadata: [] }))
    assert.deepEqual(emptied.metadata, [])
    assert.deepEqual(await seen(), ["after", "admin", false, 0])
    const before = await harness.state()
    people.ok(await patch(identity.id, {}))
    assert.deepEqual(await harness.state(), { ...before, audit_logs: (await harness.state())["audit_logs"] })
    people.ok(await patch(identity.id, { role: "member", metadata: [{ key: "a", value: "b" }] }))
    assert.deepEqual((await lastEvent("update-identity")).event_metadata, {
      identityId: identity.id,
      role: "member",
      metadata: [{ key: "a", value: "b" }],
    })
  })

  test("of the role holds from the next request on", async () => {
    const { id, token } = await people.addIdentity(harness, acme, "member")
    people.ok(await groups(token))
    people.ok(await patch(id, { role: "no-access" }))
    assert.equal((await groups(token)).status, 403)
    people.ok(await patch(id, { role: "admin" }))
    people.ok(await harness.call("POST /api/v1/groups", { token, body: { name: "made by a machine" } }))
  })

  test("is refused where it is wrong, and changes nothing", async () => {
    const { identity } = people.ok(await create({ name: "still", metadata: team }))
    await refused(() => patch(identity.id, { role: "astronaut" }), 404)
    await refused(() => patch(unknownId, { name: "x" }), 404)
    await refused(() => patch("no-id", { name: "x" }), 404)
    await refused(() => patch(identity.id, { name: "x" }, elsewhere.token), 404)
    for (const body of [
      { name: "" },
      { role: "" },
      { hasDeleteProtection: "no" },
      { metadata: [{ key: "", value: "x" }] },
      { metadata: [{ key: "x", value: "" }] },
      { metadata: [{ key: "x" }] },
      { metadata: [{ key: "x", value: "\0" }] },
      { name: "fine", metadata: [...team, { key: "team", value: "red" }] },
    ]) {
      await refused(() => patch(identity.id, body), 422)
    }
  })

  test("of the role is not a member's, and of who administers the instance not another admin's", async () => {
    const { identity } = people.ok(await create({ name: "guarded" }))
    const member = await people.addMachine(harness, acme, "member")
    for (const role of ["member", "no-access"]) {
      const answer = await patch(identity.id, { role, name: "taken over" }, member)
      assert.deepEqual([answer.status, answer.body.error], [403, "PermissionBoundaryError"])
    }
    assert.equal(people.ok(await get(identity.id)).identity.identity.name, "guarded")
    people.ok(await patch(identity.id, { name: "renamed" }, member))
    const admin = await people.addMachine(harness, acme, "admin")
    const { identityId } = JSON.parse(Buffer.from(acme.token.split(".")[1] ?? "", "base64url").toString())
    await refused(() => patch(identityId, { role: "no-access" }, admin), 403)
    await refused(() => remove(identityId, admin), 403)
  })
})

describe("deleting a machine identity", () => {
  test("ends all that it had, at once, and is done once", async () => {
    const { id, token } = await people.addIdentity(harness, acme, "member")
    const { clientId, clientSecret } = await people.addClientSecret(harness, acme, id)
    const login = () =>
      harness.call("POST /api/v1/auth/universal-auth/login", { body: { clientId, clientSecret } })
    const { accessToken } = people.ok(await login())
    const group = await people.addGroup(harness, acme, "machines", "admin")
    people.ok(
      await harness.call(`POST /api/v1/groups/${group.id}/machine-identities/${id}`, { token: acme.token }),
    )
    const { identity } = people.ok(await remove(id))
    assert.deepEqual([identity.id, identity.authMethods], [id, ["token-auth", "universal-auth"]])
    for (const used of [token, accessToken]) assert.equal((await groups(used)).status, 401)
    assert.equal((await login()).status, 401)
    await refused(() => get(id), 404)
    await refused(() => remove(id), 404)
    await refused(() => patch(id, { name: "x" }), 404)
    const open = async (table: "organization_identity_memberships" | "group_identity_memberships") =>
      (await harness.state())[table]?.filter((row) => row.includes('"is_closed": false') && row.includes(id))
    assert.deepEqual(await open("organization_identity_memberships"), [])
    const listed = people.ok(
      await harness.call(`GET /api/v1/groups/${group.id}/machine-identities?limit=100`, {
        token: acme.token,
      }),
    )
    assert.ok(listed.machineIdentities.every((one: { id: string }) => one.id !== id))
    assert.deepEqual((await lastEvent("delete-identity")).event_metadata, {
      identityId: id,
      name: "member machine",
    })
  })

  test("is refused while it is protected, and to others", async () => {
    const { identity } = people.ok(await create({ name: "kept", hasDeleteProtection: true }))
    await refused(() => remove(identity.id), 400)
    await refused(() => remove(identity.id, elsewhere.token), 404)
    await refused(() => remove(unknownId), 404)
    people.ok(await patch(identity.id, { hasDeleteProtection: false }))
    people.ok(await remove(identity.id))
  })
})
