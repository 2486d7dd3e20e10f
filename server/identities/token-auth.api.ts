import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, idParam, timestamp, uuid } from "../http/fields.ts"
import { page } from "../http/page.ts"
import {
  AccessToken,
  AccessTokenData,
  changedTokenSettings,
  newTokenSettings,
  TrustedIps,
} from "../http/token-fields.ts"
import { shownToken } from "./access-tokens.ts"
import { settingsOf, type AuthMethod } from "./auth-methods.ts"
import * as tokenAuth from "./token-auth.ts"

const TokenAuth = z.object({
  id: uuid,
  accessTokenTTL: z.number(),
  accessTokenMaxTTL: z.number(),
  accessTokenNumUsesLimit: z.number(),
  accessTokenTrustedIps: TrustedIps,
  createdAt: timestamp,
  updatedAt: timestamp,
  identityId: uuid,
  accessTokenPeriod: z.number(),
})

const present = (auth: AuthMethod): z.input<typeof TokenAuth> => ({
  id: auth.id,
  ...settingsOf(auth),
  createdAt: auth.created_at.toISOString(),
  updatedAt: auth.updated_at.toISOString(),
  identityId: auth.identity_id,
})

const tags: [string] = ["Token Auth"]
const ofIdentity = z.object({ identityId: idParam("The ID of the machine identity.") })
const ofToken = z.object({ tokenId: idParam("The ID of the token.") })
const tokenName = displayName("Name", 255).optional()
const result = z.object({ identityTokenAuth: TokenAuth })

const ofMethod = [
  endpoint("attachTokenAuth", "POST /api/v1/auth/token-auth/identities/{identityId}", {
    summary: "Let a machine identity sign in with tokens made for it",
    tags,
    access: { organization: ["create-token", "identity"] },
    params: ofIdentity,
    body: z.object(newTokenSettings).prefault({}),
    result,
    handle: async (ctx, { params, body }) => ({
      identityTokenAuth: present(await tokenAuth.attachTokenAuth(ctx, params.identityId, body)),
    }),
  }),

  endpoint("getTokenAuth", "GET /api/v1/auth/token-auth/identities/{identityId}", {
    summary: "Get the token auth of a machine identity",
    tags,
    access: { organization: ["read", "identity"] },
    params: ofIdentity,
    result,
    handle: async (ctx, { params }) => ({
      identityTokenAuth: present(await tokenAuth.getTokenAuth(ctx, params.identityId)),
    }),
  }),

  endpoint("updateTokenAuth", "PATCH /api/v1/auth/token-auth/identities/{identityId}", {
    summary: "Change what tokens made from now on are like",
    tags,
    access: { organization: ["edit", "identity"] },
    params: ofIdentity,
    body: z.object(changedTokenSettings).prefault({}),
    result,
    handle: async (ctx, { params, body }) => ({
      identityTokenAuth: present(await tokenAuth.updateTokenAuth(ctx, params.identityId, body)),
    }),
  }),

  endpoint("deleteTokenAuth", "DELETE /api/v1/auth/token-auth/identities/{identityId}", {
    summary: "Take token auth away from a machine identity; its tokens are refused at once",
    tags,
    access: { organization: ["revoke-auth", "identity"] },
    params: ofIdentity,
    result,
    handle: async (ctx, { params }) => ({
      identityTokenAuth: present(await tokenAuth.removeTokenAuth(ctx, params.identityId)),
    }),
  }),
]

const ofTokens = [
  endpoint("createTokenAuthToken", "POST /api/v1/auth/token-auth/identities/{identityId}/tokens", {
    summary: "Make a token for a machine identity; it is shown this once",
    tags,
    access: { organization: ["create-token", "identity"] },
    params: ofIdentity,
    body: z.object({ name: tokenName.describe("What the token is for.") }).default({}),
    answers: "credential",
    result: AccessToken.extend({ tokenData: AccessTokenData }),
    async handle(ctx, { params, body }) {
      const { data, ...token } = await tokenAuth.createToken(ctx, params.identityId, body.name ?? null)
      return { ...token, tokenType: "Bearer" as const, tokenData: shownToken(data) }
    },
  }),

  endpoint("listTokenAuthTokens", "GET /api/v1/auth/token-auth/identities/{identityId}/tokens", {
    summary: "List the tokens that were made for a machine identity, the newest first",
    tags,
    access: { organization: ["get-token", "identity"] },
    params: ofIdentity,
    query: z.object(page(20, 100)),
    result: z.object({ tokens: z.array(AccessTokenData) }),
    async handle(ctx, { params, query }) {
      const tokens = await tokenAuth.listTokens(ctx, params.identityId, query)
      return { tokens: tokens.map(shownToken) }
    },
  }),

  endpoint("getTokenAuthToken", "GET /api/v1/auth/token-auth/tokens/{tokenId}", {
    summary: "Get what is known of a token",
    tags,
    access: { organization: ["get-token", "identity"] },
    params: ofToken,
    result: z.object({ token: AccessTokenData }),
    handle: async (ctx, { params }) => ({
      token: shownToken(await tokenAuth.getToken(ctx, params.tokenId)),
    }),
  }),

  endpoint("updateTokenAuthToken", "PATCH /api/v1/auth/token-auth/tokens/{tokenId}", {
    summary: "Rename a token",
    tags,
    access: { organization: ["edit", "identity"] },
    params: ofToken,
    body: z.object({ name: tokenName.describe("What the token is for.") }).default({}),
    result: z.object({ token: AccessTokenData }),
    handle: async (ctx, { params, body }) => ({
      token: shownToken(await tokenAuth.renameToken(ctx, params.tokenId, body.name)),
    }),
  }),

  endpoint("revokeTokenAuthToken", "POST /api/v1/auth/token-auth/tokens/{tokenId}/revoke", {
    summary: "Revoke a token; it is refused from its next request on",
    tags,
    access: { organization: ["delete-token", "identity"] },
    params: ofToken,
    result: z.object({ message: z.string() }),
    async handle(ctx, { params }) {
      await tokenAuth.revokeToken(ctx, params.tokenId)
      return { message: "The token has been revoked" }
    },
  }),
]

export const tokenAuthEndpoints = [...ofMethod, ...ofTokens]
