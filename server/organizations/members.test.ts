import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Call } from "../test/http.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)

const routeOf = (membershipId: string, organization = acme) =>
  `/api/v2/organizations/${organization.id}/memberships/${membershipId}`
const get = (membershipId: string, more: Call = {}) =>
  harness.call(`GET ${routeOf(membershipId)}`, { token: acme.token, ...more })
const patch = (membershipId: string, body: unknown, token = acme.token) =>
  harness.call(`PATCH ${routeOf(membershipId)}`, { token, body })
const remove = (membershipId: string, token = acme.token) =>
  harness.call(`DELETE ${routeOf(membershipId)}`, { token })
const events = async (type: string) =>
  people.ok(
    await harness.call(`GET /api/v1/organization/audit-logs?eventType=${type}`, { token: acme.token }),
  ).auditLogs as { event: { metadata: Record<string, unknown> } }[]

let made = 0
/** A member with an account: the address, tokens with and without the organization, and the place. */
async function addMember(role = "member", organization = acme) {
  const email = `member-${++made}@example.com`
  const signedInToken = await people.accept(
    harness,
    await people.invite(harness, organization, email, role),
    "Hedy",
  )
  const token = await people.select(harness, signedInToken, organization.id)
  return { email, signedInToken, token, id: await people.membershipIdOf(harness, organization, email) }
}

const refused = refusing(harness)

describe("reading", () => {
  test("one member is shown with name, role, state and what is noted", async () => {
    const { id, email } = await addMember()
    people.ok(await patch(id, { metadata: [{ key: "team", value: "blue" }] }))
    const { membership } = people.ok(await get(id))
    const { lastLoginTime, lastInvitedAt, user, metadata, ...rest } = membership
    assert.deepEqual(rest, {
      id,
      role: "member",
      roleId: null,
      orgId: acme.id,
      status: "accepted",
      inviteEmail: email,
      userId: user.id,
      isActive: true,
      projectFavorites: null,
      lastLoginAuthMethod: "email",
    })
    assert.deepEqual([user.username, user.firstName, user.lastName], [email, "Hedy", "Hopper"])
    assert.deepEqual(
      metadata.map(({ key, value }: { key: string; value: string }) => [key, value]),
      [["team", "blue"]],
    )
    const age = Date.now() - Date.parse(lastLoginTime)
    assert.ok(age >= 0 && age < 60_000, lastLoginTime)
    assert.ok(Date.parse(lastInvitedAt) <= Date.parse(lastLoginTime))
  })

  test("the older list is the newer one", async () => {
    const older = people.ok(
      await harness.call(`GET /api/v1/organization/${acme.id}/users`, { token: acme.adminToken }),
    )
    const newer = people.ok(
      await harness.call(`GET /api/v2/organizations/${acme.id}/memberships`, { token: acme.adminToken }),
    )
    assert.ok(older.users.length > 1)
    assert.deepEqual(older, newer)
  })

  test("a newcomer belongs to no project", async () => {
    const { id } = await addMember()
    const answer = await harness.call(`GET ${routeOf(id)}/project-memberships`, { token: acme.token })
    assert.deepEqual(people.ok(answer), { memberships: [] })
  })

  test("what is absent, no id, or in another organization is 404", async () => {
    const theirs = await people.membershipIdOf(harness, elsewhere, elsewhere.adminUsername)
    for (const id of ["00000000-0000-7000-8000-000000000000", "nonsense", "%00", theirs]) {
      await refused(() => get(id), 404)
      await refused(() => remove(id), 404)
      await refused(() => patch(id, { role: "admin" }), 404)
      const route = `GET ${routeOf(id)}/project-memberships`
      await refused(() => harness.call(route, { token: acme.token }), 404)
    }
  })
})

describe("changing a role", () => {
  test("ends one grant, begins another, and holds at the next request", async () => {
    const { id, token } = await addMember("no-access")
    assert.equal((await harness.call("GET /api/v1/groups", { token })).status, 403)
    const { membership } = people.ok(await patch(id, { role: "admin" }))
    assert.deepEqual([membership.id, membership.role, membership.isActive], [id, "admin", true])
    people.ok(await harness.call("POST /api/v1/groups", { token, body: { name: "By the new admin" } }))
    people.ok(await patch(id, { role: "no-access" }))
    assert.equal((await harness.call("GET /api/v1/groups", { token })).status, 403)
    const grants = await harness.db
      .selectFrom("organization_user_role_grants")
      .select(["role", "is_closed"])
      .where("membership_id", "=", id)
      .orderBy("valid_from")
      .execute()
    assert.deepEqual(
      grants.map(({ role, is_closed }) => [role, is_closed]),
      [
        ["no-access", true],
        ["admin", true],
        ["no-access", false],
      ],
    )
  })

  test("by an admin alone, of somebody else, to a role that exists", async () => {
    const { id, token } = await addMember()
    const other = await addMember()
    assert.equal((await patch(other.id, { role: "no-access" }, token)).body.error, "PermissionDenied")
    const own = await people.membershipIdOf(harness, acme, acme.adminUsername)
    const before = await harness.state()
    const answer = await patch(own, { role: "member" }, acme.adminToken)
    assert.deepEqual([answer.status, answer.body.error], [401, "UnauthorizedError"])
    const unknown = await patch(id, { role: "astronaut" })
    assert.deepEqual([unknown.status, unknown.body.error], [400, "UpdateMembership"])
    assert.deepEqual(await harness.state(), before)
  })

  test("what does not fit is refused, and nothing sent is nothing done", async () => {
    const { id } = await addMember()
    const bodies = [
      { role: "" },
      { role: 1 },
      { isActive: "no" },
      { metadata: {} },
      { metadata: [{ key: "", value: "x" }] },
      { metadata: [{ key: "x", value: "\0" }] },
      { metadata: Array.from({ length: 101 }, () => ({ key: "k", value: "v" })) },
    ]
    for (const body of bodies) await refused(() => patch(id, body), 422)
    await refused(() => patch(id, {}), 200)
  })

  test("is recorded with what was sent", async () => {
    const { id, email } = await addMember()
    people.ok(await patch(id, { role: "no-access", isActive: false }))
    const [log] = await events("update-organization-membership")
    const { userId, ...metadata } = log?.event.metadata ?? {}
    assert.ok(userId)
    assert.deepEqual(metadata, { membershipId: id, username: email, role: "no-access", isActive: false })
  })
})

describe("a member who is set inactive", () => {
  test("is refused everything in the organization until active again, and nothing elsewhere", async () => {
    const { id, email, token, signedInToken } = await addMember("admin")
    const group = await people.addGroup(harness, acme, "Of the inactive", "admin")
    const route = `POST /api/v1/groups/${group.id}/users/${email}`
    people.ok(await harness.call(route, { token: acme.token }))

    people.ok(await patch(id, { isActive: false }))
    const { status, body } = await harness.call("GET /api/v1/groups", { token })
    assert.deepEqual([status, body.error], [403, "ForbiddenError"])
    assert.match(body.message, /inactive/)
    const selecting = { token: signedInToken, body: { organizationId: acme.id } }
    assert.equal((await harness.call("POST /api/v3/auth/select-organization", selecting)).status, 403)
    const created = { token: signedInToken, body: { name: "Own" } }
    people.ok(await harness.call("POST /api/v2/organizations", created))

    assert.equal(people.ok(await get(id)).membership.isActive, false)
    const listed = await harness.call(`GET /api/v1/groups/${group.id}/users?filter=existingMembers`, {
      token: acme.token,
    })
    assert.deepEqual(
      people.ok(listed).users.map(({ username }: { username: string }) => username),
      [email],
    )

    people.ok(await patch(id, { isActive: true }))
    people.ok(await harness.call("GET /api/v1/groups", { token }))
    await people.select(harness, signedInToken, acme.id)
  })
})

describe("removing a member", () => {
  test("ends roles, groups and invitations at the next request, and keeps the rows", async () => {
    const { id, email, token, signedInToken } = await addMember("admin")
    const group = await people.addGroup(harness, acme, "Of the removed", "admin")
    people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${email}`, { token: acme.token }))
    const { membership } = people.ok(await remove(id))
    assert.deepEqual([membership.id, membership.role, membership.status], [id, "admin", "accepted"])
    const after = await harness.call("GET /api/v1/groups", { token })
    assert.deepEqual([after.status, after.body.error], [403, "ForbiddenError"])
    const selecting = { token: signedInToken, body: { organizationId: acme.id } }
    assert.equal((await harness.call("POST /api/v3/auth/select-organization", selecting)).status, 404)
    await refused(() => get(id), 404)
    await refused(() => remove(id), 404)
    for (const table of ["organization_user_role_grants", "group_user_memberships"] as const) {
      const rows = await harness.db
        .selectFrom(table)
        .select("is_closed")
        .where("membership_id", "=", id)
        .execute()
      assert.deepEqual(rows, [{ is_closed: true }], table)
    }
    const [log] = await events("remove-organization-member")
    assert.equal(log?.event.metadata["membershipId"], id)
  })

  test("who comes back is new: without the old role and the old groups", async () => {
    const { id, email, signedInToken } = await addMember("admin")
    const group = await people.addGroup(harness, acme, "Left behind", "admin")
    people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${email}`, { token: acme.token }))
    people.ok(await remove(id))
    const invitation = await people.invite(harness, acme, email, "no-access")
    people.ok(
      await harness.call("POST /api/v1/invite-org/verify", { token: signedInToken, body: invitation }),
    )
    const token = await people.select(harness, signedInToken, acme.id)
    assert.equal((await harness.call("GET /api/v1/groups", { token })).status, 403)
    assert.notEqual(await people.membershipIdOf(harness, acme, email), id)
  })

  test("an invitation of who is removed before accepting is dead", async () => {
    const invitation = await people.invite(harness, acme, "withdrawn@example.com")
    const { token } = people.ok(await harness.call("POST /api/v1/invite-org/verify", { body: invitation }))
    people.ok(await remove(await people.membershipIdOf(harness, acme, invitation.email)))
    await refused(() => harness.call("POST /api/v1/invite-org/verify", { body: invitation }), 400)
    const body = { email: invitation.email, firstName: "Late", password: "long enough" }
    await refused(() => harness.call("POST /api/v3/signup/complete-account", { token, body }), 400)
  })

  test("what somebody sent and nobody accepted ends when they go, are set inactive, or lose their role", async () => {
    const endings: ((id: string) => Promise<unknown>)[] = [
      remove,
      (id) => patch(id, { isActive: false }),
      (id) => patch(id, { role: "member" }),
    ]
    for (const [index, end] of endings.entries()) {
      const inviter = await addMember("admin")
      const sent = await people.invite(
        harness,
        { ...acme, token: inviter.token },
        `of-the-fallen-${index}@example.com`,
        "admin",
      )
      await end(inviter.id)
      await refused(() => harness.call("POST /api/v1/invite-org/verify", { body: sent }), 400)
    }
  })

  test("anybody leaves without a right, and removes nobody else", async () => {
    const { id, token } = await addMember("no-access")
    const other = await addMember()
    assert.equal((await remove(other.id, token)).body.error, "PermissionDenied")
    people.ok(await remove(id.toUpperCase(), token))
    assert.equal((await harness.call("GET /api/v1/groups", { token })).status, 403)
    const [log] = await events("leave-organization")
    assert.equal(log?.event.metadata["membershipId"], id)
  })
})

describe("the last admin", () => {
  test("is neither removed, nor demoted, nor set inactive, and does not leave", async () => {
    const { id: organizationId } = elsewhere
    const admin = await people.membershipIdOf(harness, elsewhere, elsewhere.adminUsername)
    const route = `/api/v2/organizations/${organizationId}/memberships/${admin}`
    // Neither an invited admin, nor an inactive one, nor one through a group counts, nor a machine identity.
    await people.invite(harness, elsewhere, "invited-admin@example.com", "admin")
    const inactive = await addMember("admin", elsewhere)
    const inactiveRoute = `PATCH /api/v2/organizations/${organizationId}/memberships/${inactive.id}`
    people.ok(await harness.call(inactiveRoute, { token: elsewhere.token, body: { isActive: false } }))
    const grouped = await addMember("member", elsewhere)
    const group = await people.addGroup(harness, elsewhere, "Admins", "admin")
    const adding = `POST /api/v1/groups/${group.id}/users/${grouped.email}`
    people.ok(await harness.call(adding, { token: elsewhere.token }))

    const acts: [string, Call][] = [
      [`DELETE ${route}`, { token: elsewhere.token }],
      [`DELETE ${route}`, { token: elsewhere.adminToken }],
      [`DELETE ${route}`, { token: grouped.token }],
      [`PATCH ${route}`, { token: elsewhere.token, body: { role: "member" } }],
      [`PATCH ${route}`, { token: elsewhere.token, body: { isActive: false } }],
    ]
    for (const [act, options] of acts) await refused(() => harness.call(act, options), 400)

    people.ok(await harness.call(inactiveRoute, { token: elsewhere.token, body: { isActive: true } }))
    people.ok(await harness.call(`DELETE ${route}`, { token: elsewhere.adminToken }))
  })
})
