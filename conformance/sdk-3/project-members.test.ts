import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const api = generatedClient(server.address, organization.token)

const makeProject = async (projectName: string): Promise<string> => {
  const { token } = organization
  const made = await server.call("POST /api/v1/projects", { token, body: { projectName } })
  return people.ok(made).project.id
}
// The client's type wants the time of a role for good, too; it is not looked at.
const time = {
  temporaryMode: "relative" as const,
  temporaryRange: "1h",
  temporaryAccessStartTime: "2026-01-01T00:00:00.000Z",
}
const roles = [
  { role: "member", isTemporary: false, ...time },
  { role: "admin", isTemporary: true, ...time },
]
const shown = (given: { role: string; isTemporary?: boolean }[]) =>
  given.map(({ role, isTemporary }) => [role, isTemporary])
const asShown = [
  ["member", false],
  ["admin", true],
]

describe("who is in projects, by the generated client", () => {
  test("groups are added by name, read, listed, changed and removed", async () => {
    const projectId = await makeProject("With groups")
    const group = await people.addGroup(server, organization, "Guild of clients")
    const at = { projectId, groupId: group.id }
    const added = await api.apiV2WorkspaceProjectIdGroupsGroupIdOrNamePost({
      projectId,
      groupIdOrName: group.name,
      apiV2WorkspaceProjectIdGroupsGroupIdOrNamePostRequest: { role: "viewer" },
    })
    assert.equal(added.data.groupMembership.groupId, group.id)
    const changed = await api.apiV2WorkspaceProjectIdGroupsGroupIdPatch({
      ...at,
      apiV2WorkspaceProjectIdGroupsGroupIdPatchRequest: { roles },
    })
    assert.deepEqual(shown(changed.data.roles), asShown)
    const read = (await api.apiV2WorkspaceProjectIdGroupsGroupIdGet(at)).data.groupMembership
    assert.deepEqual(shown(read.roles), asShown)
    const { groupMemberships } = (await api.apiV2WorkspaceProjectIdGroupsGet({ projectId })).data
    assert.deepEqual(
      groupMemberships.map(({ id }) => id),
      [read.id],
    )
    const removed = (await api.apiV2WorkspaceProjectIdGroupsGroupIdDelete(at)).data.groupMembership
    assert.equal(removed.id, read.id)
    assert.equal((await refusal(api.apiV2WorkspaceProjectIdGroupsGroupIdGet(at))).status, 404)
  })

  test("people are added and invited, read, listed, changed and removed", async () => {
    const projectId = await makeProject("With people")
    const username = "project-person@example.com"
    await people.addPerson(server, organization, { email: username })
    const names = { usernames: [username], emails: ["project-stranger@example.com"], roleSlugs: ["viewer"] }
    const request = { projectId, apiV2WorkspaceProjectIdMembershipsPostRequest: names }
    assert.equal((await api.apiV2WorkspaceProjectIdMembershipsPost(request)).data.memberships.length, 2)
    assert.deepEqual((await api.apiV2WorkspaceProjectIdMembershipsPost(request)).data.memberships, [])

    const workspaceId = projectId
    const { membership } = (
      await api.apiV1WorkspaceWorkspaceIdMembershipsDetailsPost({
        workspaceId,
        apiV1WorkspaceWorkspaceIdMembershipsDetailsPostRequest: { username },
      })
    ).data
    const at = { workspaceId, membershipId: membership.id }
    const changed = await api.apiV1WorkspaceWorkspaceIdMembershipsMembershipIdPatch({
      ...at,
      apiV1WorkspaceWorkspaceIdMembershipsMembershipIdPatchRequest: { roles },
    })
    assert.deepEqual(shown(changed.data.roles), asShown)
    const read = (await api.apiV1WorkspaceWorkspaceIdMembershipsMembershipIdGet(at)).data.membership
    assert.deepEqual(shown(read.roles), asShown)
    const { memberships } = (await api.apiV1WorkspaceWorkspaceIdMembershipsGet({ workspaceId })).data
    assert.ok(memberships.some(({ id }) => id === membership.id))
    await api.apiV1WorkspaceWorkspaceIdMembershipsMembershipIdDelete(at)
    const rest = { projectId, apiV2WorkspaceProjectIdMembershipsDeleteRequest: { emails: names.emails } }
    assert.equal((await api.apiV2WorkspaceProjectIdMembershipsDelete(rest)).data.memberships.length, 1)
    assert.equal((await refusal(api.apiV2WorkspaceProjectIdMembershipsDelete(rest))).status, 400)
  })

  test("people see who is in by a group", async () => {
    const { token } = organization
    const projectId = await makeProject("Seen by people")
    const group = await people.addGroup(server, organization, "Guild of readers")
    for (const email of ["project-reader@example.com", "project-viewer@example.com"]) {
      await people.addPerson(server, organization, { email })
      people.ok(await server.call(`POST /api/v1/groups/${group.id}/users/${email}`, { token }))
    }
    const at = { projectId, groupIdOrName: group.id }
    await api.apiV2WorkspaceProjectIdGroupsGroupIdOrNamePost({
      ...at,
      apiV2WorkspaceProjectIdGroupsGroupIdOrNamePostRequest: { role: "viewer" },
    })
    const by = generatedClient(
      server.address,
      await people.select(server, await people.signIn(server, "project-reader@example.com"), organization.id),
    )
    const workspaceId = projectId
    const list = async (includeGroupMembers: "true" | "false") =>
      (await by.apiV1WorkspaceWorkspaceIdUsersGet({ workspaceId, includeGroupMembers })).data.users
    const all = await list("true")
    assert.deepEqual(
      all.map(({ user, isGroupMember }) => [user.username, isGroupMember]),
      [
        ["project-reader@example.com", true],
        ["project-viewer@example.com", true],
      ],
    )
    assert.deepEqual(await list("false"), [])
  })

  test("machine identities are added, read, listed, changed and removed", async () => {
    const projectId = await makeProject("With machines")
    const identity = await people.addIdentity(server, organization, "no-access")
    const at = { projectId, identityId: identity.id }
    const added = await api.apiV2WorkspaceProjectIdIdentityMembershipsIdentityIdPost({
      ...at,
      apiV2WorkspaceProjectIdIdentityMembershipsIdentityIdPostRequest: { role: "viewer" },
    })
    assert.equal(added.data.identityMembership.identityId, identity.id)
    const changed = await api.apiV2WorkspaceProjectIdIdentityMembershipsIdentityIdPatch({
      ...at,
      apiV2WorkspaceProjectIdIdentityMembershipsIdentityIdPatchRequest: { roles },
    })
    assert.deepEqual(shown(changed.data.roles), asShown)
    const read = (await api.apiV2WorkspaceProjectIdIdentityMembershipsIdentityIdGet(at)).data
      .identityMembership
    assert.deepEqual(shown(read.roles), asShown)
    const again = await api.apiV2WorkspaceIdentityMembershipsIdentityMembershipIdGet({
      identityMembershipId: read.id,
    })
    assert.deepEqual(again.data.identityMembership, read)
    const listed = (await api.apiV2WorkspaceProjectIdIdentityMembershipsGet({ projectId, limit: 5 })).data
    assert.ok(listed.identityMemberships.some(({ id }) => id === read.id))
    await api.apiV2WorkspaceProjectIdIdentityMembershipsIdentityIdDelete(at)
    const gone = api.apiV2WorkspaceProjectIdIdentityMembershipsIdentityIdGet(at)
    assert.equal((await refusal(gone)).status, 404)
  })
})
