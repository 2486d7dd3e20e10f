import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, idText, timestamp, uuid } from "../http/fields.ts"
import * as identities from "./identities.ts"

const Identity = z.object({
  id: uuid,
  name: z.string(),
  orgId: uuid,
  authMethod: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  hasDeleteProtection: z.boolean(),
  authMethods: z.array(z.string()),
  metadata: z.array(z.object({ id: uuid, key: z.string(), value: z.string() })),
})

export const identityEndpoints = [
  endpoint("createIdentity", "POST /api/v1/identities", {
    summary: "Create a machine identity",
    tags: ["Identities"],
    access: { organization: ["create", "identity"] },
    body: z.object({
      name: displayName("Name", 255).describe("The name of the machine identity."),
      organizationId: idText.max(64).describe("The ID of the organization."),
      role: z
        .string()
        .trim()
        .min(1, "Role must not be empty")
        .max(64)
        .default("no-access")
        .describe("The role that the machine identity has in the organization."),
      hasDeleteProtection: z.boolean().default(false).describe("Whether deleting it is refused."),
    }),
    result: z.object({ identity: Identity }),
    async handle(ctx, { body }) {
      const identity = await identities.createIdentity(ctx, body)
      return {
        identity: {
          id: identity.id,
          name: identity.name,
          orgId: identity.org_id,
          authMethod: null,
          createdAt: identity.created_at.toISOString(),
          updatedAt: identity.updated_at.toISOString(),
          hasDeleteProtection: identity.has_delete_protection,
          authMethods: [],
          metadata: [],
        },
      }
    },
  }),
]
