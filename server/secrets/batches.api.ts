import { z } from "zod"
import type { Project } from "../access/project.ts"
import { anyCaller, endpoint } from "../http/endpoint.ts"
import { pathToRead } from "../http/folder.ts"
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
import { createSecrets } from "./creation.ts"
import { deleteSecrets } from "./deletion.ts"
import { folderFacts } from "./lists.ts"
import type { Seen } from "./secrets.ts"
import { updateSecrets } from "./updates.ts"

const tags: [string] = ["Secrets"]
const result = z.object({ secrets: z.array(SecretObject) })
type Path = "/api/v4/secrets/batch" | "/api/v3/secrets/batch/raw"

const list = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.array(z.object(shape)).min(1).max(1_000).describe("The secrets.")
const answer = (seen: Seen[], { id }: Project) => ({ secrets: seen.map((each) => presentSecret(each, id)) })

const create = (id: string, path: Path) =>
  endpoint(id, `POST ${path}` as const, {
    summary: "Create several secrets in a folder, all or none",
    tags,
    access: { project: ["create", "secrets"] },
    callers: anyCaller,
    // One statement with its own audit row.
    transaction: false,
    body: placedBody(generationOf(path), {
      secrets: list({ secretKey: newName, secretValue: newValue, ...details }),
    }),
    inProject: ({ body }) => projectNamed(body),
    facts: folderFacts,
    factValues: ({ body }) => [body.environment, body.secretPath, false],
    answers: "secretValues",
    isBulk: true,
    result,
    handle: async (ctx, { body, facts }) =>
      answer(await createSecrets(ctx, body, body.secrets, facts), ctx.project),
  })

const update = (id: string, path: Path) =>
  endpoint(id, `PATCH ${path}` as const, {
    summary: "Change several secrets of a folder, all or none",
    tags,
    access: { project: ["edit", "secrets"] },
    callers: anyCaller,
    body: placedBody(generationOf(path), {
      mode: z
        .enum(["failOnNotFound", "ignore", "upsert"])
        .default("failOnNotFound")
        .describe("What happens to those that are not there."),
      secrets: list({
        secretKey: newName,
        secretValue: newValue.optional(),
        newSecretName: newName.optional(),
        secretPath: pathToRead.optional(),
        ...details,
      }),
    }),
    inProject: ({ body }) => projectNamed(body),
    facts: folderFacts,
    factValues: ({ body }) => [body.environment, body.secretPath, false],
    answers: "secretValues",
    isBulk: true,
    result,
    handle: async (ctx, { body, facts }) =>
      answer(await updateSecrets(ctx, body, body.secrets, facts), ctx.project),
  })

const remove = (id: string, path: Path) =>
  endpoint(id, `DELETE ${path}` as const, {
    summary: "Delete several secrets of a folder, all or none",
    tags,
    access: { project: ["delete", "secrets"] },
    callers: anyCaller,
    body: placedBody(generationOf(path), { secrets: list({ secretKey: nameParam, type: kind }) }),
    inProject: ({ body }) => projectNamed(body),
    facts: folderFacts,
    factValues: ({ body }) => [body.environment, body.secretPath, false],
    answers: "secretValues",
    isBulk: true,
    result,
    handle: async (ctx, { body, facts }) =>
      answer(await deleteSecrets(ctx, body, body.secrets, facts), ctx.project),
  })

export const secretBatchEndpoints = [
  create("createSecrets", "/api/v4/secrets/batch"),
  create("createRawSecrets", "/api/v3/secrets/batch/raw"),
  update("updateSecrets", "/api/v4/secrets/batch"),
  update("updateRawSecrets", "/api/v3/secrets/batch/raw"),
  remove("deleteSecrets", "/api/v4/secrets/batch"),
  remove("deleteRawSecrets", "/api/v3/secrets/batch/raw"),
]
