import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { AccessToken } from "../http/token-fields.ts"
import * as renewal from "./token-renewal.ts"

const tags: [string] = ["Machine Identity Tokens"]
const body = z.object({
  accessToken: z.string().trim().max(8_192).describe("The access token of a machine identity."),
})

export const tokenRenewalEndpoints = [
  endpoint("renewAccessToken", "POST /api/v1/auth/token/renew", {
    summary: "Lengthen the life of a machine identity's access token",
    tags,
    access: "public",
    alsoForm: true,
    body,
    result: AccessToken,
    handle: async (ctx, { body: { accessToken } }) => ({
      ...(await renewal.renewToken(ctx, accessToken)),
      tokenType: "Bearer" as const,
    }),
  }),

  endpoint("revokeAccessToken", "POST /api/v1/auth/token/revoke", {
    summary: "End a machine identity's access token; it is refused from its next request on",
    tags,
    access: "public",
    alsoForm: true,
    body,
    result: z.object({ message: z.string() }),
    async handle(ctx, { body: { accessToken } }) {
      await renewal.revokeOwnToken(ctx, accessToken)
      return { message: "The access token has been revoked" }
    },
  }),
]
