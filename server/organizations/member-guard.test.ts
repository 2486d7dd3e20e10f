import assert from "node:assert/strict"
import { test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)

/** A role that manages members and may do next to nothing else, and somebody who holds it. */
const role = {
  name: "Member manager",
  slug: "member-manager",
  permissions: [{ subject: "member", action: ["read", "create", "edit", "delete"] }],
}
people.ok(
  await harness.call(`POST /api/v1/organization/${acme.id}/roles`, { token: acme.adminToken, body: role }),
)
const managers = [
  await people.addPerson(harness, acme, { email: "manager@example.com", role: "member-manager" }),
  await people.addMachine(harness, acme, "member-manager"),
]

const routeOf = async (email: string) =>
  `/api/v2/organizations/${acme.id}/memberships/${await people.membershipIdOf(harness, acme, email)}`

async function addMember(email: string, slug: string): Promise<string> {
  await people.addPerson(harness, acme, { email, role: slug })
  return routeOf(email)
}

test("who manages members neither changes nor removes one who may do more, also by a group's role", async () => {
  const admin = await routeOf(acme.adminUsername)
  // A second admin, so that not the last one is what refuses.
  await addMember("second@example.com", "admin")
  const byGroup = await addMember("by-group@example.com", "no-access")
  const group = await people.addGroup(harness, acme, "Admins", "admin")
  people.ok(
    await harness.call(`POST /api/v1/groups/${group.id}/users/by-group@example.com`, { token: acme.token }),
  )
  const plain = await addMember("plain@example.com", "member")
  for (const token of managers) {
    for (const route of [admin, byGroup, plain]) {
      for (const [method, body] of [
        ["PATCH", { role: "no-access" }],
        ["PATCH", { isActive: false }],
        ["PATCH", { metadata: [] }],
        ["DELETE", undefined],
      ] as const) {
        const { audit_logs: logsBefore, ...before } = await harness.state()
        const { status, body: answer } = await harness.call(`${method} ${route}`, { token, body })
        assert.deepEqual([status, answer.error], [403, "PermissionBoundaryError"])
        const { audit_logs: logsAfter, ...after } = await harness.state()
        assert.deepEqual(after, before)
        assert.equal((logsAfter?.length ?? 0) - (logsBefore?.length ?? 0), 1)
      }
    }
  }
})

test("nor gives anybody more than they may do themselves", async () => {
  const weak = await addMember("weak@example.com", "no-access")
  for (const token of managers) {
    for (const slug of ["admin", "member"]) {
      const answer = await harness.call(`PATCH ${weak}`, { token, body: { role: slug } })
      assert.deepEqual([answer.status, answer.body.error], [403, "PermissionBoundaryError"])
    }
    people.ok(await harness.call(`PATCH ${weak}`, { token, body: { role: "member-manager" } }))
    people.ok(await harness.call(`PATCH ${weak}`, { token, body: { role: "no-access", isActive: false } }))
    people.ok(await harness.call(`PATCH ${weak}`, { token, body: { isActive: true } }))
  }
  people.ok(await harness.call(`DELETE ${weak}`, { token: managers[1] }))
})
