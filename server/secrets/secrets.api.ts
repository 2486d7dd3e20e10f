import { z } from "zod"
import { anyCaller, endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { flag } from "../http/folder.ts"
import { page } from "../http/page.ts"
import { Prepared } from "../http/prepared.ts"
import { presentImported } from "../http/secret-import.ts"
import { presentSecret, presentVersion, SecretList, SecretObject, SecretVersion } from "../http/secret.ts"
import {
  kind,
  metadataFilter,
  nameParam,
  placedQuery,
  projectNamed,
  tagSlugs,
  generationOf,
} from "../http/secret-fields.ts"
import * as lists from "./lists.ts"
import * as secrets from "./secrets.ts"

/*
 * Each has two routes, which differ in what clients of their time are used to; both take all names of the project.
 */

const tags: [string] = ["Secrets"]
const access = { project: ["describeSecret", "secrets"] } as const
const viewSecretValue = flag(true).describe("Whether to answer values; else they are hidden.")
const expand = {
  expandSecretReferences: flag(false).describe("Whether to put values in place of references."),
  include_imports: flag(false).describe("Whether to answer what is imported, too."),
  includeImports: flag(false).describe("The same by another name."),
}
type Expanding = { include_imports: boolean; includeImports: boolean }
const withImports = ({ include_imports: older, includeImports }: Expanding) => ({
  withImports: older || includeImports,
})

const listQuery = {
  viewSecretValue,
  recursive: flag(false).describe("Whether to answer what lies deeper, too."),
  includePersonalOverrides: flag(false).describe("Whether to answer the caller's personal secrets, too."),
  tagSlugs,
  metadataFilter,
  ...expand,
}

const list = (
  id: string,
  route: "GET /api/v4/secrets" | "GET /api/v3/secrets/raw",
  manner: { absent: "empty" | "refused"; alwaysPersonal: boolean },
) =>
  endpoint(id, route, {
    summary: "List the secrets of a folder",
    tags,
    access,
    callers: anyCaller,
    withETag: true,
    recordsRead: true,
    query: placedQuery(generationOf(route), listQuery),
    inProject: ({ query }) => projectNamed(query),
    facts: lists.folderFacts,
    factValues: ({ query }) => [query.environment, query.secretPath, !query.recursive],
    result: SecretList,
    async handle(ctx, { query, facts }) {
      const { absent, alwaysPersonal } = manner
      const personal = alwaysPersonal || query.includePersonalOverrides
      const asked = { ...query, ...withImports(query), absent, personal }
      const name = lists.nameOfList(ctx, asked, facts)
      const kept = name === undefined ? undefined : await lists.findKept(ctx, asked, name)
      if (kept?.answer instanceof Prepared) return kept.answer
      const found = await lists.listSecrets(ctx, asked, facts)
      const answer = {
        secrets: found.secrets.map((each) => presentSecret(each, ctx.project.id)),
        imports: found.imports.map((each) => presentImported(each, ctx.project.id)),
      }
      const { length } = answer.secrets
      if (name === undefined || !found.isWhole || length === 0) return answer
      const prepared = new Prepared(JSON.stringify(SecretList.parse(answer)))
      ctx.services.keptAnswers.keep(name, { answer: prepared, numberOfSecrets: length })
      return prepared
    },
  })

const OneSecret = z.object({ secret: SecretObject })

const one = (
  id: string,
  route: "GET /api/v4/secrets/{secretName}" | "GET /api/v3/secrets/raw/{secretName}",
) =>
  endpoint(id, route, {
    summary: "Get a secret by its name",
    tags,
    access,
    callers: anyCaller,
    withETag: true,
    recordsRead: true,
    params: z.object({ secretName: nameParam }),
    query: placedQuery(generationOf(route), {
      version: z.coerce.number().int().min(1).max(2_147_483_647).optional().describe("As it was then."),
      type: kind,
      viewSecretValue,
      ...expand,
    }),
    inProject: ({ query }) => projectNamed(query),
    facts: secrets.secretFacts,
    factValues: ({ params, query }) => [query.environment, query.secretPath, params.secretName],
    result: OneSecret,
    async handle(ctx, { params, query, facts }) {
      const asked = { ...query, ...params, ...withImports(query) }
      const name = secrets.nameOfSecret(ctx, asked, facts)
      const kept = name === undefined ? undefined : await secrets.findKeptSecret(ctx, asked, facts, name)
      if (kept?.answer instanceof Prepared) return kept.answer
      const { seen, isWhole } = await secrets.getSecret(ctx, asked, facts)
      const answer = { secret: presentSecret(seen, ctx.project.id) }
      if (name === undefined || !isWhole) return answer
      const prepared = new Prepared(JSON.stringify(OneSecret.parse(answer)))
      ctx.services.keptAnswers.keep(name, { answer: prepared, numberOfSecrets: 1 })
      return prepared
    },
  })

const byId = (
  id: string,
  route: "GET /api/v4/secrets/id/{secretId}" | "GET /api/v3/secrets/raw/id/{secretId}",
) =>
  endpoint(id, route, {
    summary: "Get a secret by its ID",
    tags,
    access,
    callers: anyCaller,
    withETag: true,
    recordsRead: true,
    params: z.object({ secretId: idParam("The ID of the secret.") }),
    query: z.object({ viewSecretValue }),
    inProject: ({ params }) => ({ secretId: params.secretId }),
    facts: secrets.secretByIdFacts,
    factValues: ({ params }) => [secrets.idOf(params)],
    result: z.object({ secret: SecretObject }),
    handle: async (ctx, { params, query, facts }) => ({
      secret: presentSecret(await secrets.getSecretById(ctx, { ...query, ...params }, facts), ctx.project.id),
    }),
  })

export const secretEndpoints = [
  list("listSecrets", "GET /api/v4/secrets", { absent: "refused", alwaysPersonal: false }),
  list("listRawSecrets", "GET /api/v3/secrets/raw", { absent: "empty", alwaysPersonal: true }),
  byId("getSecretById", "GET /api/v4/secrets/id/{secretId}"),
  byId("getRawSecretById", "GET /api/v3/secrets/raw/id/{secretId}"),
  one("getSecretByName", "GET /api/v4/secrets/{secretName}"),
  one("getRawSecretByName", "GET /api/v3/secrets/raw/{secretName}"),

  endpoint("listSecretVersions", "GET /api/v1/secret/{secretId}/secret-versions", {
    summary: "List the versions of a secret, the newest first",
    tags,
    access,
    callers: ["user"],
    recordsRead: true,
    params: z.object({ secretId: idParam("The ID of the secret.") }),
    query: z.object(page(20, 100)),
    inProject: ({ params }) => ({ secretId: params.secretId }),
    facts: secrets.secretByIdFacts,
    factValues: ({ params }) => [secrets.idOf(params)],
    result: z.object({ secretVersions: z.array(SecretVersion) }),
    handle: async (ctx, { params, query, facts }) => ({
      secretVersions: (await secrets.listVersions(ctx, { ...query, ...params }, facts)).map((each) =>
        presentVersion(each, ctx.project.id),
      ),
    }),
  }),
]
