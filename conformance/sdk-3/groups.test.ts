import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const api = generatedClient(server.address, organization.token)
/** Some lists are for people alone. */
const ada = generatedClient(server.address, organization.adminToken)

describe("groups, by the generated client", () => {
  const makeGroup = async (name: string, role = "no-access") =>
    (await api.apiV1GroupsPost({ apiV1GroupsPostRequest: { name, role } })).data

  test("are made, read, listed, changed and deleted", async () => {
    const made = await makeGroup("Platform", "member")
    assert.match(made.slug, /^platform/)
    assert.equal(made.role, "member")
    assert.deepEqual(pick(made, (await api.apiV1GroupsIdGet({ id: made.id })).data), made)
    const listed = (await api.apiV1GroupsGet()).data.find(({ id }) => id === made.id)
    assert.deepEqual(listed && pick(made, listed), made)

    const change = { name: "Platforms", slug: "platforms", role: "no-access" }
    const changed = (await api.apiV1GroupsIdPatch({ id: made.id, apiV1GroupsIdPatchRequest: change })).data
    assert.deepEqual(pick(change, changed), change)
    const deleted = (await api.apiV1GroupsIdDelete({ id: made.id })).data
    assert.equal(deleted.id, made.id)
    const { status, message } = await refusal(api.apiV1GroupsIdGet({ id: made.id }))
    assert.equal(status, 404)
    assert.ok(String(message).includes(made.id))
  })

  test("have a list for the organization, where a custom role is told", async () => {
    const { id: organizationId } = organization
    const request = { slug: "reader", name: "Reader", permissions: [] }
    const { role } = (
      await api.apiV1OrganizationOrganizationIdRolesPost({
        organizationId,
        apiV1OrganizationOrganizationIdRolesPostRequest: request,
      })
    ).data
    const made = await makeGroup("Readers", "reader")
    assert.equal(made.roleId, role.id)
    const { groups } = (await ada.apiV1OrganizationOrganizationIdGroupsGet({ organizationId })).data
    const listed = groups.find(({ id }) => id === made.id)
    assert.equal(listed?.role, "custom")
    assert.equal(listed?.customRole?.slug, "reader")
  })

  test("take people in and let them go", async () => {
    const username = "grace@example.com"
    await people.addPerson(server, organization, { email: username })
    const { id } = await makeGroup("Flight software")

    const added = (await api.apiV1GroupsIdUsersUsernamePost({ id, username })).data
    assert.equal(added.username, username)
    assert.equal((await refusal(api.apiV1GroupsIdUsersUsernamePost({ id, username }))).status, 400)
    const absent = api.apiV1GroupsIdUsersUsernamePost({ id, username: "nobody@example.com" })
    assert.equal((await refusal(absent)).status, 404)

    const groups = (await ada.apiV1UserMeUsernameGroupsGet({ username })).data
    assert.deepEqual(
      groups.map((group) => group.id),
      [id],
    )
    const removed = (await api.apiV1GroupsIdUsersUsernameDelete({ id, username })).data
    assert.deepEqual(removed, added)
    assert.equal((await refusal(api.apiV1GroupsIdUsersUsernameDelete({ id, username }))).status, 403)
    assert.deepEqual((await ada.apiV1UserMeUsernameGroupsGet({ username })).data, [])
  })

  test("list people by page, search, name, and whether they are in", async () => {
    const { id } = await makeGroup("Research")
    const names = ["r1@lab.example", "r2@lab.example", "r3@lab.example"]
    for (const email of names) await people.addPerson(server, organization, { email })
    for (const username of names.slice(0, 2)) await api.apiV1GroupsIdUsersUsernamePost({ id, username })
    const list = async (query: Omit<Parameters<typeof api.apiV1GroupsIdUsersGet>[0], "id">) => {
      const { users, totalCount } = (await api.apiV1GroupsIdUsersGet({ id, ...query })).data
      return { names: users.map(({ username }) => username), users, totalCount }
    }

    const members = await list({ filter: "existingMembers" })
    assert.deepEqual(members.names, names.slice(0, 2))
    assert.equal(members.totalCount, 2)
    assert.ok(members.users.every(({ isPartOfGroup, joinedGroupAt }) => isPartOfGroup && joinedGroupAt))
    const others = await list({ filter: "nonMembers", search: "lab.example" })
    assert.deepEqual(others.names, names.slice(2))
    assert.deepEqual(
      others.users.map(({ isPartOfGroup, joinedGroupAt }) => [isPartOfGroup, joinedGroupAt]),
      [[false, null]],
    )
    const found = await list({ search: "lab.example", offset: 1, limit: 1 })
    assert.deepEqual(found.names, names.slice(1, 2))
    assert.equal(found.totalCount, 3)
    assert.deepEqual((await list({ username: "r3@lab.example" })).names, ["r3@lab.example"])
  })

  test("hold machine identities, which the client has no methods for", async () => {
    const { token } = organization
    const { id } = await makeGroup("Machines")
    const identity = await people.addIdentity(server, organization, "no-access")
    const route = `/api/v1/groups/${id}/machine-identities`
    people.ok(await server.call(`POST ${route}/${identity.id}`, { token }))
    const { machineIdentities, totalCount } = people.ok(
      await server.call(`GET ${route}?filter=assignedMachineIdentities`, { token }),
    )
    assert.deepEqual([machineIdentities[0].id, totalCount], [identity.id, 1])
    people.ok(await server.call(`DELETE ${route}/${identity.id}`, { token }))
  })
})

/** The members of `whole` that `part` has. */
const pick = <Part extends object>(part: Part, whole: Part): Part =>
  Object.fromEntries(Object.keys(part).map((key) => [key, whole[key as keyof Part]])) as Part
