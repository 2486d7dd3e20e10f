import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { timestamp, uuid } from "../http/fields.ts"
import * as settings from "./settings.ts"

const Config = z.object({
  id: uuid,
  initialized: z.boolean(),
  allowSignUp: z.boolean(),
  allowedSignUpDomain: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  trustSamlEmails: z.boolean(),
  trustLdapEmails: z.boolean(),
  trustOidcEmails: z.boolean(),
  defaultAuthOrgId: z.null(),
  defaultAuthOrgSlug: z.null(),
  enabledLoginMethods: z.array(z.string()),
  isMigrationModeOn: z.boolean(),
  isSecretScanningDisabled: z.boolean(),
})

const present = (config: settings.InstanceConfig): z.input<typeof Config> => ({
  // There is one instance, and its settings need nothing to be told apart by.
  id: "00000000-0000-0000-0000-000000000000",
  initialized: config.isInitialized,
  allowSignUp: config.allow_sign_up,
  allowedSignUpDomain: config.allowed_sign_up_domain,
  createdAt: config.created_at.toISOString(),
  updatedAt: config.updated_at.toISOString(),
  // People sign in by address and password alone.
  trustSamlEmails: false,
  trustLdapEmails: false,
  trustOidcEmails: false,
  defaultAuthOrgId: null,
  defaultAuthOrgSlug: null,
  enabledLoginMethods: ["email"],
  isMigrationModeOn: false,
  isSecretScanningDisabled: true,
})

const tags: [string] = ["Admin"]
const domains = /^$|^[a-z0-9-]+(\.[a-z0-9-]+)*(\s*,\s*[a-z0-9-]+(\.[a-z0-9-]+)*)*$/i

export const settingsEndpoints = [
  endpoint("getInstanceConfig", "GET /api/v1/admin/config", {
    summary: "Tell whether the instance is set up, and who may sign up",
    tags,
    access: "public",
    result: z.object({ config: Config }),
    handle: async (ctx) => ({ config: present(await settings.instanceConfig(ctx.db)) }),
  }),

  endpoint("updateInstanceConfig", "PATCH /api/v1/admin/config", {
    summary: "Decide who may sign up",
    tags,
    access: "instanceAdmin",
    audit: none("Settings of the instance belong to no organization, and audit logs are an organization's."),
    body: z.object({
      allowSignUp: z.boolean().optional().describe("Whether people may make accounts by themselves."),
      allowedSignUpDomain: z
        .string()
        .trim()
        .max(1_000)
        .regex(domains, "Domains must be joined by commas, such as example.com,example.org")
        .optional()
        .describe("Domains whose addresses may sign up, joined by commas; empty for all."),
    }),
    result: z.object({ config: Config }),
    handle: async (ctx, { body }) => ({ config: present(await settings.updateConfig(ctx.db, body)) }),
  }),
]
