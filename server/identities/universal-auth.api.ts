import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, timestamp, uuid } from "../http/fields.ts"
import {
  changedTokenSettings,
  defaultTrustedIps,
  newTokenSettings,
  seconds,
  TrustedIps,
  trustedIpsField,
} from "../http/token-fields.ts"
import { clearLockouts } from "./lockouts.ts"
import * as universalAuth from "./universal-auth.ts"

const UniversalAuth = z.object({
  id: uuid,
  clientId: z.string(),
  accessTokenTTL: z.number(),
  accessTokenMaxTTL: z.number(),
  accessTokenNumUsesLimit: z.number(),
  clientSecretTrustedIps: TrustedIps,
  accessTokenTrustedIps: TrustedIps,
  createdAt: timestamp,
  updatedAt: timestamp,
  identityId: uuid,
  accessTokenPeriod: z.number(),
  lockoutEnabled: z.boolean(),
  lockoutThreshold: z.number(),
  lockoutDurationSeconds: z.number(),
  lockoutCounterResetSeconds: z.number(),
})

const present = (
  auth: universalAuth.UniversalAuth,
): { identityUniversalAuth: z.input<typeof UniversalAuth> } => ({
  identityUniversalAuth: {
    id: auth.id,
    ...universalAuth.allSettingsOf(auth),
    createdAt: auth.created_at.toISOString(),
    updatedAt: auth.updated_at.toISOString(),
    identityId: auth.identity_id,
  },
})

const tags: [string] = ["Universal Auth"]
const params = z.object({ identityId: idParam("The ID of the machine identity.") })
const result = z.object({ identityUniversalAuth: UniversalAuth })

const period = seconds.describe(
  "How long a token is good that can be renewed without end; 0: as the lifetimes say.",
)
const isLockedOut = z
  .boolean()
  .describe("Whether an address with too many failed logins is locked out for a while.")
const threshold = z.number().int().min(1).max(30).describe("How many failed logins lock an address out.")
const duration = z
  .number()
  .int()
  .min(30)
  .max(86_400)
  .describe("How long an address is locked out, in seconds.")
const reset = z
  .number()
  .int()
  .min(5)
  .max(3_600)
  .describe("After how many seconds a failed login is forgotten.")

export const universalAuthEndpoints = [
  endpoint("attachUniversalAuth", "POST /api/v1/auth/universal-auth/identities/{identityId}", {
    summary: "Let a machine identity sign in with a client id and client secrets",
    tags,
    access: { organization: ["create-token", "identity"] },
    params,
    body: z
      .object({
        clientSecretTrustedIps: trustedIpsField("client secrets").default(defaultTrustedIps),
        ...newTokenSettings,
        accessTokenPeriod: period.default(0),
        lockoutEnabled: isLockedOut.default(true),
        lockoutThreshold: threshold.default(3),
        lockoutDurationSeconds: duration.default(300),
        lockoutCounterResetSeconds: reset.default(30),
      })
      .prefault({}),
    result,
    handle: async (ctx, { params: { identityId }, body }) =>
      present(await universalAuth.attachUniversalAuth(ctx, identityId, body)),
  }),

  endpoint("getUniversalAuth", "GET /api/v1/auth/universal-auth/identities/{identityId}", {
    summary: "Get the universal auth of a machine identity",
    tags,
    access: { organization: ["read", "identity"] },
    params,
    result,
    handle: async (ctx, { params: { identityId } }) =>
      present(await universalAuth.getUniversalAuth(ctx, identityId)),
  }),

  endpoint("updateUniversalAuth", "PATCH /api/v1/auth/universal-auth/identities/{identityId}", {
    summary: "Change how a machine identity signs in with client secrets, and what its tokens are like",
    tags,
    access: { organization: ["edit", "identity"] },
    params,
    body: z
      .object({
        clientSecretTrustedIps: trustedIpsField("client secrets").optional(),
        ...changedTokenSettings,
        accessTokenPeriod: period.optional(),
        lockoutEnabled: isLockedOut.optional(),
        lockoutThreshold: threshold.optional(),
        lockoutDurationSeconds: duration.optional(),
        lockoutCounterResetSeconds: reset.optional(),
      })
      .prefault({}),
    result,
    handle: async (ctx, { params: { identityId }, body }) =>
      present(await universalAuth.updateUniversalAuth(ctx, identityId, body)),
  }),

  endpoint("deleteUniversalAuth", "DELETE /api/v1/auth/universal-auth/identities/{identityId}", {
    summary: "Take universal auth away; its client secrets and tokens are refused at once",
    tags,
    access: { organization: ["revoke-auth", "identity"] },
    params,
    result,
    handle: async (ctx, { params: { identityId } }) =>
      present(await universalAuth.removeUniversalAuth(ctx, identityId)),
  }),

  endpoint(
    "clearUniversalAuthLockouts",
    "POST /api/v1/auth/universal-auth/identities/{identityId}/clear-lockouts",
    {
      summary: "Let every address that was locked out try again",
      tags,
      access: { organization: ["edit", "identity"] },
      params,
      result: z.object({ deleted: z.number() }),
      handle: async (ctx, { params: { identityId } }) => ({ deleted: await clearLockouts(ctx, identityId) }),
    },
  ),
]
