import assert from "node:assert/strict"
import { test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject, type Member } from "../test/projects.ts"

// Who may ask, and for whom, is drawn from the declarations in access.test.ts.
const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme

/** Two projects, in the second by a custom role and one whose time is over; a third by a group, a fourth that is deleted. */
async function putIntoProjects(member: Member, joinGroup: (groupId: string) => Promise<unknown>) {
  const names = ["Beta", "Alpha", "By a group", "Deleted"]
  const projects = []
  for (const projectName of names) projects.push(await addProject(harness, acme, { projectName }))
  const [beta, alpha, byGroup, deleted] = projects
  assert.ok(beta && alpha && byGroup && deleted)
  await addProjectRole(harness, alpha, "cook", [{ subject: "tags", action: ["read"] }])
  const over = { role: "member", range: "1h", startsAt: new Date(Date.now() - 7_200_000) }
  await putInProject(harness, beta, member, "viewer")
  await putInProject(harness, alpha, member, "cook", over)
  await putInProject(harness, deleted, member, "admin")
  const group = await people.addGroup(harness, acme, `Group of ${JSON.stringify(member)}`.slice(0, 60))
  await joinGroup(group.id)
  await putInProject(harness, byGroup, { groupId: group.id }, "admin")
  people.ok(await harness.call(`DELETE /api/v1/projects/${deleted.id}`, { token }))
  return { beta, alpha }
}

type Shown = {
  project: { id: string; name: string }
  roles: { role: string; customRoleSlug: string | null; isTemporary: boolean }[]
}
const summary = (memberships: Shown[]) =>
  memberships.map(({ project, roles }) => [
    project.name,
    roles
      .map(({ role, customRoleSlug, isTemporary }) => [customRoleSlug ?? role, isTemporary] as const)
      .toSorted(([one], [other]) => one.localeCompare(other)),
  ])
const expected = [
  [
    "Alpha",
    [
      ["cook", false],
      ["member", true],
    ],
  ],
  ["Beta", [["viewer", false]]],
]

test("the projects of a machine identity are those that it is in by itself, by name, with its roles", async () => {
  const { id } = await people.addIdentity(harness, acme, "no-access")
  const { alpha } = await putIntoProjects({ identityId: id }, async (groupId) =>
    people.ok(await harness.call(`POST /api/v1/groups/${groupId}/machine-identities/${id}`, { token })),
  )
  const answer = await harness.call(`GET /api/v1/identities/${id}/identity-memberships`, { token })
  const { identityMemberships } = people.ok(answer)
  assert.deepEqual(summary(identityMemberships), expected)
  // As the project itself shows it.
  const there = await harness.call(`GET /api/v1/projects/${alpha.id}/memberships/identities/${id}`, { token })
  assert.deepEqual(identityMemberships[0], people.ok(there).identityMembership)
})

test("the projects of a member are those that they are in by themselves, by name, with their roles", async () => {
  const email = "ada@projects.example"
  await people.addPerson(harness, acme, { email })
  const membershipId = await people.membershipIdOf(harness, acme, email)
  const { alpha } = await putIntoProjects({ username: email }, async (groupId) =>
    people.ok(await harness.call(`POST /api/v1/groups/${groupId}/users/${email}`, { token })),
  )
  const path = `/api/v2/organizations/${acme.id}/memberships/${membershipId}/project-memberships`
  const { memberships } = people.ok(await harness.call(`GET ${path}`, { token }))
  assert.deepEqual(summary(memberships), expected)
  const [first] = memberships
  const there = await harness.call(`GET /api/v1/projects/${alpha.id}/memberships/${first.id}`, { token })
  assert.deepEqual(first, people.ok(there).membership)
})

test("somebody who is invited is shown by the invited address alone", async () => {
  const { email } = await people.invite(harness, acme, "invited@projects.example")
  const membershipId = await people.membershipIdOf(harness, acme, email)
  const project = await addProject(harness, acme)
  await putInProject(harness, project, { username: email }, "viewer")
  const path = `/api/v2/organizations/${acme.id}/memberships/${membershipId}/project-memberships`
  const { memberships } = people.ok(await harness.call(`GET ${path}`, { token }))
  const [{ user }] = memberships
  assert.deepEqual([memberships.length, user.email, user.firstName, user.lastName], [1, email, null, null])
})
