import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { timestamp } from "../http/fields.ts"
import * as status from "./status.ts"

export const statusEndpoints = [
  endpoint("getStatus", "GET /api/status", {
    summary: "Tell whether the server and its database are up",
    tags: ["Status"],
    access: "public",
    result: z.object({
      date: timestamp,
      message: z.string(),
      emailConfigured: z.boolean(),
      inviteOnlySignup: z.boolean(),
      redisConfigured: z.boolean(),
    }),
    async handle(ctx) {
      await status.requireHealthy(ctx)
      return {
        date: new Date().toISOString(),
        message: "Ok",
        emailConfigured: ctx.services.mailer !== undefined,
        inviteOnlySignup: !(await status.isSignUpOpen(ctx)),
        // There is none to configure.
        redisConfigured: false,
      }
    },
  }),
]
