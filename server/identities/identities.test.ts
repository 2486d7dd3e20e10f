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

async function refused(act: () => Promise<{ status: number; text: string }>, status: number): Promise<void> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(await harness.state(), before)
}

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
