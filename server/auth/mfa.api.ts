import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { OwnUser, presentOwnUser } from "../http/user.ts"
import * as mfa from "./mfa.ts"

const tags: [string] = ["Second factor"]
const ownAccount = none("A person's own account: no organization has a part in it.")
const method = z.enum(["email", "totp"])

export const mfaEndpoints = [
  endpoint("removeTotp", "DELETE /api/v1/user/me/totp", {
    summary: "Remove your authenticator, and with it the second factor",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ownAccount,
    result: z.object({}),
    async handle(ctx) {
      await mfa.removeTotp(ctx)
      return {}
    },
  }),

  endpoint("setMfa", "PATCH /api/v2/users/me/mfa", {
    summary: "Turn your second factor on or off; on ends your other sessions",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ownAccount,
    body: z
      .object({
        isMfaEnabled: z.boolean().optional().describe("Whether the second factor is asked for."),
        selectedMfaMethod: method.optional().describe("The second factor; only totp is offered."),
      })
      .refine(({ isMfaEnabled, selectedMfaMethod }) => isMfaEnabled !== undefined || selectedMfaMethod, {
        error: "Nothing to change",
      }),
    result: z.object({ user: OwnUser }),
    handle: async (ctx, { body }) => ({ user: presentOwnUser(await mfa.setMfa(ctx, body)) }),
  }),

  endpoint("checkTotp", "GET /api/v2/auth/mfa/check/totp", {
    summary: "Tell, with the token of a second factor that is due, whether there is an authenticator",
    tags,
    access: "public",
    result: z.object({ isVerified: z.boolean() }),
    handle: async (ctx) => ({ isVerified: await mfa.hasTotp(ctx) }),
  }),

  endpoint("sendMfaCode", "POST /api/v2/auth/mfa/send", {
    summary: "Ask for a code to be sent; an authenticator app needs none",
    tags,
    access: "public",
    audit: none("Nothing is sent and nothing is changed."),
    result: z.object({ message: z.string() }),
    async handle(ctx) {
      await mfa.sendCode(ctx)
      return { message: "Your authenticator app shows the code" }
    },
  }),

  endpoint("verifyMfa", "POST /api/v2/auth/mfa/verify", {
    summary:
      "Give the code of a second factor that is due, with the token that selecting an organization gave",
    tags,
    access: "public",
    audit: none("It comes before an organization is selected; selecting one is that organization's event."),
    // An attempt is counted also when it is refused; its success is a single statement.
    transaction: false,
    body: z.object({
      mfaToken: z.string().max(64).describe("The code of the authenticator, or a recovery code."),
      mfaMethod: method.default("totp").describe("The second factor; only totp is offered."),
    }),
    // The fields beside the token were key material of old; clients still want them to be there.
    result: z.object({
      encryptionVersion: z.number(),
      protectedKey: z.string(),
      protectedKeyIV: z.string(),
      protectedKeyTag: z.string(),
      publicKey: z.string(),
      encryptedPrivateKey: z.string(),
      iv: z.string(),
      tag: z.string(),
      token: z.string(),
    }),
    async handle(ctx, { body }) {
      const code = body.mfaToken.replace(/\s/g, "").toLowerCase()
      return {
        encryptionVersion: 2,
        protectedKey: "",
        protectedKeyIV: "",
        protectedKeyTag: "",
        publicKey: "",
        encryptedPrivateKey: "",
        iv: "",
        tag: "",
        token: await mfa.verifyMfa(ctx, { code, method: body.mfaMethod }),
      }
    },
  }),
]
