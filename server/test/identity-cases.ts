import type { Make } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

/** A machine identity without a way to sign in; its id. */
export async function freshIdentity(harness: Harness, { id, token }: people.Organization): Promise<string> {
  const body = { name: fresh("machine"), organizationId: id }
  return people.ok(await harness.call("POST /api/v1/identities", { token, body })).identity.id
}

const tokenSettings = {
  accessTokenTTL: 60,
  accessTokenMaxTTL: 3600,
  accessTokenNumUsesLimit: 5,
  accessTokenTrustedIps: [{ ipAddress: "127.0.0.0/8" }],
}

const universalAuthSettings = {
  ...tokenSettings,
  clientSecretTrustedIps: [{ ipAddress: "127.0.0.1" }],
  accessTokenPeriod: 10,
  lockoutEnabled: true,
  lockoutThreshold: 5,
  lockoutDurationSeconds: 60,
  lockoutCounterResetSeconds: 10,
}

async function freshUniversalAuth(harness: Harness, organization: people.Organization) {
  const identityId = await freshIdentity(harness, organization)
  const clientSecret = await people.addClientSecret(harness, organization, identityId)
  return { identityId, ...clientSecret }
}

/** A token that is not at its maximum from the start. */
async function renewable(harness: Harness, organization: people.Organization): Promise<string> {
  const route = `POST /api/v1/auth/token-auth/identities/${await freshIdentity(harness, organization)}`
  const { token } = organization
  people.ok(await harness.call(route, { token, body: { accessTokenTTL: 60 } }))
  return people.ok(await harness.call(`${route}/tokens`, { token, body: {} })).accessToken
}

/** The lines of the endpoints of machine identities. */
export const identityCases: Record<string, Make> = {
  createIdentity: async (_harness, { id }) => ({
    body: {
      name: fresh("machine"),
      organizationId: id,
      role: "member",
      hasDeleteProtection: true,
      metadata: [{ key: "team", value: "blue" }],
    },
  }),
  updateIdentity: async (harness, organization) => ({
    path: { identityId: await freshIdentity(harness, organization) },
    body: {
      name: fresh("renamed"),
      role: "member",
      hasDeleteProtection: true,
      metadata: [{ key: "team", value: "blue" }],
    },
  }),
  deleteIdentity: async (harness, organization) => ({
    path: { identityId: await freshIdentity(harness, organization) },
  }),
  getIdentity: async (harness, organization) => ({
    path: { identityId: await freshIdentity(harness, organization) },
  }),
  listIdentityProjectMemberships: async (harness, organization) => ({
    path: { identityId: await freshIdentity(harness, organization) },
  }),
  getIdentityDetails: async () => ({}),
  listIdentities: async (_harness, { id }) => ({ query: { orgId: id } }),
  listOrganizationIdentities: async (_harness, { id }) => ({ path: { orgId: id } }),
  searchIdentities: async () => ({
    body: {
      orderBy: "name",
      orderDirection: "desc",
      limit: 10,
      offset: 0,
      search: { name: { $contains: "machine" }, role: { $in: ["member"] } },
    },
  }),
  renewAccessToken: async (harness, organization) => ({
    body: { accessToken: await renewable(harness, organization) },
  }),
  revokeAccessToken: async (harness, organization) => ({
    body: { accessToken: (await people.addIdentity(harness, organization, "no-access")).token },
  }),
  attachTokenAuth: async (harness, organization) => ({
    path: { identityId: await freshIdentity(harness, organization) },
    body: tokenSettings,
  }),
  getTokenAuth: async (harness, organization) => ({
    path: { identityId: (await people.addIdentity(harness, organization, "no-access")).id },
  }),
  updateTokenAuth: async (harness, organization) => ({
    path: { identityId: (await people.addIdentity(harness, organization, "no-access")).id },
    body: tokenSettings,
  }),
  deleteTokenAuth: async (harness, organization) => ({
    path: { identityId: (await people.addIdentity(harness, organization, "no-access")).id },
  }),
  listTokenAuthTokens: async (harness, organization) => ({
    path: { identityId: (await people.addIdentity(harness, organization, "no-access")).id },
  }),
  getTokenAuthToken: async (harness, organization) => ({
    path: { tokenId: (await people.addIdentity(harness, organization, "no-access")).tokenId },
  }),
  updateTokenAuthToken: async (harness, organization) => ({
    path: { tokenId: (await people.addIdentity(harness, organization, "no-access")).tokenId },
    body: { name: fresh("renamed") },
  }),
  createTokenAuthToken: async (harness, organization) => ({
    path: { identityId: (await people.addIdentity(harness, organization, "no-access")).id },
    body: { name: fresh("token") },
  }),
  revokeTokenAuthToken: async (harness, organization) => ({
    path: { tokenId: (await people.addIdentity(harness, organization, "no-access")).tokenId },
  }),
  attachUniversalAuth: async (harness, organization) => ({
    path: { identityId: await freshIdentity(harness, organization) },
    body: universalAuthSettings,
  }),
  async getUniversalAuth(harness, organization) {
    const { identityId } = await freshUniversalAuth(harness, organization)
    return { path: { identityId } }
  },
  async updateUniversalAuth(harness, organization) {
    const { identityId } = await freshUniversalAuth(harness, organization)
    return { path: { identityId }, body: universalAuthSettings }
  },
  async deleteUniversalAuth(harness, organization) {
    const { identityId } = await freshUniversalAuth(harness, organization)
    return { path: { identityId } }
  },
  async clearUniversalAuthLockouts(harness, organization) {
    const { identityId } = await freshUniversalAuth(harness, organization)
    return { path: { identityId } }
  },
  async createClientSecret(harness, organization) {
    const { identityId } = await freshUniversalAuth(harness, organization)
    return { path: { identityId }, body: { description: "CI", numUsesLimit: 3, ttl: 60 } }
  },
  async listClientSecrets(harness, organization) {
    const { identityId } = await freshUniversalAuth(harness, organization)
    return { path: { identityId } }
  },
  async getClientSecret(harness, organization) {
    const { identityId, clientSecretId } = await freshUniversalAuth(harness, organization)
    return { path: { identityId, clientSecretId } }
  },
  async revokeClientSecret(harness, organization) {
    const { identityId, clientSecretId } = await freshUniversalAuth(harness, organization)
    return { path: { identityId, clientSecretId } }
  },
  async loginUniversalAuth(harness, organization) {
    const { clientId, clientSecret } = await freshUniversalAuth(harness, organization)
    return { body: { clientId, clientSecret, organizationSlug: "", subOrganizationName: "" } }
  },
}
