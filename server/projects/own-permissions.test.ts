import assert from "node:assert/strict"
import { test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addPrivilege, addProject, addProjectRole, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)

let made = 0
async function person() {
  const email = `person-${++made}@example.com`
  const token = await people.addPerson(harness, acme, { email, role: "no-access" })
  const { user } = people.ok(await harness.call("GET /api/v1/user", { token }))
  return { email, token, userId: user.id as string }
}
async function groupWith(email: string): Promise<string> {
  const { id } = await people.addGroup(harness, acme, `Group ${++made}`)
  people.ok(await harness.call(`POST /api/v1/groups/${id}/users/${email}`, { token: acme.token }))
  return id
}
const own = async (projectId: string, token: string) =>
  people.ok(await harness.call(`GET /api/v1/projects/${projectId}/permissions`, { token })).data
const older = async (projectId: string, token: string) =>
  people.ok(await harness.call(`GET /api/v1/workspace/${projectId}/permissions`, { token })).data

type Way = {
  id: string
  actorUserId: string | null
  actorGroupId: string | null
  roles: { role: string; customRoleSlug: string | null; isTemporary: boolean }[]
}
const waysOf = ({ memberships }: { memberships: Way[] }) =>
  memberships.map(({ actorUserId, actorGroupId, roles }) => ({
    actorUserId,
    actorGroupId,
    roles: roles.map(({ role, customRoleSlug }) => customRoleSlug ?? role),
  }))

test("everything that somebody has in a project is answered with the way in which they have it", async () => {
  const project = await addProject(harness, acme)
  const { email, token, userId } = await person()
  const readsMembers = { subject: "member", action: ["read"] }
  await addProjectRole(harness, project, "looks", [
    { ...readsMembers, conditions: { userEmail: "{{identity.username}}" } },
    { subject: "tags", action: ["create", "edit"], inverted: true },
  ])
  const groupId = await groupWith(email)
  await putInProject(harness, project, { groupId }, "looks")
  const soon = { role: "viewer", range: "1h", startsAt: new Date(Date.now() + 86_400_000) }
  await putInProject(harness, project, { username: email }, "no-access", soon)
  await addPrivilege(harness, project, { username: email }, [{ subject: "role", action: ["read"] }])

  const place = await own(project.id, token)
  assert.deepEqual(Object.keys(place), ["permissions", "memberships"])
  assert.deepEqual(waysOf(place), [
    { actorUserId: userId, actorGroupId: null, roles: ["no-access", "viewer"] },
    { actorUserId: null, actorGroupId: groupId, roles: ["looks"] },
  ])
  // What is yet to come is listed, and gives nothing; what rules name of the caller is the caller's.
  assert.deepEqual(
    place.memberships[0].roles.map(({ isTemporary }: Way["roles"][0]) => isTemporary),
    [false, true],
  )
  const texts = (rules: unknown[]) => rules.map((rule) => JSON.stringify(rule))
  assert.deepEqual(
    new Set(texts(place.permissions)),
    new Set(
      texts([
        ["read", "member", { userEmail: email }],
        ["create,edit", "tags", 0, 1],
        ["read", "role"],
      ]),
    ),
  )
})

test("older clients are answered one membership: their own, or else that of the first group", async () => {
  const project = await addProject(harness, acme)
  const { email, token, userId } = await person()
  const ids = [await groupWith(email), await groupWith(email)]
  for (const groupId of ids) await putInProject(harness, project, { groupId }, "viewer")
  const byGroups = await older(project.id, token)
  const { id, roles, ...others } = byGroups.membership
  assert.deepEqual(
    byGroups.memberships.map((each: Way) => each.actorGroupId),
    ids,
  )
  assert.equal(id, byGroups.memberships[0].id)
  assert.deepEqual(
    roles.map(({ role }: { role: string }) => role),
    ["viewer", "viewer"],
  )
  assert.deepEqual([others.userId, others.projectId], [userId, project.id])
  assert.deepEqual(byGroups.permissions, (await own(project.id, token)).permissions)

  await putInProject(harness, project, { username: email }, "member")
  const both = await older(project.id, token)
  assert.equal(both.memberships.length, 3)
  assert.equal(both.memberships[0].actorUserId, userId)
  assert.equal(both.membership.id, both.memberships[0].id)
})

test("nobody else's places are answered, nor those in another project", async () => {
  const [project, other] = [await addProject(harness, acme), await addProject(harness, acme)]
  const { email, token } = await person()
  await putInProject(harness, project, { username: email }, "viewer")
  await putInProject(harness, other, { username: email }, "admin")
  const { memberships } = await own(project.id, token)
  assert.deepEqual(
    waysOf({ memberships }).map(({ roles }) => roles),
    [["viewer"]],
  )
})
