import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { decode, replay, type Fields, type Known, type Step } from "../replay.ts"

/*
 * What the Terraform provider (v0.19.24) sends for its resources and data sources, in its order: create, read, update,
 * read, delete, and a read that finds nothing. It repeats ids of the path in the body.
 */
const group: Fields = {
  id: "string",
  orgId: "string",
  name: "string",
  slug: "string",
  role: "string",
  roleId: "string?",
  customRoleSlug: "string?",
}
const role: Fields = {
  role: { id: "string", name: "string", description: "string?", slug: "string", permissions: "list" },
}
const identity: Fields = {
  identity: {
    identity: { id: "string", name: "string", hasDeleteProtection: "boolean", authMethods: ["string"] },
    role: "string",
    orgId: "string",
    metadata: [{ key: "string", value: "string" }],
  },
}
const changedIdentity: Fields = {
  identity: {
    id: "string",
    name: "string",
    hasDeleteProtection: "boolean",
    authMethods: ["string"],
    createdAt: "time",
    updatedAt: "time",
    metadata: [{ key: "string", value: "string" }],
  },
}
const trustedIps: [Fields] = [{ type: "string", ipAddress: "string", prefix: "number?" }]
const tokenSettings: Fields = {
  id: "string",
  accessTokenTTL: "number",
  accessTokenMaxTTL: "number",
  accessTokenNumUsesLimit: "number",
  accessTokenTrustedIps: trustedIps,
  createdAt: "string",
  updatedAt: "string",
  identityId: "string",
}
const universalAuth: Fields = {
  identityUniversalAuth: { ...tokenSettings, clientId: "string", clientSecretTrustedIps: trustedIps },
}
const tokenAuth: Fields = { identityTokenAuth: tokenSettings }
const clientSecretData: Fields = {
  id: "string",
  createdAt: "string",
  updatedAt: "string",
  description: "string",
  clientSecretPrefix: "string",
  clientSecretNumUses: "number",
  clientSecretNumUsesLimit: "number",
  clientSecretTTL: "number",
  identityUAId: "string",
  isClientSecretRevoked: "boolean",
}
const token: Fields = {
  id: "string",
  accessTokenTTL: "number",
  accessTokenMaxTTL: "number",
  accessTokenNumUses: "number",
  accessTokenNumUsesLimit: "number",
  isAccessTokenRevoked: "boolean",
  identityId: "string",
  createdAt: "time",
  updatedAt: "time",
  name: "string",
  authMethod: "string",
}

const createGroup = (name: string, roleSlug: string): Step => ({
  call: "POST /api/v1/groups",
  body: { name, slug: name, role: roleSlug },
  decodes: group,
  keeps: ({ id }) => ({ groupId: id }),
})
const createIdentity = (name: string): Step => ({
  call: "POST /api/v1/identities",
  body: ({ organizationId }) => ({ name, organizationId, role: "member", hasDeleteProtection: false }),
  decodes: changedIdentity,
  keeps: (answer) => ({ identityId: answer.identity.id }),
})

/** The provider logs in by universal auth first, as a machine identity that may do everything. */
const identityOfTerraform = await people.addIdentity(server, organization, "admin")
const secret = await people.addClientSecret(server, organization, identityOfTerraform.id)
const login: Step = {
  call: "POST /api/v1/auth/universal-auth/login",
  as: "nobody",
  body: { clientId: secret.clientId, clientSecret: secret.clientSecret },
  decodes: { accessToken: "string", expiresIn: "number", accessTokenMaxTTL: "number", tokenType: "string" },
  keeps: ({ accessToken }) => ({ token: accessToken }),
}
const apply = (...steps: Step[]): Promise<void> => replay([login, ...steps])

describe("Terraform", () => {
  test("infisical_group and the data source infisical_groups", () =>
    apply(
      createGroup("tf-group", "member"),
      { call: ({ groupId }) => `GET /api/v1/groups/${groupId}`, decodes: group },
      {
        call: "GET /api/v1/groups",
        decodes: [group],
        holds: (answer, { groupId }) => [answer.some(({ id }: { id: string }) => id === groupId), true],
      },
      {
        call: ({ groupId }) => `PATCH /api/v1/groups/${groupId}`,
        body: { name: "tf-renamed", slug: "tf-renamed", role: "no-access" },
        decodes: group,
      },
      {
        call: ({ groupId }) => `GET /api/v1/groups/${groupId}`,
        decodes: group,
        holds: ({ name, slug, role, customRoleSlug }) => [
          [name, slug, customRoleSlug || role],
          ["tf-renamed", "tf-renamed", "no-access"],
        ],
      },
      { call: ({ groupId }) => `DELETE /api/v1/groups/${groupId}`, decodes: group },
      { call: ({ groupId }) => `GET /api/v1/groups/${groupId}`, status: 404 },
    ))

  test("infisical_org_role, and infisical_group with it", () =>
    apply(
      {
        call: "POST /api/v1/organization/roles",
        body: {
          slug: "tf-role",
          name: "Of Terraform",
          description: "",
          permissions: [{ action: ["read"], subject: "groups", inverted: false }],
        },
        decodes: role,
        keeps: (answer) => ({ roleId: answer.role.id }),
      },
      {
        call: ({ roleId }) => `GET /api/v1/organization/roles/${roleId}`,
        decodes: role,
        holds: (answer) => [
          answer.role.permissions,
          [{ action: ["read"], subject: "groups", inverted: false }],
        ],
      },
      { call: "GET /api/v1/organization/roles/slug/tf-role", decodes: role },
      {
        call: ({ roleId }) => `PATCH /api/v1/organization/roles/${roleId}`,
        body: ({ roleId }) => ({
          roleId,
          slug: "tf-role-2",
          name: "Of Terraform 2",
          description: "More",
          permissions: [{ action: ["read", "edit"], subject: "groups" }],
        }),
        decodes: role,
      },
      {
        call: "GET /api/v1/organization/roles/slug/tf-role-2",
        decodes: role,
        holds: (answer) => [
          [answer.role.name, answer.role.description, answer.role.permissions[0].action],
          ["Of Terraform 2", "More", ["read", "edit"]],
        ],
      },
      createGroup("tf-custom", "tf-role-2"),
      {
        call: ({ groupId }) => `GET /api/v1/groups/${groupId}`,
        decodes: group,
        // The provider takes this for the role when it is not empty.
        holds: ({ customRoleSlug }) => [customRoleSlug, "tf-role-2"],
      },
      { call: ({ groupId }) => `DELETE /api/v1/groups/${groupId}` },
      { call: ({ roleId }) => `DELETE /api/v1/organization/roles/${roleId}`, decodes: role },
      { call: ({ roleId }) => `GET /api/v1/organization/roles/${roleId}`, status: 404 },
      { call: "GET /api/v1/organization/roles/slug/tf-role-2", status: 404 },
    ))

  const list: Fields = {
    machineIdentities: [{ id: "string", name: "string", isPartOfGroup: "boolean" }],
  }
  const isMember = (answer: { machineIdentities: { id: string; isPartOfGroup: boolean }[] }, id?: string) =>
    answer.machineIdentities.some((each) => each.id === id && each.isPartOfGroup)

  test("infisical_group_machine_identity", async () => {
    // The provider asks for no page: whoever is in the group has to be on the first, however many are not.
    for (let index = 0; index < 12; index++) {
      const body = { name: `tf a ${index}`, organizationId: organization.id }
      people.ok(await server.call("POST /api/v1/identities", { token: organization.token, body }))
    }
    await apply(
      createGroup("tf-machines", "no-access"),
      createIdentity("tf z"),
      {
        call: ({ groupId, identityId }) => `POST /api/v1/groups/${groupId}/machine-identities/${identityId}`,
      },
      {
        call: ({ groupId }) => `GET /api/v1/groups/${groupId}/machine-identities`,
        decodes: list,
        holds: (answer, { identityId }) => [isMember(answer, identityId), true],
      },
      {
        call: ({ groupId, identityId }) =>
          `DELETE /api/v1/groups/${groupId}/machine-identities/${identityId}`,
      },
      {
        call: ({ groupId }) => `GET /api/v1/groups/${groupId}/machine-identities`,
        decodes: list,
        holds: (answer, { identityId }) => [isMember(answer, identityId), false],
      },
      { call: ({ groupId }) => `DELETE /api/v1/groups/${groupId}` },
      { call: ({ groupId }) => `GET /api/v1/groups/${groupId}/machine-identities`, status: 404 },
    )
  })

  test("infisical_identity and the data source of its organization", () =>
    apply(
      {
        call: "POST /api/v1/identities",
        body: ({ organizationId }) => ({
          name: "tf identity",
          organizationId,
          role: "member",
          hasDeleteProtection: true,
          metadata: [{ key: "team", value: "north" }],
        }),
        decodes: changedIdentity,
        keeps: (answer) => ({ identityId: answer.identity.id }),
      },
      { call: ({ identityId }) => `GET /api/v1/identities/${identityId}`, decodes: identity },
      {
        call: ({ identityId }) => `PATCH /api/v1/identities/${identityId}`,
        body: ({ identityId }) => ({
          identityId,
          name: "tf renamed",
          hasDeleteProtection: false,
          role: "no-access",
          metadata: [],
        }),
        decodes: changedIdentity,
      },
      {
        call: ({ identityId }) => `GET /api/v1/identities/${identityId}`,
        decodes: identity,
        holds: (answer) => [
          [answer.identity.identity.name, answer.identity.role, answer.identity.metadata],
          ["tf renamed", "no-access", []],
        ],
      },
      {
        call: "GET /api/v1/identities/details",
        decodes: { identityDetails: { organization: { id: "string", name: "string", slug: "string" } } },
      },
      {
        call: ({ identityId }) => `DELETE /api/v1/identities/${identityId}`,
        body: ({ identityId }) => ({ identityId }),
        decodes: { identity: { id: "string", name: "string", hasDeleteProtection: "boolean" } },
      },
      { call: ({ identityId }) => `GET /api/v1/identities/${identityId}`, status: 404 },
    ))

  /** A call about a login method of the machine identity. */
  const at = (verb: string, method: string, rest: (known: Known) => string = () => "") => {
    return (known: Known) => `${verb} /api/v1/auth/${method}/identities/${known["identityId"]}${rest(known)}`
  }
  const secretOf = (known: Known): string => `/client-secrets/${known["secretId"]}`
  const defaults = {
    accessTokenTTL: 2_592_000,
    accessTokenMaxTTL: 2_592_000,
    accessTokenNumUsesLimit: 0,
    accessTokenTrustedIps: [{ ipAddress: "0.0.0.0/0" }, { ipAddress: "::/0" }],
  }

  test("infisical_identity_universal_auth and its client secret", () =>
    apply(
      createIdentity("tf universal"),
      {
        call: at("POST", "universal-auth"),
        body: ({ identityId }) => ({
          ...defaults,
          identityId,
          clientSecretTrustedIps: [{ ipAddress: "0.0.0.0/0" }, { ipAddress: "10.1.2.3" }],
        }),
        decodes: universalAuth,
      },
      {
        call: at("GET", "universal-auth"),
        decodes: universalAuth,
        holds: ({ identityUniversalAuth }) => [
          identityUniversalAuth.clientSecretTrustedIps,
          [
            { type: "ipv4", ipAddress: "0.0.0.0", prefix: 0 },
            { type: "ipv4", ipAddress: "10.1.2.3" },
          ],
        ],
      },
      {
        call: at("PATCH", "universal-auth"),
        body: ({ identityId }) => ({ identityId, accessTokenTTL: 3600, accessTokenMaxTTL: 7200 }),
        decodes: universalAuth,
      },
      {
        call: at("GET", "universal-auth"),
        decodes: universalAuth,
        holds: ({ identityUniversalAuth }) => [identityUniversalAuth.accessTokenTTL, 3600],
      },
      {
        call: at("POST", "universal-auth", () => "/client-secrets"),
        body: ({ identityId }) => ({ identityId, description: "tf", numUsesLimit: 3, ttl: 600 }),
        decodes: { clientSecret: "string", clientSecretData },
        keeps: (answer) => ({ secretId: answer.clientSecretData.id }),
      },
      {
        call: at("GET", "universal-auth", secretOf),
        decodes: { clientSecretData },
        holds: ({ clientSecretData: data }) => [
          [data.description, data.clientSecretNumUsesLimit, data.clientSecretTTL],
          ["tf", 3, 600],
        ],
      },
      {
        call: at("POST", "universal-auth", (known) => `${secretOf(known)}/revoke`),
        body: ({ identityId, secretId }) => ({ identityId, clientSecretId: secretId }),
        decodes: { clientSecretData },
      },
      {
        call: at("DELETE", "universal-auth"),
        body: ({ identityId }) => ({ identityId }),
        decodes: universalAuth,
      },
      { call: at("GET", "universal-auth"), status: 404 },
      {
        call: at("GET", "universal-auth", secretOf),
        status: 404,
      },
    ))

  test("infisical_identity_token_auth and its token", () =>
    apply(
      createIdentity("tf token auth"),
      {
        call: at("POST", "token-auth"),
        body: ({ identityId }) => ({ ...defaults, identityId }),
        decodes: tokenAuth,
      },
      { call: at("GET", "token-auth"), decodes: tokenAuth },
      {
        call: at("PATCH", "token-auth"),
        body: ({ identityId }) => ({ identityId, accessTokenTTL: 3600 }),
        decodes: tokenAuth,
      },
      {
        call: at("POST", "token-auth", () => "/tokens"),
        body: ({ identityId }) => ({ identityId, name: "tf" }),
        decodes: { accessToken: "string", tokenData: token },
        keeps: (answer) => ({ tokenId: answer.tokenData.id }),
      },
      { call: ({ tokenId }) => `GET /api/v1/auth/token-auth/tokens/${tokenId}`, decodes: { token } },
      {
        call: ({ tokenId }) => `PATCH /api/v1/auth/token-auth/tokens/${tokenId}`,
        body: ({ tokenId }) => ({ tokenId, name: "tf renamed" }),
        decodes: { token },
      },
      {
        call: ({ tokenId }) => `GET /api/v1/auth/token-auth/tokens/${tokenId}`,
        decodes: { token },
        holds: (answer) => [answer.token.name, "tf renamed"],
      },
      {
        call: ({ tokenId }) => `POST /api/v1/auth/token-auth/tokens/${tokenId}/revoke`,
        body: ({ identityId, tokenId }) => ({ identityId, tokenId }),
      },
      { call: at("DELETE", "token-auth"), body: ({ identityId }) => ({ identityId }), decodes: tokenAuth },
      { call: at("GET", "token-auth"), status: 404 },
    ))

  test("what the provider could not decode is found", () => {
    assert.deepEqual(decode(group, { ...sample, more: 1 }, "a group"), { ...sample, roleId: undefined })
    assert.throws(() => decode(group, { ...sample, name: undefined }, "a group"), /a group name is no string/)
    assert.throws(() => decode([group], sample, "groups"), /groups is no list/)
    assert.throws(() => decode({ createdAt: "time" }, { createdAt: "" }, "it"), /it createdAt is no time/)
  })
  const sample = { id: "1", orgId: "2", name: "a", slug: "b", role: "c", customRoleSlug: null }
})
