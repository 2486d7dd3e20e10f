import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const { token } = acme
await addProject(harness, elsewhere, { projectName: "Foreign" })

describe("the projects of a group", () => {
  test("are all of the organization, each with since when the group is in it", async () => {
    const group = await people.addGroup(harness, acme, "Listed")
    const [zulu, alpha, emile, gone] = await Promise.all(
      ["Zulu", "alpha", "Émile", "Gone"].map((projectName) =>
        addProject(harness, acme, { projectName, projectDescription: `about ${projectName}` }),
      ),
    )
    assert.ok(zulu && alpha && emile && gone)
    people.ok(await harness.call(`DELETE /api/v1/projects/${gone.id}`, { token }))
    await putInProject(harness, alpha, { groupId: group.id }, "viewer")
    const list = async (query = "") =>
      people.ok(await harness.call(`GET /api/v1/groups/${group.id}/projects${query}`, { token }))
    const { projects, totalCount } = await list()
    assert.equal(totalCount, 3)
    assert.deepEqual(
      projects.map(({ joinedGroupAt, ...rest }: { joinedGroupAt: string | null }) => ({
        ...rest,
        isIn: joinedGroupAt !== null,
      })),
      [alpha, emile, zulu].map(({ id, name, slug }) => ({
        id,
        name,
        slug,
        description: `about ${name}`,
        type: "secret-manager",
        isIn: id === alpha.id,
      })),
    )
    const names = async (query: string) =>
      (await list(query)).projects.map(({ name }: { name: string }) => name)
    assert.deepEqual(await names("?filter=assignedProjects"), ["alpha"])
    assert.deepEqual(await names("?filter=unassignedProjects"), ["Émile", "Zulu"])
    assert.deepEqual(await names("?orderDirection=desc"), ["Zulu", "Émile", "alpha"])
    assert.deepEqual(await names("?orderDirection=desc&limit=1&offset=2"), ["alpha"])
    assert.deepEqual(await names("?limit=2&offset=1"), ["Émile", "Zulu"])
    assert.deepEqual(await names("?search=ZUL"), ["Zulu"])
    assert.deepEqual(await names("?search=about"), ["alpha", "Émile", "Zulu"])
    assert.deepEqual(await list("?offset=9"), { projects: [], totalCount: 3 })
    people.ok(await harness.call(`DELETE /api/v1/projects/${alpha.id}`, { token }))
    assert.deepEqual(await names("?filter=assignedProjects"), [])
  })
})

const permissions = [{ subject: "groups", action: ["read", "edit", "add-members", "add-identities"] }]
const role = { slug: "group-editor", name: "Group editor", permissions }
people.ok(await harness.call("POST /api/v1/organization/roles", { token, body: role }))

describe("letting somebody into a group that is in projects", () => {
  const guarded = async (isNew: boolean) => {
    await harness.db
      .updateTable("organizations")
      .set({ uses_new_privilege_system: isNew })
      .where("id", "=", acme.id)
      .execute()
  }
  for (const kind of ["user", "identity"] as const) {
    test(`a ${kind} needs what the group has in them, in an organization of the legacy system`, async () => {
      const group = await people.addGroup(harness, acme, `Guarded by ${kind}`)
      const project = await addProject(harness, acme)
      await putInProject(harness, project, { groupId: group.id }, "member")
      const email = `editor-${kind}@example.com`
      const identity = kind === "identity" ? await people.addIdentity(harness, acme, role.slug) : undefined
      const own = identity?.token ?? (await people.addPerson(harness, acme, { email, role: role.slug }))
      const guest = await people.invite(harness, acme, `guest-${kind}@example.com`, "no-access")
      const machine = await people.addIdentity(harness, acme, "no-access")
      const routes = [
        `POST /api/v1/groups/${group.id}/users/${guest.email}`,
        `POST /api/v1/groups/${group.id}/machine-identities/${machine.id}`,
      ]
      await guarded(false)
      for (const route of routes) {
        const answer = await harness.call(route, { token: own })
        assert.deepEqual([answer.status, answer.body.error], [403, "PermissionBoundaryError"], answer.text)
      }
      const members = people.ok(await harness.call(`GET /api/v1/groups/${group.id}/members`, { token }))
      assert.equal(members.totalCount, 0)
      const member = identity ? { identityId: identity.id } : { username: email }
      await putInProject(harness, project, member, "admin")
      for (const route of routes) people.ok(await harness.call(route, { token: own }))
      await guarded(true)
    })
  }

  test("needs the action on groups alone in one of the current system", async () => {
    const group = await people.addGroup(harness, acme, "Current")
    await putInProject(harness, await addProject(harness, acme), { groupId: group.id }, "admin")
    const own = await people.addPerson(harness, acme, { email: "current@example.com", role: role.slug })
    const guest = await people.invite(harness, acme, "current-guest@example.com", "no-access")
    people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${guest.email}`, { token: own }))
  })
})
