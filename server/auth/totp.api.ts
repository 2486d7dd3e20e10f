import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import * as totp from "./totp.ts"

const tags: [string] = ["Second factor"]
const ownAccount = none("A person's own account: no organization has a part in it.")

export const totpEndpoints = [
  endpoint("getTotp", "GET /api/v1/user/me/totp", {
    summary: "Get whether your authenticator is verified, and the recovery codes that are left",
    tags,
    access: "signedIn",
    callers: ["user"],
    result: z.object({ isVerified: z.boolean(), recoveryCodes: z.array(z.string()) }),
    handle: (ctx) => totp.getAuthenticator(ctx),
  }),

  endpoint("registerTotp", "POST /api/v1/user/me/totp/register", {
    summary: "Register an authenticator app: the URL for it, and ten recovery codes",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ownAccount,
    result: z.object({ otpUrl: z.string(), recoveryCodes: z.array(z.string()) }),
    handle: (ctx) => totp.register(ctx),
  }),

  endpoint("verifyTotp", "POST /api/v1/user/me/totp/verify", {
    summary: "Show a code of your authenticator, from when on it counts",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ownAccount,
    // An attempt is counted also when it is refused; its success is a single statement.
    transaction: false,
    body: z.object({ totp: z.string().max(64).describe("The code of six digits.") }),
    result: z.object({}),
    async handle(ctx, { body }) {
      await totp.verify(ctx, body.totp.replace(/\s/g, ""))
      return {}
    },
  }),

  endpoint("renewTotpRecoveryCodes", "POST /api/v1/user/me/totp/recovery-codes", {
    summary: "Make ten new recovery codes in place of those there are",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ownAccount,
    result: z.object({}),
    async handle(ctx) {
      await totp.renewRecoveryCodes(ctx)
      return {}
    },
  }),
]
