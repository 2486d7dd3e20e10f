import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const api = generatedClient(server.address, organization.token)

describe("projects, by the generated client", () => {
  const makeProject = async (projectName: string, slug?: string) => {
    const request = { projectName, ...(slug === undefined ? {} : { slug }) }
    return (await api.apiV2WorkspacePost({ apiV2WorkspacePostRequest: request })).data.project
  }

  test("are made, read, listed, changed and deleted", async () => {
    const made = await makeProject("Generated")
    assert.match(made.slug, /^generated-/)
    assert.deepEqual(
      made.environments.map(({ slug }) => slug),
      ["dev", "staging", "prod"],
    )
    const { id: workspaceId } = made
    assert.deepEqual((await api.apiV1WorkspaceWorkspaceIdGet({ workspaceId })).data.workspace, made)
    const { id: organizationId } = organization
    const { workspaces } = (await api.apiV2OrganizationsOrganizationIdWorkspacesGet({ organizationId })).data
    const listed = workspaces.find(({ id }) => id === workspaceId)
    assert.deepEqual([listed?.slug, listed?.organization], [made.slug, organization.id])
    const own = (await api.apiV1WorkspaceGet({})).data.workspaces
    assert.ok(own.some(({ id }) => id === workspaceId))
    assert.equal((await api.apiV2WorkspaceSlugGet({ slug: made.slug })).data.id, workspaceId)
    const change = { name: "Changed", description: "by the client", autoCapitalization: true }
    const { workspace } = (
      await api.apiV1WorkspaceWorkspaceIdPatch({ workspaceId, apiV1WorkspaceWorkspaceIdPatchRequest: change })
    ).data
    assert.deepEqual([workspace.name, workspace.description], [change.name, change.description])
    const retention = await api.apiV1WorkspaceWorkspaceSlugAuditLogsRetentionPut({
      workspaceSlug: made.slug,
      apiV1WorkspaceWorkspaceSlugAuditLogsRetentionPutRequest: { auditLogsRetentionDays: 30 },
    })
    assert.equal(retention.data.workspace.auditLogsRetentionDays, 30)
    const deleted = (await api.apiV1WorkspaceWorkspaceIdDelete({ workspaceId })).data.workspace
    assert.equal(deleted?.id, workspaceId)
    assert.equal((await refusal(api.apiV1WorkspaceWorkspaceIdGet({ workspaceId }))).status, 404)
    await makeProject("By slug", "deleted-by-slug")
    assert.equal((await api.apiV2WorkspaceSlugDelete({ slug: "deleted-by-slug" })).data.name, "By slug")
  })

  test("are made of templates", async () => {
    const environments = [{ name: "Live", slug: "live", position: 1 }]
    // The client's type of a rule takes those about one subject only.
    const permissions = [{ subject: "tags", action: ["read"] }] as never[]
    const request = {
      name: "generated",
      environments,
      roles: [{ name: "Reader", slug: "reader", permissions }],
    }
    const made = (await api.apiV1ProjectTemplatesPost({ apiV1ProjectTemplatesPostRequest: request })).data
    const { id: templateId } = made.projectTemplate
    assert.deepEqual(made.projectTemplate.environments, environments)
    assert.deepEqual((await api.apiV1ProjectTemplatesTemplateIdGet({ templateId })).data, made)
    const { projectTemplates } = (await api.apiV1ProjectTemplatesGet()).data
    assert.deepEqual(projectTemplates, [made.projectTemplate])
    const body = { projectName: "Of a template", template: "generated" }
    const { project } = (await api.apiV2WorkspacePost({ apiV2WorkspacePostRequest: body })).data
    assert.deepEqual(
      project.environments.map(({ slug }) => slug),
      ["live"],
    )
    const changed = await api.apiV1ProjectTemplatesTemplateIdPatch({
      templateId,
      apiV1ProjectTemplatesTemplateIdPatchRequest: { description: "for tests" },
    })
    assert.equal(changed.data.projectTemplate.description, "for tests")
    await api.apiV1ProjectTemplatesTemplateIdDelete({ templateId })
    assert.equal((await refusal(api.apiV1ProjectTemplatesTemplateIdGet({ templateId }))).status, 404)
  })

  test("have environments", async () => {
    const { id: workspaceId } = await makeProject("With environments")
    const request = { name: "Quality", slug: "qa", position: 2 }
    const { environment } = (
      await api.apiV1WorkspaceWorkspaceIdEnvironmentsPost({
        workspaceId,
        apiV1WorkspaceWorkspaceIdEnvironmentsPostRequest: request,
      })
    ).data
    assert.deepEqual([environment.slug, environment.position], ["qa", 2])
    const { id } = environment
    const read = (await api.apiV1WorkspaceWorkspaceIdEnvironmentsEnvIdGet({ workspaceId, envId: id })).data
    assert.deepEqual(read.environment, environment)
    assert.deepEqual((await api.apiV1WorkspaceEnvironmentsEnvIdGet({ envId: id })).data, read)
    const changed = (
      await api.apiV1WorkspaceWorkspaceIdEnvironmentsIdPatch({
        workspaceId,
        id,
        apiV1WorkspaceWorkspaceIdEnvironmentsIdPatchRequest: { name: "Tests", position: 4 },
      })
    ).data
    assert.deepEqual([changed.environment.name, changed.environment.position], ["Tests", 4])
    const deleted = (await api.apiV1WorkspaceWorkspaceIdEnvironmentsIdDelete({ workspaceId, id })).data
    assert.deepEqual([deleted.workspace, deleted.environment.id], [workspaceId, id])
    assert.equal((await refusal(api.apiV1WorkspaceEnvironmentsEnvIdGet({ envId: id }))).status, 404)
  })
})
