import { StandingChanged } from "../access/standing.ts"
import type { ProjectContext } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import { pairsOf } from "../history/pairs.ts"
import { pathIn } from "../names.ts"
import { authorizeIn, lockedTreeOf, type Tree } from "./folders.ts"
import * as store from "./folders.store.ts"

/** A folder as it was at some time. */
export type PastFolder = { id: string; parent_id: string; name: string; description: string | null }

/** What became of the folders in one, by their paths. */
export type Restored = { created: string[]; updated: string[]; deleted: string[] }

/** Folders that were made anew, with the ids of those in whose place they are. */
export type Remade = { pastId: string; id: string; path: string }[]

type Place = { environment: string; secretPath: string; folderId: string }

/**
 * Holds a folder as it lies, and lets nothing else into it, until the transaction ends; what is under way into it comes
 * first. Has the request judged anew when the folder does not lie there any more.
 */
export async function holdFolder(
  ctx: ProjectContext,
  { environment, secretPath, folderId }: Place,
): Promise<Tree> {
  const tree = await lockedTreeOf(ctx, environment)
  const folder = await store.lockFolder(ctx.db, tree, folderId)
  if (folder?.path !== secretPath) throw new StandingChanged()
  return tree
}

/**
 * Has a folder hold the folders that it held at some time, and no others, by the names that they had. What lies in one
 * that is there stays as it is; one that has ended is made anew, empty, with those that were in it; one that was not
 * there then ends with all that lies in it.
 */
export async function restoreFolders(
  ctx: ProjectContext,
  tree: Tree,
  { folderId, secretPath }: Place,
  past: readonly PastFolder[],
): Promise<Restored & { remade: Remade }> {
  const environment = tree.environment.slug
  const rows = await store.foldersIn(ctx.db, tree, { id: folderId, path: secretPath }, false)
  const { pairs, gone } = pairsOf(
    past.filter(({ parent_id }) => parent_id === folderId),
    rows,
  )
  if (gone.length > 0) authorizeIn(ctx, "delete", { environment, secretPath })
  for (const { path } of gone) {
    await store.lockFolders(ctx.db, tree, path)
    await store.endFolders(ctx.db, tree, path)
  }
  const updated: string[] = []
  const remade: Remade = []
  for (const { past: wanted, now } of pairs) {
    const path = pathIn(secretPath, wanted.name)
    if (now === undefined) {
      remade.push(
        ...(await remake(ctx, tree, { id: folderId, path: secretPath }, { folder: wanted, all: past })),
      )
    } else if (now.name !== wanted.name || now.description !== wanted.description) {
      authorizeIn(ctx, "edit", { environment, secretPath })
      const { name, description } = wanted
      await store.updateFolder(ctx.db, tree, now, { name, path, description })
      updated.push(path)
    }
  }
  return { created: remade.map(({ path }) => path), updated, deleted: gone.map(({ path }) => path), remade }
}

/** Makes a folder anew, with those that were in it. */
async function remake(
  ctx: ProjectContext,
  tree: Tree,
  parent: { id: string; path: string },
  { folder, all }: { folder: PastFolder; all: readonly PastFolder[] },
): Promise<Remade> {
  authorizeIn(ctx, "create", { environment: tree.environment.slug, secretPath: parent.path })
  const path = pathIn(parent.path, folder.name)
  const { name, description } = folder
  const made = await store.insertFolder(ctx.db, tree, {
    id: newId(),
    parent_id: parent.id,
    name,
    path,
    description,
  })
  const remade: Remade = [{ pastId: folder.id, id: made.id, path }]
  for (const inner of all.filter(({ parent_id }) => parent_id === folder.id)) {
    remade.push(...(await remake(ctx, tree, made, { folder: inner, all })))
  }
  return remade
}
