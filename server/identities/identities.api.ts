import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, idParam, idText, storableText, timestamp, uuid } from "../http/fields.ts"
import * as changes from "./identity-changes.ts"
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

const present = (identity: identities.ShownIdentity): { identity: z.input<typeof Identity> } => ({
  identity: {
    id: identity.id,
    name: identity.name,
    orgId: identity.org_id,
    authMethod: null,
    createdAt: identity.created_at.toISOString(),
    updatedAt: identity.updated_at.toISOString(),
    hasDeleteProtection: identity.has_delete_protection,
    authMethods: identity.auth_methods,
    metadata: identity.metadata,
  },
})

const tags: [string] = ["Identities"]
const params = z.object({ identityId: idParam("The ID of the machine identity.") })
const result = z.object({ identity: Identity })

const name = displayName("Name", 255).describe("The name of the machine identity.")
const role = z
  .string()
  .trim()
  .min(1, "Role must not be empty")
  .max(64)
  .describe("The role that the machine identity has in the organization.")
const isProtected = z.boolean().describe("Whether deleting it is refused.")
const metadata = z
  .array(z.object({ key: storableText.trim().min(1).max(255), value: storableText.trim().min(1).max(1_020) }))
  .max(100)
  .describe("What to note about it; each key once.")

export const identityEndpoints = [
  endpoint("createIdentity", "POST /api/v1/identities", {
    summary: "Create a machine identity",
    tags,
    access: { organization: ["create", "identity"] },
    body: z.object({
      name,
      organizationId: idText.max(64).describe("The ID of the organization."),
      role: role.default("no-access"),
      hasDeleteProtection: isProtected.default(false),
      metadata: metadata.default([]),
    }),
    result,
    previews: (_input, answer) => ({
      where: "organization",
      who: { identities: answer ? [answer.identity.id] : [] },
    }),
    handle: async (ctx, { body }) => present(await identities.createIdentity(ctx, body)),
  }),

  endpoint("updateIdentity", "PATCH /api/v1/identities/{identityId}", {
    summary: "Change a machine identity; what is left out stays",
    tags,
    access: { organization: ["edit", "identity"] },
    params,
    body: z
      .object({
        name: name.optional(),
        role: role.optional(),
        hasDeleteProtection: isProtected.optional(),
        metadata: metadata.optional(),
      })
      .prefault({}),
    result,
    previews: ({ params, body }) => ({
      where: body.metadata === undefined ? "organization" : "everywhere",
      who: { identities: [params.identityId] },
    }),
    handle: async (ctx, { params: { identityId }, body }) =>
      present(await changes.updateIdentity(ctx, identityId, body)),
  }),

  endpoint("deleteIdentity", "DELETE /api/v1/identities/{identityId}", {
    summary: "Delete a machine identity; all that it signs in with is refused at once",
    tags,
    access: { organization: ["delete", "identity"] },
    params,
    result,
    previews: ({ params }) => ({ where: "everywhere", who: { identities: [params.identityId] } }),
    handle: async (ctx, { params: { identityId } }) => present(await changes.deleteIdentity(ctx, identityId)),
  }),
]
