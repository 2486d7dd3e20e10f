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
  "/api/v1/projects/:id/memberships/identities",
  "/api/v1/projects/:id/identity-memberships",
  "/api/v2/workspace/:id/identity-memberships",
]
const [newest = ""] = prefixes

let made = 0
const fresh = (organization = acme) => people.addIdentity(harness, organization, "no-access")
type Sent = { body?: unknown; token?: string; prefix?: string }
const call = (
  method: string,
  [projectId, identityId = ""]: [string, string?],
  { body, token: caller = token, prefix = newest }: Sent = {},
) =>
  harness.call(`${method} ${prefix.replace(":id", projectId)}${identityId === "" ? "" : `/${identityId}`}`, {
    token: caller,
    body,
  })

const refused = refusing(harness, "but for its record")

const slugs = (roles: { role: string; customRoleSlug: string | null }[]) =>
  roles.map(({ role, customRoleSlug }) => customRoleSlug ?? role)
const lapsed = {
  role: "admin",
  isTemporary: true,
  temporaryMode: "relative",
  temporaryRange: "1d",
  temporaryAccessStartTime: "2024-01-01T00:00:00Z",
}
async function somebody(project: { id: string; orgId: string }, permissions: object[]) {
  const slug = `role-${++made}`
  await addProjectRole(harness, project, slug, permissions as never)
  const identity = await fresh()
  await putInProject(harness, project, { identityId: identity.id }, slug)
  return identity.token
}

for (const prefix of prefixes) {
  test(`a machine identity is added, read, listed, changed and removed on ${prefix}`, async () => {
    const project = await addProject(harness, acme)
    const { id } = await fresh()
    const at: [string, string] = [project.id, id]
    const added = people.ok(await call("POST", at, { body: { role: "viewer" }, prefix })).identityMembership
    assert.deepEqual(Object.keys(added), ["id", "projectId", "identityId", "createdAt", "updatedAt"])
    assert.deepEqual([added.projectId, added.identityId], [project.id, id])
    const read = people.ok(await call("GET", at, { prefix })).identityMembership
    assert.equal(read.id, added.id)
    assert.deepEqual(
      [read.identity.id, read.identity.orgId, read.identity.authMethods],
      [id, acme.id, ["token-auth"]],
    )
    assert.deepEqual(read.project, { id: project.id, name: project.name })
    assert.equal(read.lastLoginAuthMethod, "token-auth")
    assert.deepEqual(slugs(read.roles), ["viewer"])
    const { identityMemberships, totalCount } = people.ok(await call("GET", [project.id], { prefix }))
    assert.deepEqual(
      identityMemberships.find(({ identityId }: { identityId: string }) => identityId === id),
      read,
    )
    // The one that made the project is in it, too.
    assert.equal(totalCount, 2)
    const byMembership = await harness.call(`GET /api/v2/workspace/identity-memberships/${read.id}`, {
      token,
    })
    assert.deepEqual(people.ok(byMembership).identityMembership, read)

    const { roles } = people.ok(
      await call("PATCH", at, { body: { roles: [{ role: "member" }, lapsed] }, prefix }),
    )
    assert.deepEqual(slugs(roles), ["member", "admin"])
    assert.equal(roles[0].projectMembershipId, read.id)
    assert.deepEqual(people.ok(await call("GET", at, { prefix })).identityMembership.roles, roles)
    assert.equal(people.ok(await call("DELETE", at, { prefix })).identityMembership.id, read.id)
    for (const method of ["GET", "DELETE"]) await refused(() => call(method, at, { prefix }), 404)
    await refused(() => call("PATCH", at, { body: { roles: [{ role: "viewer" }] }, prefix }), 404)
    const rows = await harness.db
      .selectFrom("audit_logs")
      .select(["event_type", "event_metadata"])
      .where("event_type", "like", "%-identity-project-membership")
      .orderBy("created_at", "desc")
      .limit(3)
      .execute()
    const of = { projectId: project.id, identityId: id }
    const role = (slug: string, isTemporary = false) => ({ role: slug, isTemporary })
    assert.deepEqual(
      rows.toReversed().map((row) => [row.event_type, row.event_metadata]),
      [
        ["create-identity-project-membership", { ...of, roles: [role("viewer")] }],
        ["update-identity-project-membership", { ...of, roles: [role("member"), role("admin", true)] }],
        ["delete-identity-project-membership", of],
      ],
    )
  })
}

describe("adding", () => {
  test("knows no identity of another organization, nor a role of another project", async () => {
    const [project, other] = [await addProject(harness, acme), await addProject(harness, acme)]
    await addProjectRole(harness, other, "theirs", [])
    const foreign = await fresh(elsewhere)
    const words = async (id: string) =>
      (await refused(() => call("POST", [project.id, id]), 404)).body.message.replace(id, "<asked>")
    assert.equal(await words(foreign.id), await words(randomUUID()))
    const { id } = await fresh()
    await refused(() => call("POST", [project.id, id], { body: { role: "theirs" } }), 404)
    await refused(() => call("POST", [project.id, id], { body: { roles: [lapsed] } }), 400)
    await refused(() => call("POST", [project.id, id], { body: { roles: [] } }), 400)
    people.ok(await call("POST", [project.id, id]))
    await refused(() => call("POST", [project.id, id]), 400)
    await refused(() => call("PATCH", [project.id, id], { body: { roles: [] } }), 422)
    await refused(() => call("PATCH", [project.id, id], { body: { roles: [lapsed] } }), 400)
  })

  test("succeeds once, of many at once", async () => {
    const project = await addProject(harness, acme)
    const { id } = await fresh()
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call("POST", [project.id, id], { body: { role: "viewer" } })),
    )
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    assert.deepEqual(statuses, [200, ...Array<number>(7).fill(400)])
  })
})

test("a Developer adds machine identities, and gives them nothing", async () => {
  const project = await addProject(harness, acme)
  const developer = await fresh()
  await putInProject(harness, project, { identityId: developer.id }, "member")
  const { id } = await fresh()
  const at: [string, string] = [project.id, id]
  const denied = await refused(
    () => call("POST", at, { body: { role: "admin" }, token: developer.token }),
    403,
  )
  assert.equal(denied.body.error, "PermissionBoundaryError")
  assert.deepEqual(denied.body.details, {
    missingPermissions: [{ action: "assign-role", subject: "identity" }],
  })
  people.ok(await call("POST", at, { token: developer.token }))
  const body = { roles: [{ role: "admin" }] }
  await refused(() => call("PATCH", at, { body, token: developer.token }), 403)
  // Nor does it make itself an admin.
  await refused(() => call("PATCH", [project.id, developer.id], { body, token: developer.token }), 403)
})

test("rights are judged on the very identity, also where they are listed by the page", async () => {
  const project = await addProject(harness, acme)
  const [mine, other] = [await fresh(), await fresh()]
  for (const { id } of [mine, other]) await putInProject(harness, project, { identityId: id }, "no-access")
  const action = ["read", "edit", "delete"]
  const caller = await somebody(project, [
    { subject: "identity", action, conditions: { identityId: mine.id } },
  ])
  const list = async () => people.ok(await call("GET", [project.id], { token: caller }))
  const { identityMemberships, totalCount } = await list()
  assert.deepEqual([identityMemberships[0].identityId, totalCount], [mine.id, 1])
  const body = { roles: [{ role: "no-access" }] }
  for (const method of ["GET", "PATCH", "DELETE"]) {
    const sent = method === "PATCH" ? { body, token: caller } : { token: caller }
    await refused(() => call(method, [project.id, other.id], sent), 403)
    people.ok(await call(method, [project.id, mine.id], sent))
  }
  assert.equal((await list()).totalCount, 0)
})

test("the list has pages, an order and a search", async () => {
  const project = await addProject(harness, acme)
  const names = ["matrix alpha", "matrix beta", "matrix gamma"]
  for (const name of names) {
    const body = { name, organizationId: acme.id, role: "no-access" }
    const { identity } = people.ok(await harness.call("POST /api/v1/identities", { token, body }))
    people.ok(await call("POST", [project.id, identity.id]))
  }
  const list = async (query: string, prefix = newest) => {
    const answer = await harness.call(`GET ${prefix.replace(":id", project.id)}?${query}`, { token })
    const { identityMemberships, totalCount } = people.ok(answer)
    const listed = identityMemberships.map(({ identity }: { identity: { name: string } }) => identity.name)
    return [listed, totalCount]
  }
  assert.deepEqual(await list("search=MATRIX&limit=2"), [names.slice(0, 2), 3])
  assert.deepEqual(await list("search=matrix&offset=2"), [names.slice(2), 3])
  assert.deepEqual(await list("search=matrix&orderDirection=desc"), [names.toReversed(), 3])
  assert.deepEqual(await list("search=nothing"), [[], 0])
  const over = (prefix: string, limit: number) =>
    harness.call(`GET ${prefix.replace(":id", project.id)}?limit=${limit}`, { token })
  assert.equal((await over(newest, 1_001)).status, 422)
  assert.equal((await over(prefixes[2] ?? "", 20_000)).status, 200)
})
