import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, idParam, timestamp, uuid } from "../http/fields.ts"
import * as tokenAuth from "./token-auth.ts"

const TokenAuth = z.object({
  id: uuid,
  accessTokenTTL: z.number(),
  accessTokenMaxTTL: z.number(),
  accessTokenNumUsesLimit: z.number(),
  accessTokenTrustedIps: z.array(z.object({ type: z.string(), prefix: z.number(), ipAddress: z.string() })),
  createdAt: timestamp,
  updatedAt: timestamp,
  identityId: uuid,
  accessTokenPeriod: z.number(),
})

const everywhere = [
  { type: "ipv4", prefix: 0, ipAddress: "0.0.0.0" },
  { type: "ipv6", prefix: 0, ipAddress: "::" },
]

const present = (auth: tokenAuth.TokenAuth): z.input<typeof TokenAuth> => ({
  id: auth.id,
  accessTokenTTL: auth.access_token_ttl_seconds,
  accessTokenMaxTTL: auth.access_token_max_ttl_seconds,
  accessTokenNumUsesLimit: 0,
  accessTokenTrustedIps: everywhere,
  createdAt: auth.created_at.toISOString(),
  updatedAt: auth.updated_at.toISOString(),
  identityId: auth.identity_id,
  accessTokenPeriod: 0,
})

const seconds = z.number().int().min(0).max(315_360_000).default(2_592_000)
const identityParams = z.object({ identityId: idParam("The ID of the machine identity.") })
const tags: [string] = ["Token Auth"]

export const tokenAuthEndpoints = [
  endpoint("attachTokenAuth", "POST /api/v1/auth/token-auth/identities/{identityId}", {
    summary: "Let a machine identity sign in with tokens made for it",
    tags,
    access: { organization: ["create-token", "identity"] },
    params: identityParams,
    body: z
      .object({
        accessTokenTTL: seconds.describe("How long a token is good, in seconds; 0 for ever."),
        accessTokenMaxTTL: seconds.describe("The most that renewing may reach, in seconds; 0 without end."),
      })
      .default({ accessTokenTTL: 2_592_000, accessTokenMaxTTL: 2_592_000 }),
    result: z.object({ identityTokenAuth: TokenAuth }),
    handle: async (ctx, { params, body }) => ({
      identityTokenAuth: present(await tokenAuth.attachTokenAuth(ctx, params.identityId, body)),
    }),
  }),

  endpoint("createTokenAuthToken", "POST /api/v1/auth/token-auth/identities/{identityId}/tokens", {
    summary: "Make a token for a machine identity; it is shown this once",
    tags,
    access: { organization: ["create-token", "identity"] },
    params: identityParams,
    body: z
      .object({ name: displayName("Name", 255).optional().describe("What the token is for.") })
      .default({}),
    result: z.object({
      accessToken: z.string(),
      expiresIn: z.number(),
      accessTokenMaxTTL: z.number(),
      tokenType: z.literal("Bearer"),
    }),
    async handle(ctx, { params, body }) {
      const token = await tokenAuth.createToken(ctx, params.identityId, body.name ?? null)
      return { ...token, tokenType: "Bearer" as const }
    },
  }),

  endpoint("revokeTokenAuthToken", "POST /api/v1/auth/token-auth/tokens/{tokenId}/revoke", {
    summary: "Revoke a token; it is refused from its next request on",
    tags,
    access: { organization: ["delete-token", "identity"] },
    params: z.object({ tokenId: idParam("The ID of the token.") }),
    result: z.object({ message: z.string() }),
    async handle(ctx, { params }) {
      await tokenAuth.revokeToken(ctx, params.tokenId)
      return { message: "The token has been revoked" }
    },
  }),
]
