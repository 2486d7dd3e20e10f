import { z } from "zod"
import { anyCaller, endpoint } from "../http/endpoint.ts"
import { presentSecret, SecretObject } from "../http/secret.ts"
import {
  details,
  kind,
  nameParam,
  newName,
  newValue,
  placedBody,
  projectNamed,
  generationOf,
} from "../http/secret-fields.ts"
import { createSecret } from "./creation.ts"
import { deleteSecret } from "./deletion.ts"
import { secretFacts } from "./secrets.ts"
import { updateSecret } from "./updates.ts"

const tags: [string] = ["Secrets"]
const result = z.object({ secret: SecretObject })
type Path = "/api/v4/secrets/{secretName}" | "/api/v3/secrets/raw/{secretName}"

const create = (id: string, path: Path) =>
  endpoint(id, `POST ${path}` as const, {
    summary: "Create a secret",
    tags,
    access: { project: ["create", "secrets"] },
    callers: anyCaller,
    // One statement with its own audit row.
    transaction: false,
    params: z.object({ secretName: newName }),
    body: placedBody(generationOf(path), { type: kind, secretValue: newValue, ...details }),
    inProject: ({ body }) => projectNamed(body),
    facts: secretFacts,
    factValues: ({ params, body }) => [body.environment, body.secretPath, params.secretName],
    answers: "secretValues",
    result,
    async handle(ctx, { params, body: { environment, secretPath, type, ...secret }, facts }) {
      const place = { environment, secretPath, kind: type }
      const made = await createSecret(ctx, place, { ...secret, secretKey: params.secretName }, facts)
      return { secret: presentSecret(made, ctx.project.id) }
    },
  })

const update = (id: string, path: Path) =>
  endpoint(id, `PATCH ${path}` as const, {
    summary: "Change or rename a secret",
    tags,
    access: { project: ["edit", "secrets"] },
    callers: anyCaller,
    params: z.object({ secretName: nameParam }),
    body: placedBody(generationOf(path), {
      type: kind,
      secretValue: newValue.optional(),
      newSecretName: newName.optional().describe("What it is to be called."),
      ...details,
    }),
    inProject: ({ body }) => projectNamed(body),
    facts: secretFacts,
    factValues: ({ params, body }) => [body.environment, body.secretPath, params.secretName],
    answers: "secretValues",
    result,
    async handle(ctx, { params, body: { environment, secretPath, type, ...changes }, facts }) {
      const place = { environment, secretPath, kind: type }
      const changed = await updateSecret(ctx, place, { ...changes, secretKey: params.secretName }, facts)
      return { secret: presentSecret(changed, ctx.project.id) }
    },
  })

const remove = (id: string, path: Path) =>
  endpoint(id, `DELETE ${path}` as const, {
    summary: "Delete a secret",
    tags,
    access: { project: ["delete", "secrets"] },
    callers: anyCaller,
    params: z.object({ secretName: nameParam }),
    body: placedBody(generationOf(path), { type: kind }),
    inProject: ({ body }) => projectNamed(body),
    facts: secretFacts,
    factValues: ({ params, body }) => [body.environment, body.secretPath, params.secretName],
    answers: "secretValues",
    result,
    async handle(ctx, { params, body: { environment, secretPath, type }, facts }) {
      const named = { environment, secretPath, kind: type, secretKey: params.secretName }
      return { secret: presentSecret(await deleteSecret(ctx, named, facts), ctx.project.id) }
    },
  })

export const secretChangeEndpoints = [
  create("createSecret", "/api/v4/secrets/{secretName}"),
  create("createRawSecret", "/api/v3/secrets/raw/{secretName}"),
  update("updateSecret", "/api/v4/secrets/{secretName}"),
  update("updateRawSecret", "/api/v3/secrets/raw/{secretName}"),
  remove("deleteSecret", "/api/v4/secrets/{secretName}"),
  remove("deleteRawSecret", "/api/v3/secrets/raw/{secretName}"),
]
