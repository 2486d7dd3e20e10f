import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const conditions = { environment: "dev", secretPath: { $glob: "/apps/**" } }
/** The client's type of a rule takes those about one subject only, that of the last alternative of its document. */
const permissions = [{ subject: "secrets", action: ["describeSecret"], conditions }] as never[]
const shown = [{ subject: "secrets", action: ["describeSecret"], inverted: false, conditions }]
/** The same of the type of a privilege. */
const type = { isTemporary: false } as never
const temporary = {
  temporaryMode: "relative" as const,
  temporaryRange: "1h",
  temporaryAccessStartTime: "2026-01-01T10:00:00.000Z",
}

/** A machine identity that has made a project, and so is in it. */
async function inProject(projectName: string) {
  const { id: identityId, token } = await people.addIdentity(server, organization, "admin")
  const answer = await server.call("POST /api/v1/projects", { token, body: { projectName } })
  const { id: projectId, slug: projectSlug } = people.ok(answer).project as { id: string; slug: string }
  return { api: generatedClient(server.address, token), identityId, projectId, projectSlug }
}

describe("additional privileges, by the generated client", () => {
  test("of machine identities are given, read, listed, changed and taken away", async () => {
    const { api, identityId, projectId, projectSlug } = await inProject("Privileges")
    const { privilege } = (
      await api.apiV2IdentityProjectAdditionalPrivilegePost({
        apiV2IdentityProjectAdditionalPrivilegePostRequest: {
          identityId,
          projectId,
          slug: "reader",
          permissions,
          type,
        },
      })
    ).data
    assert.deepEqual(privilege.permissions, shown)
    const { id } = privilege
    const found = (await api.apiV2IdentityProjectAdditionalPrivilegeIdGet({ id })).data.privilege
    assert.deepEqual(found, privilege)
    const named = { identityId, projectSlug, privilegeSlug: "reader" }
    const bySlug = await api.apiV2IdentityProjectAdditionalPrivilegeSlugPrivilegeSlugGet(named)
    assert.deepEqual(bySlug.data.privilege, privilege)
    const listed = await api.apiV2IdentityProjectAdditionalPrivilegeGet({ identityId, projectId })
    assert.deepEqual(
      listed.data.privileges.map(({ slug }) => slug),
      ["reader"],
    )
    const change = { slug: "shorter", permissions, type: { isTemporary: true, ...temporary } }
    const changed = await api.apiV2IdentityProjectAdditionalPrivilegeIdPatch({
      id,
      apiV2IdentityProjectAdditionalPrivilegeIdPatchRequest: change,
    })
    assert.equal(changed.data.privilege.temporaryAccessEndTime, "2026-01-01T11:00:00.000Z")
    await api.apiV2IdentityProjectAdditionalPrivilegeIdDelete({ id })
    assert.equal((await refusal(api.apiV2IdentityProjectAdditionalPrivilegeIdGet({ id }))).status, 404)
  })

  test("of machine identities are the same as older methods have them", async () => {
    const { api, identityId, projectSlug } = await inProject("Older privileges")
    const whose = { identityId, projectSlug }
    const privilegePermission = {
      actions: ["read" as const],
      subject: "secrets" as const,
      conditions,
    }
    const { privilege } = (
      await api.apiV1AdditionalPrivilegeIdentityPermanentPost({
        apiV1AdditionalPrivilegeIdentityPermanentPostRequest: { ...whose, slug: "one", privilegePermission },
      })
    ).data
    assert.deepEqual(privilege.permissions, [{ ...shown[0], action: ["read"] }])
    await api.apiV1AdditionalPrivilegeIdentityTemporaryPost({
      apiV1AdditionalPrivilegeIdentityTemporaryPostRequest: {
        ...whose,
        slug: "two",
        privilegePermission,
        ...temporary,
      },
    })
    const listed = await api.apiV1AdditionalPrivilegeIdentityGet(whose)
    assert.deepEqual(
      listed.data.privileges.map(({ slug }) => slug),
      ["one", "two"],
    )
    const named = { ...whose, privilegeSlug: "one" }
    const found = await api.apiV1AdditionalPrivilegeIdentityPrivilegeSlugGet(named)
    assert.deepEqual(found.data.privilege, privilege)
    const privilegeDetails = { slug: "renamed", isTemporary: true, ...temporary }
    const changed = await api.apiV1AdditionalPrivilegeIdentityPatch({
      apiV1AdditionalPrivilegeIdentityPatchRequest: { ...named, privilegeDetails },
    })
    assert.equal(changed.data.privilege.isTemporary, true)
    await api.apiV1AdditionalPrivilegeIdentityDelete({
      apiV1AdditionalPrivilegeIdentityDeleteRequest: { ...named, privilegeSlug: "renamed" },
    })
    const gone = await refusal(
      api.apiV1AdditionalPrivilegeIdentityPrivilegeSlugGet({ ...named, privilegeSlug: "renamed" }),
    )
    assert.equal(gone.status, 404)
  })

  test("of people are given, read, changed and taken away", async () => {
    const email = "privileged@example.com"
    const token = await people.addPerson(server, organization, { email, role: "admin" })
    const answer = await server.call("POST /api/v1/projects", { token, body: { projectName: "Of people" } })
    const projectId: string = people.ok(answer).project.id
    const api = generatedClient(server.address, token)
    const { user } = (await api.apiV1UserGet()).data
    // By project and account, as the method's type does not know.
    const given = { projectId, userId: user.id, slug: "reader", permissions, type }
    const { privilege } = (
      await api.apiV1UserProjectAdditionalPrivilegePost({
        apiV1UserProjectAdditionalPrivilegePostRequest: given as never,
      })
    ).data
    assert.deepEqual(privilege.permissions, shown)
    const { id: privilegeId } = privilege
    const found = await api.apiV1UserProjectAdditionalPrivilegePrivilegeIdGet({ privilegeId })
    assert.deepEqual(found.data.privilege, privilege)
    const changed = await api.apiV1UserProjectAdditionalPrivilegePrivilegeIdPatch({
      privilegeId,
      apiV1UserProjectAdditionalPrivilegePrivilegeIdPatchRequest: { slug: "renamed" },
    })
    assert.equal(changed.data.privilege.slug, "renamed")
    // By hand, see the exceptions of coverage.ts.
    const place = people.ok(
      await server.call(`GET /api/v1/workspace/${projectId}/permissions`, { token }),
    ).data
    assert.ok(place.permissions.every((rule: unknown) => Array.isArray(rule)))
    assert.equal(place.membership.userId, user.id)
    const projectMembershipId: string = place.membership.id
    const listed = await api.apiV1UserProjectAdditionalPrivilegeGet({ projectMembershipId })
    assert.deepEqual(
      listed.data.privileges.map(({ slug }) => slug),
      ["renamed"],
    )
    await api.apiV1UserProjectAdditionalPrivilegePrivilegeIdDelete({ privilegeId })
    const gone = await refusal(api.apiV1UserProjectAdditionalPrivilegePrivilegeIdGet({ privilegeId }))
    assert.equal(gone.status, 404)
  })
})
