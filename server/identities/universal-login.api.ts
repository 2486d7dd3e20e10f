import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { AccessToken } from "../http/token-fields.ts"
import { login } from "./universal-login.ts"

const credential = (description: string) => z.string().trim().max(1_000).describe(description)
const organization = z.string().trim().max(255).optional()

export const universalLoginEndpoints = [
  endpoint("loginUniversalAuth", "POST /api/v1/auth/universal-auth/login", {
    summary: "Sign a machine identity in with a client id and a client secret",
    tags: ["Universal Auth"],
    access: "public",
    alsoForm: true,
    alsoWithSlash: true,
    // One statement that reads and one that writes, with its audit row.
    transaction: false,
    body: z.object({
      clientId: credential("The client ID of the machine identity."),
      clientSecret: credential("A client secret of it."),
      organizationSlug: organization.describe("The slug of the organization to sign in to."),
      subOrganizationName: organization.describe("The sub-organization to sign in to; there are none."),
    }),
    result: AccessToken,
    handle: async (ctx, { body }) => ({ ...(await login(ctx, body)), tokenType: "Bearer" as const }),
  }),
]
