import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const api = generatedClient(server.address, organization.token)
const made = await server.call("POST /api/v1/projects", {
  token: organization.token,
  body: { projectName: "Tags of clients" },
})
const { project } = people.ok(made)
const projectId = project.id as string

describe("tags of a project, by the generated client", () => {
  test("are made, read, listed, changed and deleted, and secrets have them", async () => {
    const request = { slug: "blue", color: "#0000ff" }
    const { workspaceTag } = (
      await api.apiV1WorkspaceProjectIdTagsPost({
        projectId,
        apiV1WorkspaceProjectIdTagsPostRequest: request,
      })
    ).data
    const place = { projectId, tagId: workspaceTag.id }
    const read = (await api.apiV1WorkspaceProjectIdTagsTagIdGet(place)).data.workspaceTag
    assert.deepEqual([read.slug, read.name], ["blue", "blue"])
    const bySlug = { projectId, tagSlug: "blue" }
    const found = (await api.apiV1WorkspaceProjectIdTagsSlugTagSlugGet(bySlug)).data.workspaceTag
    assert.equal(found.id, workspaceTag.id)
    const listed = (await api.apiV1WorkspaceProjectIdTagsGet({ projectId })).data.workspaceTags
    assert.deepEqual(
      listed.map(({ slug }) => slug),
      ["blue"],
    )
    const at = { workspaceId: projectId, environment: "dev", secretPath: "/" }
    await api.apiV3SecretsRawSecretNamePost({
      secretName: "TAGGED",
      apiV3SecretsRawSecretNamePostRequest: { ...at, secretValue: "1", tagIds: [workspaceTag.id] },
    })
    const { secrets } = (await api.apiV3SecretsRawGet({ ...at, tagSlugs: "blue" })).data
    assert.deepEqual(
      secrets.map((one) => one.tags?.map(({ slug, color }) => [slug, color])),
      [[["blue", "#0000ff"]]],
    )
    const tagging = { projectSlug: project.slug, environment: "dev", secretPath: "/", tagSlugs: ["blue"] }
    const { secret: bare } = (
      await api.apiV3SecretsTagsSecretNameDelete({
        secretName: "TAGGED",
        apiV3SecretsTagsSecretNameDeleteRequest: tagging,
      })
    ).data
    assert.deepEqual([bare.version, bare.tags], [2, []])
    const { secret: again } = (
      await api.apiV3SecretsTagsSecretNamePost({
        secretName: "TAGGED",
        apiV3SecretsTagsSecretNamePostRequest: tagging,
      })
    ).data
    assert.deepEqual(
      again.tags.map(({ slug }) => slug),
      ["blue"],
    )
    const changed = await api.apiV1WorkspaceProjectIdTagsTagIdPatch({
      ...place,
      apiV1WorkspaceProjectIdTagsTagIdPatchRequest: { slug: "azure", color: "#00ffff" },
    })
    assert.equal(changed.data.workspaceTag.slug, "azure")
    await api.apiV1WorkspaceProjectIdTagsTagIdDelete(place)
    assert.equal((await refusal(api.apiV1WorkspaceProjectIdTagsTagIdGet(place))).status, 404)
  })
})
