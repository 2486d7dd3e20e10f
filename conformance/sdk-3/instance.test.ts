import assert from "node:assert/strict"
import { test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient } from "./client.ts"

const ada = generatedClient(server.address, organization.adminToken)

test("the instance tells its state and its settings, which are changed, by the generated client", async () => {
  const anybody = generatedClient(server.address)
  assert.ok(!Number.isNaN(Date.parse((await anybody.apiStatusGet()).data.date)))
  assert.equal((await anybody.apiV1AdminConfigGet()).data.config.initialized, true)
  const change = (allowSignUp: boolean) =>
    ada.apiV1AdminConfigPatch({ apiV1AdminConfigPatchRequest: { allowSignUp } })
  assert.equal((await change(false)).data.config.allowSignUp, false)
  assert.equal((await change(true)).data.config.allowSignUp, true)
})

test("people and machine identities of the instance are administered by the generated client", async () => {
  const username = "margaret@example.com"
  await people.addPerson(server, organization, { email: username })
  const find = async (searchTerm: string) =>
    (await ada.apiV1AdminUserManagementUsersGet({ searchTerm, offset: 0, limit: 10 })).data.users
  const [user] = await find("margaret")
  const userId = user?.id ?? ""
  await ada.apiV1AdminUserManagementUsersUserIdAdminAccessPatch({ userId })
  assert.equal((await find("margaret"))[0]?.superAdmin, true)
  await ada.apiV1AdminUserManagementUsersUserIdAdminAccessDelete({ userId })
  assert.equal((await find("margaret"))[0]?.superAdmin, false)
  const gone = (await ada.apiV1AdminUserManagementUsersUserIdDelete({ userId })).data
  assert.equal(gone.users.username, username)
  assert.deepEqual(await find("margaret"), [])

  const { id: identityId } = await people.addIdentity(server, organization, "no-access")
  const route = `PATCH /api/v1/admin/identity-management/identities/${identityId}/admin-access`
  people.ok(await server.call(route, { token: organization.adminToken }))
  const isAdmin = async () => {
    const request = { offset: 0, limit: 100, searchTerm: "no-access" }
    const { identities } = (await ada.apiV1AdminIdentityManagementIdentitiesGet(request)).data
    return identities.find(({ id }) => id === identityId)?.isInstanceAdmin
  }
  assert.equal(await isAdmin(), true)
  await ada.apiV1AdminIdentityManagementIdentitiesIdentityIdSuperAdminAccessDelete({ identityId })
  assert.equal(await isAdmin(), false)
})
