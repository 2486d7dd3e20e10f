import { PermissionDenied } from "../access/access.ts"
import { noSuchProject } from "../access/project.ts"
import { authorOf } from "../access/actor.ts"
import type { ProjectAction } from "../access/vocabulary.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import { parentOf, pathIn } from "../names.ts"
import { getEnvironment, getEnvironmentBySlug, type Environment } from "../projects/environments.ts"
import * as store from "./folders.store.ts"

export type Folder = store.FolderRow
/** The folders of an environment, and who changes them. */
export type Tree = store.Tree & { environment: Environment; writer: store.Writer }

const placeOf = (ctx: ProjectContext) => ({ orgId: ctx.actor.orgId, projectId: ctx.project.id })

/** Throws 403 unless the caller may do so with what lies in a folder of that path. */
export function authorizeIn(
  { project }: ProjectContext,
  action: ProjectAction<"secret-folders">,
  place: { environment: string; secretPath: string },
): void {
  const permission = [action, "secret-folders"] as const
  if (!project.rights.can(permission, place)) throw new PermissionDenied(project, permission)
}

async function treeOf(ctx: ProjectContext, slug: string): Promise<Tree> {
  const environment = await getEnvironmentBySlug(ctx, slug)
  return { ...placeOf(ctx), environmentId: environment.id, environment, writer: authorOf(ctx.actor) }
}

/** The folders of an environment, held as they lie until the transaction ends. */
export async function lockedTreeOf(ctx: ProjectContext, slug: string): Promise<Tree> {
  const tree = await treeOf(ctx, slug)
  await store.lockTree(ctx.db, tree)
  return tree
}

type Place = { environment: string; path: string }

/** Makes a folder, and those on the way to it that are not there. One that is there already is answered as it is. */
export async function createFolder(
  ctx: ProjectContext,
  { environment, path, ...asked }: Place & { name: string; description?: string | null | undefined },
): Promise<Folder> {
  authorizeIn(ctx, "create", { environment, secretPath: path })
  const tree = await lockedTreeOf(ctx, environment)
  const names = [...path.split("/").filter((name) => name !== ""), asked.name]
  let parent = await rootOf(ctx, tree)
  for (const [index, name] of names.entries()) {
    const description = index === names.length - 1 ? asked.description || null : null
    parent =
      (await store.folderByPath(ctx.db, tree, pathIn(parent.path, name))) ??
      (await makeIn(ctx, tree, parent, { name, description }))
  }
  return parent
}

async function rootOf(ctx: ProjectContext, tree: Tree): Promise<Folder> {
  const root = await store.folderByPath(ctx.db, tree, "/")
  if (!root) throw new Error(`The environment ${tree.environmentId} has no root folder`)
  return root
}

async function makeIn(
  ctx: ProjectContext,
  tree: Tree,
  parent: Folder,
  { name, description }: { name: string; description: string | null },
): Promise<Folder> {
  authorizeIn(ctx, "create", { environment: tree.environment.slug, secretPath: parent.path })
  const path = pathIn(parent.path, name)
  const folder = { id: newId(), parent_id: parent.id, name, path, description }
  const made = await store.insertFolder(ctx.db, tree, folder)
  await noteIn(ctx, tree, parent.id)
  await record(ctx, "create-folder", eventOf(tree, made))
  return made
}

/** Notes for the history of a folder that what lies in it has changed. */
const noteIn = (ctx: ProjectContext, { orgId, writer }: Tree, folderId: string): Promise<void> =>
  store.noteFolderChange(ctx.db, { orgId, folderId, writer })

const eventOf = ({ projectId, environment }: Tree, { id, name, path }: Folder) => ({
  projectId,
  environment: environment.slug,
  folderId: id,
  folderName: name,
  folderPath: path,
})

export type Listed = Folder & { relativePath?: string }

/** The folders in the one of a path that the caller may see, or with `recursive` also those within them; by path. */
export async function listFolders(
  ctx: ProjectContext,
  {
    environment,
    path,
    recursive,
    lastSecretModified,
  }: Place & { recursive: boolean; lastSecretModified?: Date | undefined },
): Promise<Listed[]> {
  const mayRead = (secretPath: string) =>
    ctx.project.rights.can(["read", "secret-folders"], { environment, secretPath })
  if (!recursive) authorizeIn(ctx, "read", { environment, secretPath: path })
  const tree = await treeOf(ctx, environment)
  const folder = await store.folderByPath(ctx.db, tree, path)
  const found = folder ? await store.foldersIn(ctx.db, tree, folder, recursive) : []
  const seen = found.filter((each) => mayRead(parentOf(each.path)))
  if (seen.length === 0) authorizeIn(ctx, "read", { environment, secretPath: path })
  const since = lastSecretModified
  const listed = since
    ? seen.filter(({ last_secret_modified: last }) => last !== null && last >= since)
    : seen
  if (!recursive) return listed
  const start = path === "/" ? 0 : path.length
  return listed.map((each) => ({ ...each, relativePath: each.path.slice(start) }))
}

/** A folder with the environment that it lies in. */
export async function getFolder(
  ctx: ProjectContext,
  folderId: string,
): Promise<{ folder: Folder; environment: Environment }> {
  const at = placeOf(ctx)
  const id = uuidOrNull(folderId)
  const folder = id === null ? undefined : await store.folderById(ctx.db, at, id)
  if (!folder) throw noSuchProject({ folderId })
  const environment = await getEnvironment(ctx, folder.environment_id)
  authorizeIn(ctx, "read", { environment: environment.slug, secretPath: placeIn(folder) })
  return { folder, environment }
}

// A root lies in no folder, and is judged where it lies itself.
const placeIn = ({ path }: Folder): string => (path === "/" ? "/" : parentOf(path))

export type Changes = Place & { id: string; name: string; description?: string | null | undefined }

/** Changes the name and description of a folder in the one of that path; all that lies in it goes with it. */
export async function updateFolder(ctx: ProjectContext, changes: Changes): Promise<Folder> {
  const { environment, path, name, description } = changes
  authorizeIn(ctx, "edit", { environment, secretPath: path })
  const tree = await lockedTreeOf(ctx, environment)
  const id = uuidOrNull(changes.id)
  const old = id === null ? undefined : await store.folderInTree(ctx.db, tree, id)
  if (!old || old.path === "/" || parentOf(old.path) !== path) {
    throw notFound(`There is no folder with the ID ${changes.id} in ${path}`, { name: "UpdateFolder" })
  }
  const changed = await store.updateFolder(ctx.db, tree, old, {
    name,
    path: pathIn(path, name),
    description: description === "" ? null : description,
  })
  if (old.parent_id !== null) await noteIn(ctx, tree, old.parent_id)
  const before = { oldFolderName: old.name, oldFolderPath: old.path }
  await record(ctx, "update-folder", { ...eventOf(tree, changed), ...before })
  return changed
}

/** The same for several, all or none. */
export async function updateFolders(ctx: ProjectContext, changes: Changes[]): Promise<Folder[]> {
  const folders: Folder[] = []
  for (const each of changes) folders.push(await updateFolder(ctx, each))
  return folders
}

/** Deletes a folder, named by its id or its name, with all that lies in it; without `force` only one that is empty. */
export async function deleteFolder(
  ctx: ProjectContext,
  { environment, path, idOrName, force }: Place & { idOrName: string; force: boolean },
): Promise<Folder> {
  authorizeIn(ctx, "delete", { environment, secretPath: path })
  const tree = await lockedTreeOf(ctx, environment)
  const id = uuidOrNull(idOrName)
  const folder =
    (id === null ? undefined : await store.folderInTree(ctx.db, tree, id)) ??
    (await store.folderByPath(ctx.db, tree, pathIn(path, idOrName)))
  if (!folder || folder.path === "/" || parentOf(folder.path) !== path) {
    throw notFound(`There is no folder ${idOrName} in ${path}`)
  }
  await store.lockFolders(ctx.db, tree, folder.path)
  if (!force && (await store.isFilled(ctx.db, tree, folder.id))) {
    throw badRequest("The folder is not empty: say forceDelete to delete it with all that it holds")
  }
  await store.endFolders(ctx.db, tree, folder.path)
  if (folder.parent_id !== null) await noteIn(ctx, tree, folder.parent_id)
  await record(ctx, "delete-folder", eventOf(tree, folder))
  return folder
}
