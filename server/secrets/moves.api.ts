import { z } from "zod"
import { anyCaller, endpoint } from "../http/endpoint.ts"
import { idInBody, idParam } from "../http/fields.ts"
import { environmentSlug, pathToRead } from "../http/folder.ts"
import { presentSecret, SecretObject } from "../http/secret.ts"
import { bodyInProject, generationOf, projectNamed, versionNumber } from "../http/secret-fields.ts"
import { moveFacts, moveSecrets } from "./moves.ts"
import { rollBackSecret } from "./rollback.ts"
import { idOf, secretByIdFacts } from "./secrets.ts"

const tags: [string] = ["Secrets"]
const path = pathToRead.default("/")

const move = (id: string, route: "POST /api/v4/secrets/move" | "POST /api/v3/secrets/move") =>
  endpoint(id, route, {
    summary: "Move secrets into another folder or environment, all or none",
    tags,
    access: { project: ["delete", "secrets"] },
    callers: anyCaller,
    body: bodyInProject(generationOf(route), {
      sourceEnvironment: environmentSlug,
      sourceSecretPath: path.describe("The path of the folder that they are in."),
      destinationEnvironment: environmentSlug,
      destinationSecretPath: path.describe("The path of the folder that they are to be in."),
      secretIds: z.array(idInBody).min(1).max(1_000).describe("The IDs of the secrets."),
      shouldOverwrite: z.boolean().default(false).describe("Whether they replace those of the same name."),
    }),
    inProject: ({ body }) => projectNamed(body),
    facts: moveFacts,
    factValues: ({ body }) => [
      body.sourceEnvironment,
      body.sourceSecretPath,
      body.destinationEnvironment,
      body.destinationSecretPath,
    ],
    isBulk: true,
    result: z.object({ isSourceUpdated: z.boolean(), isDestinationUpdated: z.boolean() }),
    async handle(ctx, { body, facts }) {
      const source = { environment: body.sourceEnvironment, secretPath: body.sourceSecretPath }
      const destination = { environment: body.destinationEnvironment, secretPath: body.destinationSecretPath }
      const { secretIds, shouldOverwrite } = body
      await moveSecrets(
        ctx,
        { source, destination, secretIds: [...new Set(secretIds)], shouldOverwrite },
        facts,
      )
      return { isSourceUpdated: true, isDestinationUpdated: true }
    },
  })

export const secretMoveEndpoints = [
  move("moveSecrets", "POST /api/v4/secrets/move"),
  move("moveRawSecrets", "POST /api/v3/secrets/move"),

  endpoint("rollBackSecret", "POST /api/v4/secrets/id/{secretId}/rollback", {
    summary: "Put a secret back to what it was in a version",
    tags,
    access: { project: ["edit", "secrets"] },
    isExtension: true,
    params: z.object({ secretId: idParam("The ID of the secret.") }),
    body: z.object({ version: versionNumber.describe("The version that is to be again.") }),
    inProject: ({ params }) => ({ secretId: params.secretId }),
    facts: secretByIdFacts,
    factValues: ({ params }) => [idOf(params)],
    answers: "secretValues",
    result: z.object({ secret: SecretObject }),
    handle: async (ctx, { params, body, facts }) => ({
      secret: presentSecret(await rollBackSecret(ctx, { ...params, ...body }, facts), ctx.project.id),
    }),
  }),
]
