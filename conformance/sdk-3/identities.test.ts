import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const api = generatedClient(server.address, organization.token)
const { id: organizationId } = organization

const makeIdentity = async (name: string, role = "no-access") =>
  (await api.apiV1IdentitiesPost({ apiV1IdentitiesPostRequest: { name, role, organizationId } })).data
    .identity

describe("machine identities, by the generated client", () => {
  test("are made, read, changed and deleted", async () => {
    const metadata = [{ key: "team", value: "north" }]
    const request = { name: "Deploy", role: "member", organizationId, metadata }
    const { identity } = (await api.apiV1IdentitiesPost({ apiV1IdentitiesPostRequest: request })).data
    const at = { identityId: identity.id }
    const read = (await api.apiV1IdentitiesIdentityIdGet(at)).data.identity
    assert.deepEqual([read.identity.name, read.role, read.orgId], ["Deploy", "member", organizationId])
    assert.deepEqual(
      read.metadata?.map(({ key, value }) => ({ key, value })),
      metadata,
    )
    const change = { name: "Deployer", role: "no-access" }
    await api.apiV1IdentitiesIdentityIdPatch({ ...at, apiV1IdentitiesIdentityIdPatchRequest: change })
    const changed = (await api.apiV1IdentitiesIdentityIdGet(at)).data.identity
    assert.deepEqual([changed.identity.name, changed.role], ["Deployer", "no-access"])
    const none = (await api.apiV1IdentitiesIdentityIdIdentityMembershipsGet(at)).data
    assert.deepEqual(none.identityMemberships, [])
    assert.equal((await api.apiV1IdentitiesIdentityIdDelete(at)).data.identity.id, identity.id)
    assert.equal((await refusal(api.apiV1IdentitiesIdentityIdGet(at))).status, 404)
  })

  test("are listed, and searched by name and role", async () => {
    const names = ["Search 1", "Search 2", "Search 3"]
    for (const name of names) await makeIdentity(name, name === "Search 3" ? "member" : "no-access")
    const { identities, totalCount } = (await api.apiV1IdentitiesGet({ orgId: organizationId })).data
    assert.equal(identities.length, totalCount)
    assert.ok(names.every((name) => identities.some(({ identity }) => identity.name === name)))
    const paged = (
      await api.apiV2OrganizationsOrgIdIdentityMembershipsGet({
        orgId: organizationId,
        search: "Search",
        offset: 1,
        limit: 1,
        orderBy: "name",
        orderDirection: "desc",
      })
    ).data
    assert.deepEqual(
      [paged.identityMemberships.map(({ identity }) => identity.name), paged.totalCount],
      [["Search 2"], 3],
    )
    const found = (
      await api.apiV1IdentitiesSearchPost({
        apiV1IdentitiesSearchPostRequest: {
          limit: 10,
          offset: 0,
          orderBy: "name",
          orderDirection: "asc",
          search: { name: { $contains: "Search" }, role: { $in: ["no-access"] } },
        },
      })
    ).data
    assert.deepEqual(
      [found.identities.map(({ identity }) => identity.name), found.totalCount],
      [["Search 1", "Search 2"], 2],
    )
  })
})

describe("token auth, by the generated client", () => {
  test("is attached, read, changed and taken away", async () => {
    const at = { identityId: (await makeIdentity("Token auth")).id }
    const request = { accessTokenTTL: 3600, accessTokenMaxTTL: 7200, accessTokenNumUsesLimit: 0 }
    const made = await api.apiV1AuthTokenAuthIdentitiesIdentityIdPost({
      ...at,
      apiV1AuthTokenAuthIdentitiesIdentityIdPostRequest: request,
    })
    const read = (await api.apiV1AuthTokenAuthIdentitiesIdentityIdGet(at)).data
    assert.deepEqual(read, made.data)
    const changed = await api.apiV1AuthTokenAuthIdentitiesIdentityIdPatch({
      ...at,
      apiV1AuthTokenAuthIdentitiesIdentityIdPatchRequest: { accessTokenTTL: 1800 },
    })
    assert.equal(changed.data.identityTokenAuth.accessTokenTTL, 1800)
    await api.apiV1AuthTokenAuthIdentitiesIdentityIdDelete(at)
    assert.equal((await refusal(api.apiV1AuthTokenAuthIdentitiesIdentityIdGet(at))).status, 404)
  })

  test("makes tokens, which are listed, named, renewed and revoked", async () => {
    const at = { identityId: (await makeIdentity("Tokens", "member")).id }
    await api.apiV1AuthTokenAuthIdentitiesIdentityIdPost({
      ...at,
      apiV1AuthTokenAuthIdentitiesIdentityIdPostRequest: { accessTokenTTL: 3600 },
    })
    const make = async (name: string) =>
      (
        await api.apiV1AuthTokenAuthIdentitiesIdentityIdTokensPost({
          ...at,
          apiV1AuthTokenAuthIdentitiesIdentityIdTokensPostRequest: { name },
        })
      ).data
    const { accessToken, expiresIn } = await make("first")
    assert.equal(expiresIn, 3600)
    const list = async () =>
      (await api.apiV1AuthTokenAuthIdentitiesIdentityIdTokensGet({ ...at, offset: 0, limit: 10 })).data.tokens
    const [listed] = await list()
    const tokenId = listed?.id ?? ""
    const named = await api.apiV1AuthTokenAuthTokensTokenIdPatch({
      tokenId,
      apiV1AuthTokenAuthTokensTokenIdPatchRequest: { name: "renamed" },
    })
    assert.equal(named.data.token.name, "renamed")

    const renewed = await api.apiV1AuthTokenRenewPost({ apiV1AuthTokenRenewPostRequest: { accessToken } })
    const bearer = generatedClient(server.address, renewed.data.accessToken)
    await bearer.apiV1GroupsGet()
    await api.apiV1AuthTokenAuthTokensTokenIdRevokePost({ tokenId })
    assert.equal((await refusal(bearer.apiV1GroupsGet())).status, 401)

    const second = (await make("second")).accessToken
    await generatedClient(server.address).apiV1AuthTokenRevokePost({
      apiV1AuthTokenRevokePostRequest: { accessToken: second },
    })
    assert.equal((await refusal(generatedClient(server.address, second).apiV1GroupsGet())).status, 401)
  })
})

describe("universal auth, by the generated client", () => {
  test("is attached, read, changed and taken away", async () => {
    const at = { identityId: (await makeIdentity("Universal auth")).id }
    const request = {
      accessTokenTTL: 3600,
      accessTokenMaxTTL: 7200,
      clientSecretTrustedIps: [{ ipAddress: "127.0.0.0/8" }],
      accessTokenTrustedIps: [{ ipAddress: "0.0.0.0/0" }, { ipAddress: "::/0" }],
    }
    const made = await api.apiV1AuthUniversalAuthIdentitiesIdentityIdPost({
      ...at,
      apiV1AuthUniversalAuthIdentitiesIdentityIdPostRequest: request,
    })
    assert.deepEqual((await api.apiV1AuthUniversalAuthIdentitiesIdentityIdGet(at)).data, made.data)
    const changed = await api.apiV1AuthUniversalAuthIdentitiesIdentityIdPatch({
      ...at,
      apiV1AuthUniversalAuthIdentitiesIdentityIdPatchRequest: { accessTokenNumUsesLimit: 5 },
    })
    assert.equal(changed.data.identityUniversalAuth.accessTokenNumUsesLimit, 5)
    await api.apiV1AuthUniversalAuthIdentitiesIdentityIdDelete(at)
    assert.equal((await refusal(api.apiV1AuthUniversalAuthIdentitiesIdentityIdGet(at))).status, 404)
  })

  test("logs in by a client secret until that is revoked", async () => {
    const at = { identityId: (await makeIdentity("Login", "member")).id }
    const attached = await api.apiV1AuthUniversalAuthIdentitiesIdentityIdPost({
      ...at,
      apiV1AuthUniversalAuthIdentitiesIdentityIdPostRequest: {},
    })
    const { clientId } = attached.data.identityUniversalAuth
    const made = await api.apiV1AuthUniversalAuthIdentitiesIdentityIdClientSecretsPost({
      ...at,
      apiV1AuthUniversalAuthIdentitiesIdentityIdClientSecretsPostRequest: {
        description: "ci",
        numUsesLimit: 10,
        ttl: 3600,
      },
    })
    const { clientSecret, clientSecretData } = made.data
    const login = () =>
      generatedClient(server.address).apiV1AuthUniversalAuthLoginPost({
        apiV1AuthUniversalAuthLoginPostRequest: { clientId, clientSecret },
      })
    const { accessToken, tokenType } = (await login()).data
    assert.equal(tokenType, "Bearer")
    await generatedClient(server.address, accessToken).apiV1GroupsGet()

    const secrets = (await api.apiV1AuthUniversalAuthIdentitiesIdentityIdClientSecretsGet(at)).data
    assert.deepEqual(
      secrets.clientSecretData.map(({ id, clientSecretNumUses }) => [id, clientSecretNumUses]),
      [[clientSecretData.id, 1]],
    )
    const secret = { ...at, clientSecretId: clientSecretData.id }
    await api.apiV1AuthUniversalAuthIdentitiesIdentityIdClientSecretsClientSecretIdGet(secret)
    const revoked =
      await api.apiV1AuthUniversalAuthIdentitiesIdentityIdClientSecretsClientSecretIdRevokePost(secret)
    assert.equal(revoked.data.clientSecretData.isClientSecretRevoked, true)
    assert.equal((await refusal(login())).status, 401)
  })
})
