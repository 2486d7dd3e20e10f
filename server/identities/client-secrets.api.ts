import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, storableText, timestamp, uuid } from "../http/fields.ts"
import { seconds, uses } from "../http/token-fields.ts"
import * as clientSecrets from "./client-secrets.ts"

const ClientSecretData = z.object({
  id: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
  description: z.string(),
  clientSecretPrefix: z.string(),
  clientSecretNumUses: z.number(),
  clientSecretNumUsesLimit: z.number(),
  clientSecretTTL: z.number(),
  identityUAId: uuid,
  isClientSecretRevoked: z.boolean(),
})

const present = (secret: clientSecrets.ClientSecret): z.input<typeof ClientSecretData> => ({
  id: secret.id,
  createdAt: secret.created_at.toISOString(),
  updatedAt: secret.updated_at.toISOString(),
  description: secret.description,
  clientSecretPrefix: secret.prefix,
  clientSecretNumUses: secret.num_uses,
  clientSecretNumUsesLimit: secret.num_uses_limit,
  clientSecretTTL: secret.ttl_seconds,
  identityUAId: secret.auth_method_id,
  isClientSecretRevoked: secret.revoked_at !== null,
})

const tags: [string] = ["Universal Auth"]
const ofIdentity = z.object({ identityId: idParam("The ID of the machine identity.") })
const ofSecret = ofIdentity.extend({ clientSecretId: idParam("The ID of the client secret.") })
const secrets = "/api/v1/auth/universal-auth/identities/{identityId}/client-secrets"

export const clientSecretEndpoints = [
  endpoint("createClientSecret", `POST ${secrets}`, {
    summary: "Make a client secret; it is shown this once",
    tags,
    access: { organization: ["create-token", "identity"] },
    params: ofIdentity,
    body: z
      .object({
        description: storableText.trim().max(1_000).default("").describe("What the client secret is for."),
        numUsesLimit: uses.default(0).describe("How often it may be used to sign in; 0 without limit."),
        ttl: seconds.default(0).describe("How long it is good, in seconds; 0 for ever."),
      })
      .prefault({}),
    answers: "credential",
    result: z.object({ clientSecret: z.string(), clientSecretData: ClientSecretData }),
    async handle(ctx, { params, body }) {
      const { clientSecret, data } = await clientSecrets.createClientSecret(ctx, params.identityId, body)
      return { clientSecret, clientSecretData: present(data) }
    },
  }),

  endpoint("listClientSecrets", `GET ${secrets}`, {
    summary: "List the client secrets of a machine identity, the newest first",
    tags,
    access: { organization: ["get-token", "identity"] },
    params: ofIdentity,
    result: z.object({ clientSecretData: z.array(ClientSecretData) }),
    async handle(ctx, { params }) {
      const list = await clientSecrets.listClientSecrets(ctx, params.identityId)
      return { clientSecretData: list.map(present) }
    },
  }),

  endpoint("getClientSecret", `GET ${secrets}/{clientSecretId}`, {
    summary: "Get what is known of a client secret",
    tags,
    access: { organization: ["get-token", "identity"] },
    params: ofSecret,
    result: z.object({ clientSecretData: ClientSecretData }),
    async handle(ctx, { params: { identityId, clientSecretId } }) {
      const secret = await clientSecrets.getClientSecret(ctx, identityId, clientSecretId)
      return { clientSecretData: present(secret) }
    },
  }),

  endpoint("revokeClientSecret", `POST ${secrets}/{clientSecretId}/revoke`, {
    summary: "Revoke a client secret; nobody signs in with it any more",
    tags,
    access: { organization: ["delete-token", "identity"] },
    params: ofSecret,
    result: z.object({ clientSecretData: ClientSecretData }),
    async handle(ctx, { params: { identityId, clientSecretId } }) {
      const secret = await clientSecrets.revokeClientSecret(ctx, identityId, clientSecretId)
      return { clientSecretData: present(secret) }
    },
  }),
]
