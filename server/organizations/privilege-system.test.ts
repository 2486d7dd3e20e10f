import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const grace = await people.addPerson(harness, acme, { email: "grace@example.com" })
const upgrade = "POST /api/v2/organizations/privilege-system-upgrade"
const permissions = `GET /api/v1/organization/${acme.id}/permissions`

async function setLegacy(): Promise<void> {
  const legacy = { uses_new_privilege_system: false }
  await harness.db.updateTable("organizations").set(legacy).where("id", "=", acme.id).execute()
}

/** Gives Grace a custom role with these permissions. */
async function giveRole(slug: string, rules: object[]): Promise<void> {
  const { token } = acme
  const body = { slug, name: slug, permissions: rules }
  people.ok(await harness.call("POST /api/v1/organization/roles", { token, body }))
  const id = await people.membershipIdOf(harness, acme, "grace@example.com")
  const route = `PATCH /api/v2/organizations/${acme.id}/memberships/${id}`
  people.ok(await harness.call(route, { token, body: { role: slug } }))
}

describe("what you may do in the organization", () => {
  test("is told with your place, as packed rules of all your roles", async () => {
    const { membership, permissions: packed } = people.ok(await harness.call(permissions, { token: grace }))
    assert.deepEqual(
      [membership.role, membership.status, membership.orgId, membership.isActive],
      ["member", "accepted", acme.id, true],
    )
    assert.deepEqual(packed.slice(0, 3), [
      ["create", "workspace"],
      ["create", "project"],
      ["read", "member"],
    ])
    const group = await people.addGroup(harness, acme, "Admins", "admin")
    const { token } = acme
    people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/grace@example.com`, { token }))
    const more = people.ok(await harness.call(permissions, { token: grace })).permissions
    assert.ok(more.length > packed.length)
    people.ok(await harness.call(`DELETE /api/v1/groups/${group.id}/users/grace@example.com`, { token }))
    assert.deepEqual(people.ok(await harness.call(permissions, { token: grace })).permissions, packed)
  })

  test("is nobody's of another organization, and is told to people only", async () => {
    const elsewhere = await people.addOrganization(harness, acme)
    const foreign = await harness.call(permissions, { token: elsewhere.adminToken })
    assert.equal(foreign.status, 404, foreign.text)
    const machine = await harness.call(permissions, { token: acme.token })
    assert.deepEqual(
      [machine.status, machine.body.error],
      [403, `Forbidden access to ${permissions.slice(4)}`],
    )
  })
})

describe("the legacy privilege system", () => {
  test("is left once, by an admin", async () => {
    await setLegacy()
    const { organization } = people.ok(await harness.call(upgrade, { token: acme.adminToken }))
    assert.deepEqual([organization.id, organization.shouldUseNewPrivilegeSystem], [acme.id, true])
    const before = await harness.state()
    const again = await harness.call(upgrade, { token: acme.adminToken })
    assert.equal(again.status, 400, again.text)
    assert.deepEqual(await harness.state(), before)
    const { count } = await harness.db
      .selectFrom("audit_logs")
      .select((row) => row.fn.countAll<string>().as("count"))
      .where("event_type", "=", "upgrade-privilege-system")
      .executeTakeFirstOrThrow()
    assert.equal(count, "1")
  })

  test("is not left by a member, nor by who may change settings and less than an admin", async () => {
    await setLegacy()
    const isLegacy = async () => {
      const route = `GET /api/v1/organization/${acme.id}`
      const { organization } = people.ok(await harness.call(route, { token: acme.adminToken }))
      return !organization.shouldUseNewPrivilegeSystem
    }
    assert.equal((await harness.call(upgrade, { token: grace })).body.error, "PermissionDenied")
    await giveRole("settler", [{ subject: "settings", action: ["read", "edit"] }])
    const answer = await harness.call(upgrade, { token: grace })
    assert.deepEqual([answer.status, answer.body.error], [403, "PermissionBoundaryError"])
    assert.ok(await isLegacy())
  })
})

describe("sub-organizations, which there are none of", () => {
  test("are listed as none", async () => {
    const answer = await harness.call("GET /api/v1/organization/accessible-with-sub-orgs", { token: grace })
    const [organization] = people.ok(answer).organizations
    assert.deepEqual([organization.id, organization.subOrganizations], [acme.id, []])
  })

  test("are refused where a request names one", async () => {
    const route = "POST /api/v1/groups"
    const body = { name: "Below" }
    for (const [header, status] of [
      ["below", 400],
      ["not a slug", 422],
      ["", 422],
    ] as const) {
      const before = await harness.state()
      const headers = { "x-infisical-org": header }
      const answer = await harness.call(route, { token: acme.token, body, headers })
      assert.equal(answer.status, status, answer.text)
      assert.deepEqual(await harness.state(), before)
      assert.equal((await harness.call(route, { body, headers })).status, 401)
    }
  })
})
