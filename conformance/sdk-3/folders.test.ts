import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const api = generatedClient(server.address, organization.token)
const { project } = people.ok(
  await server.call("POST /api/v1/projects", {
    token: organization.token,
    body: { projectName: "Folders of clients" },
  }),
)
const [workspaceId, environment] = [project.id as string, "dev"]

describe("folders, by the generated client", () => {
  test("are made, listed, read, renamed and deleted", async () => {
    const request = { workspaceId, environment, name: "one", path: "/generated" }
    const made = (await api.apiV1FoldersPost({ apiV1FoldersPostRequest: request })).data.folder
    const list = { workspaceId, environment, path: "/generated" }
    assert.deepEqual(
      (await api.apiV1FoldersGet(list)).data.folders.map(({ id }) => id),
      [made.id],
    )
    const { folder } = (await api.apiV1FoldersIdGet({ id: made.id })).data
    assert.deepEqual(
      [folder.path, folder.projectId, folder.environment.envSlug],
      ["/generated/one", workspaceId, environment],
    )
    const rename = { ...request, name: "two" }
    const renamed = await api.apiV1FoldersFolderIdPatch({
      folderId: made.id,
      apiV1FoldersFolderIdPatchRequest: rename,
    })
    assert.deepEqual([renamed.data.folder.name, renamed.data.folder.version], ["two", 2])
    const batch = {
      projectSlug: project.slug,
      folders: [{ id: made.id, environment, path: "/generated", name: "three" }],
    }
    const { folders } = (await api.apiV1FoldersBatchPatch({ apiV1FoldersBatchPatchRequest: batch })).data
    assert.deepEqual(
      folders.map(({ name }) => name),
      ["three"],
    )
    const place = { workspaceId, environment, path: "/generated" }
    const deletion = { folderIdOrName: "three", apiV1FoldersFolderIdOrNameDeleteRequest: place }
    assert.equal((await api.apiV1FoldersFolderIdOrNameDelete(deletion)).data.folder.id, made.id)
    assert.equal((await refusal(api.apiV1FoldersIdGet({ id: made.id }))).status, 404)
  })
})
