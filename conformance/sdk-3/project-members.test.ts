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
})
