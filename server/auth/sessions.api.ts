import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { uuid } from "../http/fields.ts"
import * as sessions from "./sessions.ts"

const tags: [string] = ["Sessions"]
const ofThePerson = none(
  "A session belongs to the person and to no organization; signing in leaves no row either.",
)

export const sessionEndpoints = [
  endpoint("refreshToken", "POST /api/v1/auth/token", {
    summary: "Get a new access token for the refresh token in the cookie jid, which is renewed",
    tags,
    access: "public",
    audit: ofThePerson,
    // Single statements: a copied token ends its session although the request is refused.
    transaction: false,
    result: z.object({
      token: z.string(),
      organizationId: uuid.optional(),
      subOrganizationId: uuid.optional(),
    }),
    async handle(ctx) {
      const { token, organizationId } = await sessions.refresh(ctx)
      return { token, ...(organizationId ? { organizationId } : {}) }
    },
  }),

  endpoint("checkAuthentication", "POST /api/v1/auth/checkAuth", {
    summary: "Tell whether the access token is good",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: none("Changes nothing and tells nothing."),
    transaction: false,
    result: z.object({ message: z.string() }),
    handle: async () => ({ message: "Authenticated" }),
  }),

  endpoint("logOut", "POST /api/v1/auth/logout", {
    summary: "End the session of the cookie jid, or of the access token, and clear the cookie",
    tags,
    access: "public",
    audit: ofThePerson,
    result: z.object({ message: z.string() }),
    async handle(ctx) {
      await sessions.logOut(ctx)
      return { message: "You are logged out" }
    },
  }),
]
