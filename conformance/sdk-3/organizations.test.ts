import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const machine = generatedClient(server.address, organization.token)
const ada = generatedClient(server.address, organization.adminToken)
const { id: organizationId } = organization

describe("organizations, by the generated client", () => {
  test("are read and changed", async () => {
    const read = (await ada.apiV1OrganizationOrganizationIdGet({ organizationId })).data.organization
    assert.equal(read.name, "Acme")
    const own = [(await ada.apiV1OrganizationGet()).data, (await ada.apiV2UsersMeOrganizationsGet()).data]
    for (const { organizations } of own)
      assert.ok(organizations.some(({ id, slug }) => id === organizationId && slug === read.slug))
    const change = { name: "Acme Rockets", enforceMfa: false }
    const changed = await ada.apiV1OrganizationOrganizationIdPatch({
      organizationId,
      apiV1OrganizationOrganizationIdPatchRequest: change,
    })
    assert.equal(changed.data.organization.name, "Acme Rockets")
    const { plan } = (await ada.apiV1OrganizationsOrganizationIdPlanGet({ organizationId })).data
    assert.equal(plan.groups, true)
  })

  test("say what you may do in them, and leave the legacy privilege system once", async () => {
    const route = `GET /api/v1/organization/${organizationId}/permissions`
    const own = people.ok(await server.call(route, { token: organization.adminToken }))
    assert.deepEqual([own.membership.orgId, own.membership.status], [organizationId, "accepted"])
    assert.ok(own.permissions.every((rule: unknown) => Array.isArray(rule)))
    // This one was never in it.
    const refused = await refusal(ada.apiV2OrganizationsPrivilegeSystemUpgradePost())
    assert.equal(refused.status, 400)
  })

  test("are made and deleted", async () => {
    const request = { apiV2OrganizationsPostRequest: { name: "Short-lived" } }
    const made = (await ada.apiV2OrganizationsPost(request)).data.organization
    const inIt = generatedClient(
      server.address,
      await people.select(server, organization.signedInToken, made.id),
    )
    const gone = (await inIt.apiV2OrganizationsOrganizationIdDelete({ organizationId: made.id })).data
    assert.equal(gone.organization.id, made.id)
    // The answer brings a token to go on with.
    const { organizations } = (await generatedClient(server.address, gone.accessToken).apiV1OrganizationGet())
      .data
    assert.ok(organizations.every(({ id }) => id !== made.id))
  })

  test("have members, who are listed, read, changed and removed", async () => {
    const email = "edsger@example.com"
    await people.addPerson(server, organization, { email })
    await people.invite(server, organization, "still-invited@example.com")
    const { users } = (await machine.apiV2OrganizationsOrganizationIdMembershipsGet({ organizationId })).data
    const seen = (await ada.apiV1OrganizationOrganizationIdUsersGet({ organizationId })).data.users
    assert.ok(seen.some(({ inviteEmail }) => inviteEmail === "still-invited@example.com"))
    const membershipId = users.find(({ user }) => user.username === email)?.id ?? ""
    const place = { organizationId, membershipId }

    const read = (await machine.apiV2OrganizationsOrganizationIdMembershipsMembershipIdGet(place)).data
    assert.deepEqual([read.membership.role, read.membership.isActive], ["member", true])
    const change = { role: "no-access", isActive: true, metadata: [{ key: "team", value: "north" }] }
    const changed = await machine.apiV2OrganizationsOrganizationIdMembershipsMembershipIdPatch({
      ...place,
      apiV2OrganizationsOrganizationIdMembershipsMembershipIdPatchRequest: change,
    })
    assert.equal(changed.data.membership.role, "no-access")
    const again = (await machine.apiV2OrganizationsOrganizationIdMembershipsMembershipIdGet(place)).data
    assert.deepEqual(
      again.membership.metadata?.map(({ key, value }) => ({ key, value })),
      change.metadata,
    )
    const projects =
      await machine.apiV2OrganizationsOrganizationIdMembershipsMembershipIdProjectMembershipsGet(place)
    assert.deepEqual(projects.data.memberships, [])

    await machine.apiV2OrganizationsOrganizationIdMembershipsMembershipIdDelete(place)
    const absent = machine.apiV2OrganizationsOrganizationIdMembershipsMembershipIdGet(place)
    assert.equal((await refusal(absent)).status, 404)
  })

  test("have an audit log, read with filters", async () => {
    const group = (await machine.apiV1GroupsPost({ apiV1GroupsPostRequest: { name: "Audited" } })).data
    const startDate = new Date(Date.now() - 3_600_000).toISOString()
    const { auditLogs } = (
      await machine.apiV1OrganizationAuditLogsGet({
        eventType: "create-group",
        eventMetadata: `groupId=${group.id}`,
        startDate,
        limit: 5,
        offset: 0,
        actorType: "identity",
      })
    ).data
    assert.deepEqual(
      auditLogs.map(({ event, actor }) => [event.type, actor.type]),
      [["create-group", "identity"]],
    )
  })

  test("have roles, which are made, read, listed, changed and deleted", async () => {
    const permissions = [{ action: ["read"], subject: "groups" }]
    const request = { slug: "auditor", name: "Auditor", description: "Looks", permissions: [] as string[] }
    // The client's types call the list of rules a list of strings; what is sent is a list of rules.
    Object.assign(request, { permissions })
    const { role } = (
      await machine.apiV1OrganizationOrganizationIdRolesPost({
        organizationId,
        apiV1OrganizationOrganizationIdRolesPostRequest: request,
      })
    ).data
    const at = { organizationId, roleId: role.id }
    const read = (await machine.apiV1OrganizationOrganizationIdRolesRoleIdGet(at)).data.role
    assert.deepEqual(read, role)
    const { roles } = (await machine.apiV1OrganizationOrganizationIdRolesGet({ organizationId })).data.data
    assert.ok(["admin", "member", "no-access", "auditor"].every((slug) => roles.some((r) => r.slug === slug)))
    const changed = await machine.apiV1OrganizationOrganizationIdRolesRoleIdPatch({
      ...at,
      apiV1OrganizationOrganizationIdRolesRoleIdPatchRequest: { name: "Auditors" },
    })
    assert.equal(changed.data.role.name, "Auditors")
    await machine.apiV1OrganizationOrganizationIdRolesRoleIdDelete(at)
    assert.equal((await refusal(machine.apiV1OrganizationOrganizationIdRolesRoleIdGet(at))).status, 404)
  })
})
