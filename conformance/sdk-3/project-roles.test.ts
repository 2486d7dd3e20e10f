import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const api = generatedClient(server.address, organization.token)
const makeProject = async (projectName: string): Promise<{ id: string; slug: string }> =>
  people.ok(await server.call("POST /api/v1/projects", { token: organization.token, body: { projectName } }))
    .project

/** The client's type of a rule takes those about one subject only, that of the last alternative of its document. */
const rules = (permissions: object[]): never[] => permissions as never[]

describe("roles of a project, by the generated client", () => {
  test("are made, read, listed, changed and deleted by the project's id", async () => {
    const { id: projectId } = await makeProject("Roles by id")
    const conditions = { environment: "dev", secretPath: { $glob: "/apps/**" } }
    const permissions = [
      { subject: "secrets", action: ["describeSecret"], conditions },
      { subject: "settings", action: "read" },
    ]
    const { role } = (
      await api.apiV2WorkspaceProjectIdRolesPost({
        projectId,
        apiV2WorkspaceProjectIdRolesPostRequest: {
          slug: "deployer",
          name: "Deployer",
          permissions: rules(permissions),
        },
      })
    ).data
    assert.deepEqual(role.permissions, [
      { subject: "secrets", action: ["describeSecret"], conditions, inverted: false },
      { subject: "settings", action: ["read"], inverted: false },
    ])
    const { roles } = (await api.apiV2WorkspaceProjectIdRolesGet({ projectId })).data
    assert.deepEqual(
      roles.map(({ slug }) => slug),
      ["admin", "member", "viewer", "no-access", "deployer"],
    )
    const bySlug = { projectId, roleSlug: "deployer" }
    const found = (await api.apiV2WorkspaceProjectIdRolesSlugRoleSlugGet(bySlug)).data.role
    assert.deepEqual(found.permissions, role.permissions)
    const place = { projectId, roleId: role.id }
    const changes = { name: "Renamed", permissions: [] }
    const changed = await api.apiV2WorkspaceProjectIdRolesRoleIdPatch({
      ...place,
      apiV2WorkspaceProjectIdRolesRoleIdPatchRequest: changes,
    })
    assert.deepEqual([changed.data.role.name, changed.data.role.permissions], ["Renamed", []])
    assert.equal((await api.apiV2WorkspaceProjectIdRolesRoleIdDelete(place)).data.role.id, role.id)
    assert.equal((await refusal(api.apiV2WorkspaceProjectIdRolesSlugRoleSlugGet(bySlug))).status, 404)
  })

  test("are the same by the project's slug, in the older form", async () => {
    const { slug: projectSlug } = await makeProject("Roles by slug")
    const permissions = [
      {
        subject: "secrets",
        action: "edit",
        conditions: { environment: "dev", secretPath: { $glob: "/**" } },
      },
    ]
    const { role } = (
      await api.apiV1WorkspaceProjectSlugRolesPost({
        projectSlug,
        apiV1WorkspaceProjectSlugRolesPostRequest: {
          slug: "older",
          name: "Older",
          permissions: rules(permissions),
        },
      })
    ).data
    assert.equal((await api.apiV1WorkspaceProjectSlugRolesGet({ projectSlug })).data.roles.length, 5)
    const found = await api.apiV1WorkspaceProjectSlugRolesSlugSlugGet({ projectSlug, slug: "older" })
    assert.deepEqual(found.data.role.permissions, role.permissions)
    const place = { projectSlug, roleId: role.id }
    const changed = await api.apiV1WorkspaceProjectSlugRolesRoleIdPatch({
      ...place,
      apiV1WorkspaceProjectSlugRolesRoleIdPatchRequest: { name: "Renamed" },
    })
    assert.equal(changed.data.role.name, "Renamed")
    assert.equal((await api.apiV1WorkspaceProjectSlugRolesRoleIdDelete(place)).data.role.id, role.id)
  })
})
