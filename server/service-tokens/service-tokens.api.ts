import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, idInBody, idParam, storableText } from "../http/fields.ts"
import { environmentSlug } from "../http/folder.ts"
import {
  OwnServiceToken,
  presentOwnServiceToken,
  presentServiceToken,
  ServiceTokenData,
} from "../http/service-token.ts"
import { seconds } from "../http/token-fields.ts"
import * as serviceTokens from "./service-tokens.ts"

const tags: [string] = ["Service Tokens"]

/** One slash behind a path does not count, as everywhere. */
const scopePath = storableText
  .max(1_024)
  .transform((text) => (text.length > 1 ? text.replace(/\/$/, "") : text))
  .superRefine((text, issues) => {
    const message = serviceTokens.scopePathFault(text)
    if (message !== undefined) issues.addIssue({ code: "custom", message })
  })
  .describe("A path of folders, or a pattern such as /app/**.")

/** Clients of old encrypt the project's key for whoever has the token; there is nothing here to decrypt with it. */
const forOldClients = storableText.max(10_000).nullish().describe("Taken, and not kept.")

const newServiceToken = z.object({
  name: displayName("Name", 255).default("Service token").describe("What it is called."),
  workspaceId: idInBody.describe("The ID of the project."),
  scopes: z
    .array(z.object({ environment: environmentSlug, secretPath: scopePath }))
    .min(1)
    .max(100)
    .describe("What it opens."),
  permissions: z
    .array(z.enum(serviceTokens.serviceTokenPermissions))
    .min(1)
    .max(10)
    .transform((sent) => serviceTokens.serviceTokenPermissions.filter((each) => sent.includes(each)))
    .describe("What it may do there."),
  expiresIn: seconds
    .nullish()
    .transform((sent) => sent || null)
    .describe("After how many seconds it ends; 0 or nothing for never."),
  encryptedKey: forOldClients,
  iv: forOldClients,
  tag: forOldClients,
})

export const serviceTokenEndpoints = [
  endpoint("createServiceToken", "POST /api/v2/service-token", {
    summary: "Make a service token of a project",
    tags,
    access: { project: ["create", "service-tokens"] },
    callers: ["user"],
    alsoWithSlash: true,
    body: newServiceToken,
    inProject: ({ body }) => ({ id: body.workspaceId }),
    answers: "credential",
    result: z.object({ serviceToken: z.string(), serviceTokenData: ServiceTokenData }),
    async handle(ctx, { body: { name, scopes, permissions, expiresIn } }) {
      const asked = { name, scopes, permissions, expiresIn }
      const { token, data } = await serviceTokens.createServiceToken(ctx, asked)
      return { serviceToken: token, serviceTokenData: presentServiceToken(data) }
    },
  }),

  endpoint("getOwnServiceToken", "GET /api/v2/service-token", {
    summary: "Get the service token that you call with",
    tags,
    access: "signedIn",
    callers: ["service"],
    result: OwnServiceToken,
    handle: async (ctx) => presentOwnServiceToken(await serviceTokens.getOwnServiceToken(ctx)),
  }),

  endpoint("listServiceTokens", "GET /api/v1/workspace/{workspaceId}/service-token-data", {
    summary: "List the service tokens of a project",
    tags,
    access: { project: ["read", "service-tokens"] },
    params: z.object({ workspaceId: idParam("The ID of the project.") }),
    inProject: ({ params }) => ({ id: params.workspaceId }),
    result: z.object({ serviceTokenData: z.array(ServiceTokenData) }),
    handle: async (ctx) => ({
      serviceTokenData: (await serviceTokens.listServiceTokens(ctx)).map(presentServiceToken),
    }),
  }),

  endpoint("deleteServiceToken", "DELETE /api/v2/service-token/{serviceTokenId}", {
    summary: "Delete a service token",
    tags,
    access: { project: ["delete", "service-tokens"] },
    params: z.object({ serviceTokenId: idParam("The ID of the service token.") }),
    inProject: ({ params }) => ({ serviceTokenId: params.serviceTokenId }),
    result: z.object({ serviceTokenData: ServiceTokenData }),
    handle: async (ctx, { params }) => ({
      serviceTokenData: presentServiceToken(
        await serviceTokens.deleteServiceToken(ctx, params.serviceTokenId),
      ),
    }),
  }),
]
