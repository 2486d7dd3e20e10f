import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const { token } = acme
const prefixes = [
  "/api/v1/projects/:id/memberships/groups",
  "/api/v1/projects/:id/groups",
  "/api/v1/workspace/:id/groups",
  "/api/v2/workspace/:id/groups",
]
const [newest = ""] = prefixes

let made = 0
const freshGroup = (organization = acme) => people.addGroup(harness, organization, `Group ${++made}`)
type Sent = { body?: unknown; token?: string; prefix?: string }
const call = (
  method: string,
  [projectId, groupId = ""]: [string, string?],
  { body, token: caller = token, prefix = newest }: Sent = {},
) => {
  const tail = groupId === "" ? "" : `/${encodeURIComponent(groupId)}`
  return harness.call(`${method} ${prefix.replace(":id", projectId)}${tail}`, { token: caller, body })
}

const refused = refusing(harness, "but for its record")

const lasting = (role: string) => ({ role, isTemporary: false })
const temporary = (role: string, startsAt: Date, range = "1h") => ({
  role,
  isTemporary: true,
  temporaryMode: "relative",
  temporaryRange: range,
  temporaryAccessStartTime: startsAt.toISOString(),
})
const slugs = (roles: { role: string; customRoleSlug: string | null }[]) =>
  roles.map(({ role, customRoleSlug }) => customRoleSlug ?? role)

/** Somebody whose rights in the project are these rules. */
async function somebody(project: { id: string; orgId: string }, permissions: object[], organization = acme) {
  const slug = `role-${++made}`
  await addProjectRole(harness, project, slug, permissions as never)
  const identity = await people.addIdentity(harness, organization, "member")
  await putInProject(harness, project, { identityId: identity.id }, slug)
  return identity.token
}

for (const prefix of prefixes) {
  test(`a group is added, read, listed, changed and removed on ${prefix}`, async () => {
    const project = await addProject(harness, acme)
    const group = await freshGroup()
    const at: [string, string] = [project.id, group.id]
    const added = people.ok(await call("POST", at, { body: { role: "viewer" }, prefix })).groupMembership
    assert.deepEqual(added.group, { id: group.id, name: group.name, slug: group.slug, orgId: acme.id })
    assert.deepEqual([added.groupId, added.projectId], [group.id, project.id])
    assert.deepEqual(slugs(added.roles), ["viewer"])
    assert.deepEqual(people.ok(await call("GET", at, { prefix })).groupMembership, added)
    assert.deepEqual(people.ok(await call("GET", [project.id], { prefix })).groupMemberships, [added])

    await addProjectRole(harness, project, "auditor", [{ subject: "audit-logs", action: ["read"] }])
    const body = { roles: [lasting("auditor"), temporary("admin", new Date("2020-01-01"))] }
    const changed = people.ok(await call("PATCH", at, { body, prefix }))
    assert.deepEqual(changed.roles, changed.groupMembership.roles)
    assert.deepEqual(slugs(changed.roles), ["auditor", "admin"])
    const [custom, lapsed] = changed.roles
    assert.deepEqual([custom.role, custom.customRoleName, custom.isTemporary], ["custom", "auditor", false])
    assert.deepEqual(
      [lapsed.temporaryMode, lapsed.temporaryRange, lapsed.temporaryAccessStartTime],
      ["relative", "1h", "2020-01-01T00:00:00.000Z"],
    )
    assert.equal(lapsed.temporaryAccessEndTime, "2020-01-01T01:00:00.000Z")
    // What has lapsed is still shown: who wrote it reads it back.
    assert.deepEqual(people.ok(await call("GET", at, { prefix })).groupMembership, changed.groupMembership)

    const removed = people.ok(await call("DELETE", at, { prefix })).groupMembership
    assert.equal(removed.id, added.id)
    assert.deepEqual(people.ok(await call("GET", [project.id], { prefix })).groupMemberships, [])
    await refused(() => call("GET", at, { prefix }), 404)
    await refused(() => call("DELETE", at, { prefix }), 400)
    await refused(() => call("PATCH", at, { body: { roles: [lasting("viewer")] }, prefix }), 400)
    people.ok(await call("POST", at, { prefix }))
    assert.deepEqual(slugs(people.ok(await call("GET", at, { prefix })).groupMembership.roles), ["no-access"])
  })
}

test("each change is recorded with the group and its roles", async () => {
  const project = await addProject(harness, acme)
  const group = await freshGroup()
  people.ok(await call("POST", [project.id, group.id], { body: { roles: [lasting("member")] } }))
  people.ok(await call("PATCH", [project.id, group.id], { body: { roles: [lasting("viewer")] } }))
  people.ok(await call("DELETE", [project.id, group.id]))
  const rows = await harness.db
    .selectFrom("audit_logs")
    .select(["event_type", "event_metadata"])
    .where("event_type", "like", "%project-group")
    .orderBy("created_at", "desc")
    .limit(3)
    .execute()
  const of = { projectId: project.id, groupId: group.id, groupName: group.name }
  const withRole = (role: string) => ({ ...of, roles: [{ role, isTemporary: false }] })
  assert.deepEqual(
    rows.toReversed().map((row) => [row.event_type, row.event_metadata]),
    [
      ["add-project-group", withRole("member")],
      ["update-project-group", withRole("viewer")],
      ["remove-project-group", of],
    ],
  )
})

describe("adding", () => {
  test("takes a group's name where older routes stand, and no other organization's", async () => {
    const project = await addProject(harness, acme)
    const group = await freshGroup()
    const foreign = await freshGroup(elsewhere)
    const prefix = "/api/v2/workspace/:id/groups"
    const added = people.ok(
      await call("POST", [project.id, group.name], { body: { role: "member" }, prefix }),
    )
    assert.equal(added.groupMembership.groupId, group.id)
    const words = async (name: string) => {
      const answer = await refused(() => call("POST", [project.id, name], { prefix }), 400)
      return answer.body.message.replace(name, "<asked>")
    }
    const expected = await words(randomUUID())
    for (const name of [foreign.id, foreign.name, "none such"]) assert.equal(await words(name), expected)
  })

  test("lets `roles` win over `role`", async () => {
    const project = await addProject(harness, acme)
    const group = await freshGroup()
    const body = { role: "admin", roles: [lasting("viewer"), lasting("member")] }
    const { groupMembership } = people.ok(await call("POST", [project.id, group.id], { body }))
    assert.deepEqual(slugs(groupMembership.roles), ["viewer", "member"])
  })

  const start = "2026-01-01T00:00:00Z"
  for (const [title, roles, status] of [
    ["no role that lasts", [temporary("viewer", new Date())], 400],
    ["no role at all", [], 400],
    [
      "no range",
      [lasting("viewer"), { role: "viewer", isTemporary: true, temporaryAccessStartTime: start }],
      400,
    ],
    ["no start", [lasting("viewer"), { role: "viewer", isTemporary: true, temporaryRange: "1h" }], 400],
    ["no such range", [lasting("viewer"), temporary("viewer", new Date(), "soon")], 422],
    ["a range of nothing", [lasting("viewer"), temporary("viewer", new Date(), "0s")], 422],
    [
      "another mode",
      [lasting("viewer"), { ...temporary("viewer", new Date()), temporaryMode: "absolute" }],
      422,
    ],
    [
      "a start that is no time",
      [lasting("viewer"), { ...temporary("viewer", new Date()), temporaryAccessStartTime: "tomorrow" }],
      422,
    ],
    ["a start before time", [lasting("viewer"), temporary("viewer", new Date("0000-01-01"))], 400],
    ["a start after all", [lasting("viewer"), temporary("viewer", new Date("9999-12-31"), "1000y")], 400],
    ["an unknown role", [lasting("nobody")], 404],
    ["the word custom", [lasting("custom")], 400],
    ["a role without a name", [lasting(" ")], 422],
  ] as const) {
    test(`with ${title} is ${status}`, async () => {
      const project = await addProject(harness, acme)
      const group = await freshGroup()
      await refused(() => call("POST", [project.id, group.id], { body: { roles } }), status)
    })
  }

  test("knows two roles in a project of certificates", async () => {
    const project = await addProject(harness, acme, { type: "cert-manager" })
    const group = await freshGroup()
    await refused(() => call("POST", [project.id, group.id], { body: { role: "viewer" } }), 400)
    people.ok(await call("POST", [project.id, group.id], { body: { role: "member" } }))
  })

  test("asks in order: lasting roles, the project, the group, the role, the guard, then whether it is in", async () => {
    const project = await addProject(harness, acme)
    const group = await freshGroup()
    const allowed = [{ subject: "groups", action: ["create"] }]
    const caller = await somebody(project, allowed)
    const add = (id: string, body: object, projectId = project.id) =>
      call("POST", [projectId, id], { body, token: caller })
    const status = async (...of: Parameters<typeof add>) => {
      const before = await harness.db.selectFrom("project_group_memberships").select("id").execute()
      const answer = await add(...of)
      const after = await harness.db.selectFrom("project_group_memberships").select("id").execute()
      assert.equal(after.length, before.length)
      return answer.status
    }
    assert.equal(await status(randomUUID(), { roles: [] }, randomUUID()), 400)
    assert.equal(await status(randomUUID(), { role: "nobody" }, randomUUID()), 404)
    assert.equal(await status(randomUUID(), { role: "nobody" }), 400)
    assert.equal(await status(group.id, { role: "nobody" }), 404)
    assert.equal(await status(group.id, { role: "viewer" }), 403)
    const added = people.ok(await add(group.id, { role: "no-access" }))
    assert.equal(added.groupMembership.groupId, group.id)
    assert.equal(await status(group.id, { role: "viewer" }), 403)
    assert.equal(await status(group.id, { role: "no-access" }), 400)
  })

  test("succeeds once, of many at once", async () => {
    const project = await addProject(harness, acme)
    const group = await freshGroup()
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call("POST", [project.id, group.id], { body: { role: "viewer" } })),
    )
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, ...Array<number>(7).fill(400)],
    )
    const { groupMemberships } = people.ok(await call("GET", [project.id]))
    assert.deepEqual(
      groupMemberships.map(({ roles }: { roles: [] }) => slugs(roles)),
      [["viewer"]],
    )
  })
})

describe("the guard", () => {
  const crud = { subject: "groups", action: ["read", "create", "edit", "delete"] }

  test("lets a role be given, taken and kept by whoever may assign exactly that role to exactly that group", async () => {
    const project = await addProject(harness, acme)
    const [mine, other] = [await freshGroup(), await freshGroup()]
    const conditions = { groupName: mine.name, assignableRole: { $in: ["viewer", "member"] } }
    const caller = await somebody(project, [crud, { subject: "groups", action: ["assign-role"], conditions }])
    const give = (id: string, role: string, method = "POST") =>
      call(method, [project.id, id], {
        body: method === "POST" ? { role } : { roles: [lasting(role)] },
        token: caller,
      })
    const denied = await refused(() => give(mine.id, "admin"), 403)
    assert.equal(denied.body.error, "PermissionBoundaryError")
    assert.deepEqual(denied.body.details, {
      missingPermissions: [{ action: "assign-role", subject: "groups" }],
    })
    await refused(() => give(other.id, "viewer"), 403)
    people.ok(await give(mine.id, "viewer"))
    people.ok(await give(mine.id, "member", "PATCH"))
    await refused(() => give(mine.id, "admin", "PATCH"), 403)
    // Nor is a role taken away by who could not give it.
    people.ok(await call("PATCH", [project.id, mine.id], { body: { roles: [lasting("admin")] } }))
    await refused(() => give(mine.id, "viewer", "PATCH"), 403)
    people.ok(await call("DELETE", [project.id, mine.id], { token: caller }))
  })

  test("knows the older name of the right, and what either name forbids is forbidden", async () => {
    const project = await addProject(harness, acme)
    const old = { subject: "groups", action: ["grant-privileges"] }
    const none = {
      subject: "groups",
      action: ["assign-role"],
      inverted: true,
      conditions: { assignableRole: "admin" },
    }
    const caller = await somebody(project, [crud, old, none])
    const give = async (role: string) =>
      call("POST", [project.id, (await freshGroup()).id], { body: { role }, token: caller })
    people.ok(await give("viewer"))
    assert.equal((await give("admin")).status, 403)
  })

  test("judges every right on the group it is about", async () => {
    const project = await addProject(harness, acme)
    const [mine, other] = [await freshGroup(), await freshGroup()]
    for (const { id } of [mine, other]) await putInProject(harness, project, { groupId: id }, "no-access")
    const caller = await somebody(project, [{ ...crud, conditions: { groupName: mine.name } }])
    const body = { roles: [lasting("no-access")] }
    for (const method of ["PATCH", "GET", "DELETE"]) {
      const sent = method === "PATCH" ? { body, token: caller } : { token: caller }
      assert.equal(
        (await refused(() => call(method, [project.id, other.id], sent), 403)).body.error,
        "PermissionDenied",
      )
      people.ok(await call(method, [project.id, mine.id], sent))
    }
    assert.deepEqual(people.ok(await call("GET", [project.id], { token: caller })).groupMemberships, [])
    assert.equal(people.ok(await call("GET", [project.id])).groupMemberships.length, 1)
  })

  test("compares all that a role allows in the legacy privilege system", async () => {
    const legacy = await people.addOrganization(harness, acme, "legacy@example.com")
    await harness.db
      .updateTable("organizations")
      .set({ uses_new_privilege_system: false })
      .where("id", "=", legacy.id)
      .execute()
    const project = await addProject(harness, legacy)
    const group = await freshGroup(legacy)
    const viewing = { subject: "secrets", action: ["read"] }
    await addProjectRole(harness, project, "reader", [viewing])
    const caller = await somebody(project, [crud, viewing], legacy)
    const at: [string, string] = [project.id, group.id]
    const denied = await refused(() => call("POST", at, { body: { role: "viewer" }, token: caller }), 403)
    assert.ok(denied.body.details.missingPermissions.length > 1)
    people.ok(await call("POST", at, { body: { role: "reader" }, token: caller }))
    people.ok(await call("PATCH", at, { body: { roles: [lasting("admin")] }, token: legacy.token }))
    await refused(() => call("PATCH", at, { body: { roles: [lasting("reader")] }, token: caller }), 403)
    await refused(() => call("DELETE", at, { token: caller }), 403)
    people.ok(await call("DELETE", at, { token: legacy.token }))
  })
})

test("the people of a group in the project are listed, and others only to who may see the organization's", async () => {
  const project = await addProject(harness, acme)
  const group = await freshGroup()
  await putInProject(harness, project, { groupId: group.id }, "no-access")
  await people.addPerson(harness, acme, { email: "in@example.com" })
  people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/in@example.com`, { token }))
  const caller = await people.addIdentity(harness, acme, "no-access")
  await putInProject(harness, project, { identityId: caller.id }, "viewer")
  for (const prefix of prefixes.slice(1)) {
    const list = (query: string, by: string) =>
      harness.call(`GET ${prefix.replace(":id", project.id)}/${group.id}/users${query}`, { token: by })
    const { users, totalCount } = people.ok(await list("", caller.token))
    assert.deepEqual(
      [users.map((user: { username: string }) => user.username), totalCount],
      [["in@example.com"], 1],
    )
    assert.equal((await list("?filter=nonMembers", caller.token)).body.error, "PermissionDenied")
    assert.ok(people.ok(await list("?filter=nonMembers", token)).totalCount > 0)
  }
})
