import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { idText } from "../http/fields.ts"
import * as login from "./login.ts"

const tags: [string] = ["Login"]

export const loginEndpoints = [
  endpoint("login", "POST /api/v3/auth/login", {
    summary: "Sign in with address and password",
    tags,
    access: "public",
    audit: none(
      "A person signs in before an organization is known; selecting one is that organization's event.",
    ),
    // The password is compared outside any transaction; the session is a single statement.
    transaction: false,
    comparesPassword: true,
    body: z.object({
      email: z.string().max(320).describe("The address of the account."),
      password: z.string().min(1).max(1024).describe("The password of the account."),
    }),
    result: z.object({ accessToken: z.string() }),
    handle: async (ctx, { body }) => ({ accessToken: await login.login(ctx, body) }),
  }),

  endpoint("selectOrganization", "POST /api/v3/auth/select-organization", {
    summary: "Get a token for one of your organizations",
    tags,
    access: "signedIn",
    callers: ["user"],
    beforeSecondFactor: true,
    body: z.object({
      organizationId: idText.max(64).describe("The ID of the organization."),
      userAgent: z.enum(["cli"]).optional().describe("The kind of client."),
    }),
    result: z.object({ token: z.string(), isMfaEnabled: z.boolean(), mfaMethod: z.string().optional() }),
    async handle(ctx, { body }) {
      const { token, dueMethod } = await login.selectOrganization(ctx, body.organizationId)
      return { token, isMfaEnabled: dueMethod !== undefined, ...(dueMethod ? { mfaMethod: dueMethod } : {}) }
    },
  }),
]
