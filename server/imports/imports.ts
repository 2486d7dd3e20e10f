import { PermissionDenied } from "../access/access.ts"
import { everySecretOf } from "../access/every-secret.ts"
import { noSuchProject } from "../access/project.ts"
import { authorOf } from "../access/actor.ts"
import type { ProjectAction } from "../access/vocabulary.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import { getEnvironmentBySlug } from "../projects/environments.ts"
import { lockProject } from "../projects/projects.ts"
import * as store from "./imports.store.ts"
import * as replicas from "./replicas.store.ts"

export type Import = store.ImportRow

/** The folder that imports, or that is imported, as requests name it. */
export type Place = { environment: string; path: string }

/** More would be too much to follow at each reading. */
const maxImports = 100

const atOf = (ctx: ProjectContext) => ({ orgId: ctx.actor.orgId, projectId: ctx.project.id })

/** Whether the caller may do so with the imports of a folder. */
export const mayIn = (
  { project }: ProjectContext,
  action: ProjectAction<"secret-imports">,
  { environment, path }: Place,
): boolean => project.rights.can([action, "secret-imports"], { environment, secretPath: path })

/** Throws 403 unless the caller may. */
export function authorizeIn(
  ctx: ProjectContext,
  action: ProjectAction<"secret-imports">,
  place: Place,
): void {
  if (!mayIn(ctx, action, place)) throw new PermissionDenied(ctx.project, [action, "secret-imports"])
}

export type Folder = store.AtPath & { folderId: string }

/** The folder of a request; with `isHeld` it stays until the transaction ends. */
export async function folderOf(
  ctx: ProjectContext,
  { environment, path }: Place,
  isHeld = false,
): Promise<Folder> {
  const { id: environmentId } = await getEnvironmentBySlug(ctx, environment)
  const place = { environmentId, path }
  const folderId = await store.folderAt(ctx.db, atOf(ctx), place, isHeld)
  if (folderId === undefined) throw notFound(`There is no folder ${path} in the environment ${environment}`)
  return { ...place, folderId }
}

/**
 * Throws 403 unless the caller may read every value at the source, and make every secret at the place: who may not could
 * have copied nothing by hand either.
 */
export function authorizeReplication({ project }: ProjectContext, place: Place, source: Place): void {
  const rights = everySecretOf(project.rights)
  const needed = [
    ["describeSecret", source],
    ["readValue", source],
    ["create", place],
  ] as const
  for (const [action, { environment, path: secretPath }] of needed) {
    if (!rights.can([action, "secrets"], { environment, secretPath })) {
      throw new PermissionDenied(project, [action, "secrets"])
    }
  }
}

/** The imports of a folder, in their order. */
export async function listImports(ctx: ProjectContext, place: Place): Promise<Import[]> {
  authorizeIn(ctx, "read", place)
  const { folderId } = await folderOf(ctx, place)
  return store.importsOf(ctx.db, atOf(ctx), folderId)
}

/** An import by its id. */
export async function getImport(ctx: ProjectContext, importId: string): Promise<Import> {
  const id = uuidOrNull(importId)
  const found = id === null ? undefined : await store.importById(ctx.db, atOf(ctx), id)
  if (!found) throw noSuchProject({ importId })
  authorizeIn(ctx, "read", { environment: found.environment.slug, path: found.folder_path })
  return found
}

/**
 * Has a folder import another, which may be made later, behind what it imports already. With `isReplication` what it
 * imports is copied, and read where the copy is.
 */
export async function createImport(
  ctx: ProjectContext,
  { source: sent, isReplication, ...place }: Place & { source: Place; isReplication: boolean },
): Promise<Import> {
  authorizeIn(ctx, "create", place)
  if (isReplication) authorizeReplication(ctx, place, sent)
  // One after the other, so that two which are made at once make no cycle.
  await lockProject(ctx)
  const folder = await folderOf(ctx, place, true)
  const source = await sourceOf(ctx, sent)
  await requireNoCycle(ctx, folder, source, null)
  const others = await store.importsOf(ctx.db, atOf(ctx), folder.folderId)
  if (others.length >= maxImports) throw badRequest(`A folder imports at most ${maxImports} others`)
  const id = newId()
  await store.insertImport(ctx.db, atOf(ctx), folder.folderId, { id, source, isReplication })
  await noteIn(ctx, folder)
  const made = await getWritten(ctx, id)
  await record(ctx, "create-secret-import", eventOf(made))
  if (isReplication) wakeAfterCommit(ctx)
  return made
}

/** Notes for the history of a folder that what it imports has changed. */
const noteIn = (ctx: ProjectContext, { folderId }: Folder): Promise<void> =>
  store.noteFolderChange(ctx.db, { orgId: ctx.actor.orgId, folderId, writer: authorOf(ctx.actor) })

const sourceOf = async (ctx: ProjectContext, { environment, path }: Place): Promise<store.AtPath> => ({
  environmentId: (await getEnvironmentBySlug(ctx, environment)).id,
  path,
})

/** Throws 400 when an import would make a cycle; one (null: none) is passed over, which is to be another. */
export async function requireNoCycle(
  ctx: ProjectContext,
  folder: store.AtPath,
  source: store.AtPath,
  passedOver: string | null,
): Promise<void> {
  if (source.environmentId === folder.environmentId && source.path === folder.path) {
    throw badRequest("A folder cannot import itself")
  }
  if (await store.imports(ctx.db, atOf(ctx), { from: source, to: folder }, passedOver)) {
    throw badRequest("This would make a cycle: what is to be imported imports this folder")
  }
}

async function getWritten(ctx: ProjectContext, id: string): Promise<Import> {
  const written = await store.importById(ctx.db, atOf(ctx), id)
  if (!written) throw new Error(`The import ${id} was written and is not there`)
  return written
}

const eventOf = (row: Import) => ({
  projectId: row.project_id,
  environment: row.environment.slug,
  secretPath: row.folder_path,
  importId: row.id,
  folderId: row.folder_id,
  importedEnvironment: row.source_environment.slug,
  importedPath: row.source_path,
  position: row.position,
  ...(row.is_replication ? { isReplication: true as const } : {}),
})

export type Changes = Place & {
  importId: string
  source: { environment?: string | undefined; path?: string | undefined; position?: number | undefined }
}

/** Changes what an import imports, or where it stands among the others; what is not sent stays. */
export async function updateImport(
  ctx: ProjectContext,
  { importId, source: sent, ...place }: Changes,
): Promise<Import> {
  authorizeIn(ctx, "edit", place)
  await lockProject(ctx)
  const folder = await folderOf(ctx, place, true)
  const rows = await store.importsOf(ctx.db, atOf(ctx), folder.folderId)
  const old = importIn(rows, importId, place)
  const source = await sourceOf(ctx, {
    environment: sent.environment ?? old.source_environment.slug,
    path: sent.path ?? old.source_path,
  })
  const isElsewhere = source.environmentId !== old.source_environment.id || source.path !== old.source_path
  if (old.is_replication && isElsewhere) {
    const { environment = old.source_environment.slug } = sent
    authorizeReplication(ctx, place, { environment, path: source.path })
  }
  await requireNoCycle(ctx, folder, source, old.id)
  await store.updateImport(ctx.db, atOf(ctx), old.id, source)
  const others = rows.map(({ id }) => id).filter((id) => id !== old.id)
  await store.orderImports(
    ctx.db,
    atOf(ctx),
    others.toSpliced((sent.position ?? old.position) - 1, 0, old.id),
  )
  await noteIn(ctx, folder)
  const changed = await getWritten(ctx, old.id)
  await record(ctx, "update-secret-import", {
    ...eventOf(changed),
    oldImportedEnvironment: old.source_environment.slug,
    oldImportedPath: old.source_path,
    oldPosition: old.position,
  })
  return changed
}

function importIn(rows: Import[], importId: string, { environment, path }: Place): Import {
  const id = uuidOrNull(importId)
  const found = rows.find((row) => row.id === id)
  if (found) return found
  throw notFound(`There is no import with the ID ${importId} in ${path} of the environment ${environment}`)
}

/** Ends an import; those behind it move up. */
export async function deleteImport(
  ctx: ProjectContext,
  { importId, ...place }: Place & { importId: string },
): Promise<Import> {
  authorizeIn(ctx, "delete", place)
  await lockProject(ctx)
  const folder = await folderOf(ctx, place, true)
  const found = importIn(await store.importsOf(ctx.db, atOf(ctx), folder.folderId), importId, place)
  await store.endImport(ctx.db, atOf(ctx), found.id)
  await noteIn(ctx, folder)
  await record(ctx, "delete-secret-import", eventOf(found))
  return found
}

/** Has a replicated import copied once more, at once, also where that has failed and would be tried later. */
export async function resyncImport(
  ctx: ProjectContext,
  { importId, ...place }: Place & { importId: string },
): Promise<Import> {
  authorizeIn(ctx, "edit", place)
  const { folderId } = await folderOf(ctx, place)
  const found = importIn(await store.importsOf(ctx.db, atOf(ctx), folderId), importId, place)
  if (!found.is_replication) throw badRequest("This import is not replicated: it is read where it lies")
  await replicas.addJob(ctx.db, { org_id: ctx.actor.orgId, import_id: found.id })
  await record(ctx, "resync-secret-import", eventOf(found))
  wakeAfterCommit(ctx)
  return found
}

const wakeAfterCommit = ({ request, services }: ProjectContext): void =>
  request.afterCommit(async () => services.wakeReplicator())
