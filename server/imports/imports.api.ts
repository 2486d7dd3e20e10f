import { z } from "zod"
import { anyCaller, endpoint } from "../http/endpoint.ts"
import { idInBody, idParam } from "../http/fields.ts"
import { environmentSlug, folderPath, pathToRead } from "../http/folder.ts"
import {
  ImportedSecrets,
  presentImport,
  presentImportDetail,
  presentImportedSecrets,
  SecretImport,
  SecretImportDetail,
} from "../http/secret-import.ts"
import * as imported from "./imported-secrets.ts"
import * as imports from "./imports.ts"

/*
 * Each has two routes, which differ in what they call the project.
 */

const tags: [string] = ["Secret Imports"]
const params = z.object({ secretImportId: idParam("The ID of the import.") })

const projectFields = {
  v2: { projectId: idInBody.describe("The ID of the project.") },
  v1: { workspaceId: idInBody.describe("The ID of the project.") },
}
/** The fields of both, as whoever reads them sees them: what a generation does not name is never there. */
type ProjectFields = { projectId: z.ZodOptional<z.ZodString>; workspaceId: z.ZodOptional<z.ZodString> }
type Generation = keyof typeof projectFields

const namesProject = (generation: Generation): ProjectFields =>
  projectFields[generation] as unknown as ProjectFields
const projectNamed = (sent: { projectId?: string | undefined; workspaceId?: string | undefined }) => ({
  id: sent.projectId ?? sent.workspaceId ?? "",
})

const placed = (generation: Generation) => ({
  ...namesProject(generation),
  environment: environmentSlug,
  path: folderPath.default("/").describe("The path of the folder that imports."),
})
const placedQuery = (generation: Generation) =>
  z.object({
    ...placed(generation),
    path: pathToRead.default("/").describe("The path of the folder that imports."),
  })

const importPath = folderPath.describe("The path of the folder to import, which may be made later.")
const position = z.number().int().min(1).max(1_000_000).describe("Where it is to stand among the others.")

const create = (
  id: string,
  route: "POST /api/v2/secret-imports" | "POST /api/v1/secret-imports",
  generation: Generation,
) =>
  endpoint(id, route, {
    summary: "Have a folder import another",
    tags,
    access: { project: ["create", "secret-imports"] },
    callers: anyCaller,
    body: z.object({
      ...placed(generation),
      import: z.object({ environment: environmentSlug, path: importPath }).describe("What to import."),
      isReplication: z
        .boolean()
        .default(false)
        .describe("Whether it is copied, and read here, rather than read where it lies."),
    }),
    inProject: ({ body }) => projectNamed(body),
    result: z.object({ message: z.string(), secretImport: SecretImport }),
    handle: async (ctx, { body: { import: source, environment, path, isReplication } }) => {
      const made = await imports.createImport(ctx, { environment, path, source, isReplication })
      return { message: "The import was made", secretImport: presentImport(made) }
    },
  })

const list = (
  id: string,
  route: "GET /api/v2/secret-imports" | "GET /api/v1/secret-imports",
  generation: Generation,
) =>
  endpoint(id, route, {
    summary: "List what a folder imports",
    tags,
    access: { project: ["read", "secret-imports"] },
    callers: anyCaller,
    query: placedQuery(generation),
    inProject: ({ query }) => projectNamed(query),
    result: z.object({ message: z.string(), secretImports: z.array(SecretImport) }),
    handle: async (ctx, { query }) => ({
      message: "These are the imports of the folder",
      secretImports: (await imports.listImports(ctx, query)).map(presentImport),
    }),
  })

const secrets = (
  id: string,
  route: "GET /api/v2/secret-imports/secrets" | "GET /api/v1/secret-imports/secrets/raw",
  generation: Generation,
) =>
  endpoint(id, route, {
    summary: "List the secrets that a folder imports",
    tags,
    access: { project: ["read", "secret-imports"] },
    callers: anyCaller,
    recordsRead: true,
    query: placedQuery(generation),
    inProject: ({ query }) => projectNamed(query),
    result: z.object({ secrets: ImportedSecrets }),
    handle: async (ctx, { query }) => ({
      secrets: presentImportedSecrets(await imported.listImportedSecrets(ctx, query), ctx.project.id),
    }),
  })

const one = (
  id: string,
  route: "GET /api/v2/secret-imports/{secretImportId}" | "GET /api/v1/secret-imports/{secretImportId}",
) =>
  endpoint(id, route, {
    summary: "Get an import",
    tags,
    access: { project: ["read", "secret-imports"] },
    callers: anyCaller,
    params,
    inProject: ({ params: { secretImportId } }) => ({ importId: secretImportId }),
    result: z.object({ secretImport: SecretImportDetail }),
    handle: async (ctx, { params: { secretImportId } }) => ({
      secretImport: presentImportDetail(await imports.getImport(ctx, secretImportId)),
    }),
  })

const update = (
  id: string,
  route: "PATCH /api/v2/secret-imports/{secretImportId}" | "PATCH /api/v1/secret-imports/{secretImportId}",
  generation: Generation,
) =>
  endpoint(id, route, {
    summary: "Change what an import imports, or its place among the others",
    tags,
    access: { project: ["edit", "secret-imports"] },
    callers: anyCaller,
    params,
    body: z.object({
      ...placed(generation),
      import: z
        .object({
          environment: environmentSlug.optional(),
          path: importPath.optional(),
          position: position.optional(),
        })
        .describe("What is to change."),
    }),
    inProject: ({ body }) => projectNamed(body),
    result: z.object({ message: z.string(), secretImport: SecretImport }),
    handle: async (ctx, { params: { secretImportId: importId }, body }) => {
      const { environment, path, import: source } = body
      const changed = await imports.updateImport(ctx, { importId, environment, path, source })
      return { message: "The import was changed", secretImport: presentImport(changed) }
    },
  })

const remove = (
  id: string,
  route: "DELETE /api/v2/secret-imports/{secretImportId}" | "DELETE /api/v1/secret-imports/{secretImportId}",
  generation: Generation,
) =>
  endpoint(id, route, {
    summary: "End an import",
    tags,
    access: { project: ["delete", "secret-imports"] },
    callers: anyCaller,
    params,
    body: z.object(placed(generation)),
    inProject: ({ body }) => projectNamed(body),
    result: z.object({ message: z.string(), secretImport: SecretImport }),
    handle: async (ctx, { params: { secretImportId: importId }, body: { environment, path } }) => ({
      message: "The import was deleted",
      secretImport: presentImport(await imports.deleteImport(ctx, { importId, environment, path })),
    }),
  })

const resync = (
  id: string,
  route:
    | "POST /api/v2/secret-imports/{secretImportId}/replication-resync"
    | "POST /api/v1/secret-imports/{secretImportId}/replication-resync",
  generation: Generation,
) =>
  endpoint(id, route, {
    summary: "Have a replicated import copied once more",
    tags,
    access: { project: ["edit", "secret-imports"] },
    callers: anyCaller,
    params,
    body: z.object(placed(generation)),
    inProject: ({ body }) => projectNamed(body),
    result: z.object({ message: z.string(), secretImport: SecretImport }),
    handle: async (ctx, { params: { secretImportId: importId }, body: { environment, path } }) => ({
      message: "The secrets are being copied",
      secretImport: presentImport(await imports.resyncImport(ctx, { importId, environment, path })),
    }),
  })

export const importEndpoints = [
  create("createSecretImport", "POST /api/v2/secret-imports", "v2"),
  list("listSecretImports", "GET /api/v2/secret-imports", "v2"),
  secrets("listImportedSecrets", "GET /api/v2/secret-imports/secrets", "v2"),
  one("getSecretImport", "GET /api/v2/secret-imports/{secretImportId}"),
  update("updateSecretImport", "PATCH /api/v2/secret-imports/{secretImportId}", "v2"),
  remove("deleteSecretImport", "DELETE /api/v2/secret-imports/{secretImportId}", "v2"),
  resync("resyncSecretImport", "POST /api/v2/secret-imports/{secretImportId}/replication-resync", "v2"),
  create("createSecretImportInWorkspace", "POST /api/v1/secret-imports", "v1"),
  list("listSecretImportsOfWorkspace", "GET /api/v1/secret-imports", "v1"),
  secrets("listImportedSecretsOfWorkspace", "GET /api/v1/secret-imports/secrets/raw", "v1"),
  one("getSecretImportOfWorkspace", "GET /api/v1/secret-imports/{secretImportId}"),
  update("updateSecretImportOfWorkspace", "PATCH /api/v1/secret-imports/{secretImportId}", "v1"),
  remove("deleteSecretImportOfWorkspace", "DELETE /api/v1/secret-imports/{secretImportId}", "v1"),
  resync(
    "resyncSecretImportOfWorkspace",
    "POST /api/v1/secret-imports/{secretImportId}/replication-resync",
    "v1",
  ),
]
