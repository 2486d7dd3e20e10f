import { z } from "zod"
import { timestamp, uuid } from "./fields.ts"

/*
 * What the auth methods of machine identities have in common in requests and answers.
 */

const tenYears = 315_360_000
const thirtyDays = 2_592_000

export const seconds = z.number().int().min(0).max(tenYears)
export const uses = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

const trustedIps = z
  .array(z.object({ ipAddress: z.string().max(100) }))
  .min(1)
  .max(200)
const anywhere = [{ ipAddress: "0.0.0.0/0" }, { ipAddress: "::/0" }]

const ttl = seconds.describe("How long a token is good, in seconds; 0 for ever.")
const maxTtl = seconds.describe(
  "How far renewing may reach from a token's beginning, in seconds; 0 without end.",
)
const limit = uses.describe("How often a token may be used; 0 without limit.")

/** Addresses and networks from which something may be used. */
export const trustedIpsField = (what: string) =>
  trustedIps.describe(`Addresses and networks from which ${what} may be used.`)

/** What tokens of an auth method are to be like, when it is attached. */
export const newTokenSettings = {
  accessTokenTrustedIps: trustedIpsField("tokens").default(anywhere),
  accessTokenTTL: ttl.default(thirtyDays),
  accessTokenMaxTTL: maxTtl.default(thirtyDays),
  accessTokenNumUsesLimit: limit.default(0),
}

/** The same for a change: what is left out stays. */
export const changedTokenSettings = {
  accessTokenTrustedIps: trustedIpsField("tokens").optional(),
  accessTokenTTL: ttl.optional(),
  accessTokenMaxTTL: maxTtl.optional(),
  accessTokenNumUsesLimit: limit.optional(),
}

export const defaultTrustedIps = anywhere

/** An address without, a network with a prefix. */
export const TrustedIps = z.array(
  z.object({ type: z.enum(["ipv4", "ipv6"]), prefix: z.number().optional(), ipAddress: z.string() }),
)

/** A token that is shown this once. */
export const AccessToken = z.object({
  accessToken: z.string(),
  expiresIn: z.number(),
  accessTokenMaxTTL: z.number(),
  tokenType: z.literal("Bearer"),
})

/** What is known of a token besides the token itself. */
export const AccessTokenData = z.object({
  id: uuid,
  accessTokenTTL: z.number(),
  accessTokenMaxTTL: z.number(),
  accessTokenNumUses: z.number(),
  accessTokenNumUsesLimit: z.number(),
  accessTokenLastUsedAt: timestamp.nullable(),
  accessTokenLastRenewedAt: timestamp.nullable(),
  isAccessTokenRevoked: z.boolean(),
  identityUAClientSecretId: uuid.nullable(),
  identityId: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
  name: z.string().nullable(),
  authMethod: z.string(),
  accessTokenPeriod: z.number(),
})
