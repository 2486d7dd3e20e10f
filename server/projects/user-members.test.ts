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

let made = 0
const freshAddress = () => `person-${++made}@example.com`
async function freshPerson(): Promise<string> {
  const email = freshAddress()
  await people.addPerson(harness, acme, { email, role: "no-access" })
  return email
}
const call = (route: string, body?: unknown, caller = token) => harness.call(route, { token: caller, body })
const add = (projectId: string, body: unknown, caller = token) =>
  call(`POST /api/v1/projects/${projectId}/memberships`, body, caller)
const list = async (projectId: string) =>
  people.ok(await call(`GET /api/v1/projects/${projectId}/memberships`)).memberships
const membershipOf = async (projectId: string, username: string): Promise<string> =>
  people.ok(await call(`POST /api/v1/projects/${projectId}/memberships/details`, { username })).membership.id

const refused = refusing(harness, "but for its record")

const slugs = (roles: { role: string; customRoleSlug: string | null }[]) =>
  roles.map(({ role, customRoleSlug }) => customRoleSlug ?? role)
const temporary = (role: string, start: string, range = "1h") => ({
  role,
  isTemporary: true,
  temporaryMode: "relative",
  temporaryRange: range,
  temporaryAccessStartTime: start,
})
/** A machine identity whose rights in the project are these, and its role in the organization. */
async function somebody(project: { id: string; orgId: string }, permissions: object[], role = "no-access") {
  const slug = `role-${++made}`
  await addProjectRole(harness, project, slug, permissions as never)
  const identity = await people.addIdentity(harness, acme, role)
  await putInProject(harness, project, { identityId: identity.id }, slug)
  return identity.token
}
const lastEvents = async (type: string) => {
  const rows = await harness.db
    .selectFrom("audit_logs")
    .select("event_metadata")
    .where("event_type", "=", type)
    .orderBy("created_at", "desc")
    .execute()
  return rows.map(({ event_metadata }) => event_metadata)
}

describe("adding people", () => {
  test("answers who is new, with all roles, and leaves who was in as they were", async () => {
    const project = await addProject(harness, acme)
    const [one, two] = [await freshPerson(), await freshPerson()]
    const first = people.ok(await add(project.id, { usernames: [one.toUpperCase()] })).memberships
    assert.equal(first.length, 1)
    assert.deepEqual(Object.keys(first[0]), ["id", "createdAt", "updatedAt", "userId", "projectId"])
    const body = { emails: [one], usernames: [two, one], roleSlugs: ["viewer", "admin"] }
    const second = people.ok(await add(project.id, body)).memberships
    assert.deepEqual(
      second.map(({ id }: { id: string }) => id),
      [await membershipOf(project.id, two)],
    )
    assert.deepEqual(people.ok(await add(project.id, body)).memberships, [])
    const members = await list(project.id)
    const rolesOf = (name: string) =>
      slugs(members.find(({ user }: { user: { username: string } }) => user.username === name).roles)
    assert.deepEqual([rolesOf(one), rolesOf(two)], [["member"], ["viewer", "admin"]])
    const [event] = await lastEvents("add-project-members")
    const added = [{ userId: second[0].userId, username: two }]
    assert.deepEqual(event, { projectId: project.id, members: added, roles: ["viewer", "admin"] })
  })

  test("invites whom the organization does not know, with its default role", async () => {
    const project = await addProject(harness, acme)
    const stranger = freshAddress()
    const { memberships } = people.ok(await add(project.id, { emails: [stranger] }))
    assert.equal(memberships.length, 1)
    const { users } = people.ok(await call(`GET /api/v2/organizations/${acme.id}/memberships`))
    const place = users.find(({ user }: { user: { username: string } }) => user.username === stranger)
    assert.deepEqual([place.status, place.role], ["invited", "member"])
    // Nothing is shown of who has not accepted but the address.
    const shown = (await list(project.id)).find(
      ({ user }: { user: { username: string } }) => user.username === stranger,
    )
    assert.deepEqual([shown.user.email, shown.user.firstName], [stranger, null])
    assert.equal((await lastEvents("invite-organization-members")).length > 0, true)
  })

  test("invites nobody for who may not put people into the organization", async () => {
    const project = await addProject(harness, acme)
    const caller = await somebody(project, [{ subject: "member", action: ["create", "assign-role"] }])
    const answer = await refused(() => add(project.id, { emails: [freshAddress()] }, caller), 403)
    assert.equal(answer.body.error, "PermissionDenied")
    people.ok(await add(project.id, { emails: [await freshPerson()] }, caller))
  })

  test("adds nobody when one of them cannot be", async () => {
    const project = await addProject(harness, acme)
    const known = await freshPerson()
    for (const [body, status] of [
      [{ usernames: [known, "nobody at all"] }, 404],
      [{ emails: [known], roleSlugs: ["nothing"] }, 404],
      [{ emails: [known], roleSlugs: [] }, 422],
      [{ emails: [known, "no address"] }, 422],
    ] as const) {
      await refused(() => add(project.id, body), status)
    }
    assert.deepEqual(people.ok(await add(project.id, {})).memberships, [])
  })

  test("asks for the right to give exactly this role to exactly this person", async () => {
    const project = await addProject(harness, acme)
    const [one, two] = [await freshPerson(), await freshPerson()]
    const conditions = { userEmail: one, assignableRole: "viewer" }
    const caller = await somebody(project, [
      { subject: "member", action: ["create"] },
      { subject: "member", action: ["assign-role"], conditions },
    ])
    const give = (name: string, role: string) =>
      add(project.id, { emails: [name], roleSlugs: [role] }, caller)
    assert.equal((await refused(() => give(one, "member"), 403)).body.error, "PermissionBoundaryError")
    assert.equal((await refused(() => give(two, "viewer"), 403)).body.error, "PermissionBoundaryError")
    people.ok(await give(one, "viewer"))
    people.ok(await give(two, "no-access"))
  })

  test("adds each once, of many at once", async () => {
    const project = await addProject(harness, acme)
    const names = [await freshPerson(), await freshPerson(), freshAddress()]
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        add(project.id, { emails: index % 2 === 0 ? names : names.toReversed() }),
      ),
    )
    const added = answers.flatMap((answer) => people.ok(answer).memberships)
    assert.equal(added.length, 3)
    assert.equal(new Set(added.map(({ id }: { id: string }) => id)).size, 3)
  })
})

describe("a membership", () => {
  for (const prefix of ["/api/v1/projects", "/api/v1/workspace"]) {
    test(`is read, changed and ended on ${prefix}`, async () => {
      const project = await addProject(harness, acme)
      const username = await freshPerson()
      await putInProject(harness, project, { username }, "viewer")
      const route = `${prefix}/${project.id}/memberships`
      const { membership } = people.ok(await call(`POST ${route}/details`, { username }))
      assert.equal(membership.user.username, username)
      assert.deepEqual(membership.project, { id: project.id, name: project.name })
      assert.deepEqual(people.ok(await call(`GET ${route}/${membership.id}`)).membership, membership)
      const { memberships } = people.ok(await call(`GET ${route}`))
      assert.ok(memberships.some(({ id }: { id: string }) => id === membership.id))

      const roles = [{ role: "member" }, temporary("admin", "2024-01-01T00:00:00Z")]
      const changed = people.ok(await call(`PATCH ${route}/${membership.id}`, { roles })).roles
      assert.deepEqual(slugs(changed), ["member", "admin"])
      assert.equal(changed[1].temporaryAccessEndTime, "2024-01-01T01:00:00.000Z")
      const { userId } = membership
      const event = { projectId: project.id, userId, username }
      assert.deepEqual((await lastEvents("update-user-project-role"))[0], {
        ...event,
        roles: [
          { role: "member", isTemporary: false },
          { role: "admin", isTemporary: true },
        ],
      })
      people.ok(await call(`DELETE ${route}/${membership.id}`))
      assert.deepEqual((await lastEvents("remove-project-member"))[0], event)
      for (const method of ["GET", "DELETE"])
        await refused(() => call(`${method} ${route}/${membership.id}`), 404)
      await refused(() => call(`PATCH ${route}/${membership.id}`, { roles }), 404)
      await refused(() => call(`POST ${route}/details`, { username }), 404)
    })
  }

  test("is found by the person's id", async () => {
    const project = await addProject(harness, acme)
    const username = await freshPerson()
    await putInProject(harness, project, { username }, "viewer")
    const member = (await list(project.id)).find(
      ({ user }: { user: { username: string } }) => user.username === username,
    )
    const route = (id: string) => `GET /api/v1/projects/${project.id}/user/${id}/membership`
    assert.deepEqual(people.ok(await call(route(member.userId))).membership, member)
    await refused(() => call(route(randomUUID())), 404)
    await refused(() => call(route("me")), 404)
  })

  test("has a role for good, and a time for one that has not", async () => {
    const project = await addProject(harness, acme)
    const username = await freshPerson()
    await putInProject(harness, project, { username }, "viewer")
    const id = await membershipOf(project.id, username)
    const start = "2026-01-01T00:00:00Z"
    const patch = (roles: unknown) =>
      call(`PATCH /api/v1/projects/${project.id}/memberships/${id}`, { roles })
    const paths = async (roles: unknown) =>
      (await refused(() => patch(roles), 422)).body.message.map(({ path }: { path: string[] }) =>
        path.join("."),
      )
    assert.deepEqual(await paths([temporary("viewer", start)]), ["roles"])
    assert.deepEqual(await paths([]), ["roles", "roles"])
    assert.deepEqual(await paths([temporary("viewer", start, "soon")]), ["roles.0.temporaryRange", "roles"])
    const incomplete = { role: "viewer", isTemporary: true }
    assert.deepEqual(await paths([{ role: "viewer" }, incomplete]), [
      "roles.1.temporaryRange",
      "roles.1.temporaryAccessStartTime",
    ])
    await refused(() => patch([{ role: "nothing" }]), 404)
    const empty = { temporaryMode: "", temporaryRange: "", temporaryAccessStartTime: "" }
    people.ok(await patch([{ role: "viewer", isTemporary: false, ...empty }]))
  })

  test("of another organization's project, or another project, is not there", async () => {
    const [project, other] = [await addProject(harness, acme), await addProject(harness, acme)]
    const username = await freshPerson()
    await putInProject(harness, other, { username }, "viewer")
    const id = await membershipOf(other.id, username)
    const route = `/api/v1/projects/${project.id}/memberships/${id}`
    await refused(() => call(`GET ${route}`), 404)
    await refused(() => call(`DELETE ${route}`), 404)
    await refused(() => call(`PATCH ${route}`, { roles: [{ role: "admin" }] }), 404)
    await refused(() => call(`GET ${route}`, undefined, elsewhere.token), 404)
  })
})

test("people are removed together or not at all", async () => {
  const project = await addProject(harness, acme)
  const [one, two, absent] = [await freshPerson(), await freshPerson(), await freshPerson()]
  for (const username of [one, two]) await putInProject(harness, project, { username }, "viewer")
  for (const prefix of ["/api/v1/projects", "/api/v2/workspace"]) {
    const route = `DELETE ${prefix}/${project.id}/memberships`
    const answer = await refused(() => call(route, { emails: [one], usernames: [absent] }), 400)
    assert.equal(answer.body.error, "Delete project membership")
    assert.deepEqual(people.ok(await call(route, {})).memberships, [])
  }
  const route = `DELETE /api/v1/projects/${project.id}/memberships`
  const removed = people.ok(await call(route, { emails: [one], usernames: [two, one] })).memberships
  assert.equal(removed.length, 2)
  const left = (await list(project.id)).filter(({ user }: { user: { username: string } }) =>
    [one, two].includes(user.username),
  )
  assert.deepEqual(left, [])
})

test("rights are judged on the very person", async () => {
  const project = await addProject(harness, acme)
  const [mine, other] = [await freshPerson(), await freshPerson()]
  for (const username of [mine, other]) await putInProject(harness, project, { username }, "no-access")
  const conditions = { userEmail: mine }
  const action = ["read", "edit", "delete"]
  const caller = await somebody(project, [{ subject: "member", action, conditions }])
  const route = `/api/v1/projects/${project.id}/memberships`
  const [own, foreign] = [await membershipOf(project.id, mine), await membershipOf(project.id, other)]
  const body = { roles: [{ role: "no-access" }] }
  for (const method of ["GET", "PATCH", "DELETE"]) {
    const sent = method === "PATCH" ? body : undefined
    await refused(() => call(`${method} ${route}/${foreign}`, sent, caller), 403)
    people.ok(await call(`${method} ${route}/${own}`, sent, caller))
  }
  assert.deepEqual(people.ok(await call(`GET ${route}`, undefined, caller)).memberships, [])
})

test("nobody takes a role from who has one that they could not give", async () => {
  const project = await addProject(harness, acme)
  const username = await freshPerson()
  await putInProject(harness, project, { username }, "admin")
  const conditions = { assignableRole: "viewer" }
  const caller = await somebody(project, [
    { subject: "member", action: ["edit", "delete"] },
    { subject: "member", action: ["assign-role"], conditions },
  ])
  const route = `/api/v1/projects/${project.id}/memberships/${await membershipOf(project.id, username)}`
  const answer = await refused(() => call(`PATCH ${route}`, { roles: [{ role: "viewer" }] }, caller), 403)
  assert.equal(answer.body.error, "PermissionBoundaryError")
})
