import { noSuchProject } from "../access/project.ts"
import { authorOf } from "../access/actor.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { holdFolder, restoreFolders } from "../folders/restoring.ts"
import { restoreImports } from "../imports/restoring.ts"
import type { FoundPlace } from "../secrets/places.ts"
import { restoreSecrets, type Restored } from "../secrets/restoring.ts"
import { maxSecrets, placeOfChange, tooManySecrets, type Change } from "./history.ts"
import * as store from "./history.store.ts"

/** The folder that is restored, or one in it that is made anew, and the one whose past it gets. */
type Target = { pastId: string; place: FoundPlace }

/**
 * Puts a folder back to what it was after a change: its secrets, its imports, and which folders it holds; those that have
 * ended come back with all that was in them. This is a change of its own, and can be undone in the same way. All or
 * nothing; what is done must be allowed to the caller as if it were done by hand.
 */
export async function restoreFolder(
  ctx: ProjectContext,
  snapshotId: string,
  facts: store.ChangeFacts,
): Promise<Change> {
  const place = placeOfChange(snapshotId, facts)
  const { environment, secretPath, folderId } = place
  const { orgId } = ctx.actor
  const at = { orgId, changeId: snapshotId }
  await store.takeTime(ctx.db)
  const tree = await holdFolder(ctx, place)
  const folders = await restoreFolders(ctx, tree, place, await store.foldersAt(ctx.db, at))
  const targets: Target[] = [
    { pastId: folderId, place },
    ...folders.remade.map(({ pastId, id, path }) => ({
      pastId,
      place: { ...place, folderId: id, secretPath: path },
    })),
  ]
  const secrets = await restoreAllSecrets(ctx, at, targets)
  const imports = await restoreAllImports(ctx, at, targets)
  await store.noteFolderChange(ctx.db, { orgId, folderId, writer: authorOf(ctx.actor) })
  await record(ctx, "restore-folder", {
    projectId: ctx.project.id,
    environment,
    secretPath,
    snapshotId,
    secrets,
    folders: { created: folders.created, updated: folders.updated, deleted: folders.deleted },
    numberOfImportsCreated: imports.created,
    numberOfImportsDeleted: imports.deleted,
  })
  const change = await store.changeOfTransaction(ctx.db, { orgId, folderId })
  if (!change) throw noSuchProject({ snapshotId })
  return change
}

type AtChange = { orgId: string; changeId: string }

async function restoreAllSecrets(ctx: ProjectContext, at: AtChange, targets: Target[]): Promise<Restored> {
  const pastIds = targets.map(({ pastId }) => pastId)
  const rows = await store.secretsAt(ctx.db, at, pastIds, maxSecrets + 1)
  if (rows.length > maxSecrets) throw tooManySecrets()
  const byFolder = Map.groupBy(rows, (row) => row.folder_id)
  const all: Restored = { created: [], updated: [], deleted: [] }
  for (const { pastId, place } of targets) {
    const restored = await restoreSecrets(ctx, place, byFolder.get(pastId) ?? [])
    for (const what of ["created", "updated", "deleted"] as const) {
      all[what].push(...restored[what].map((name) => pathOf(place, name)))
    }
  }
  return all
}

const pathOf = ({ secretPath }: FoundPlace, name: string): string =>
  secretPath === "/" ? `/${name}` : `${secretPath}/${name}`

/** Imports come last: they lock the project, in which nothing can be sealed from then on. */
async function restoreAllImports(
  ctx: ProjectContext,
  at: AtChange,
  targets: Target[],
): Promise<{ created: number; deleted: number }> {
  const rows = await store.importsAt(
    ctx.db,
    at,
    targets.map(({ pastId }) => pastId),
  )
  const byFolder = Map.groupBy(rows, (row) => row.folder_id)
  const all = { created: 0, deleted: 0 }
  for (const { pastId, place } of targets) {
    const { environment, environmentId, folderId, secretPath: path } = place
    const folder = { environment, environmentId, folderId, path }
    const restored = await restoreImports(ctx, folder, byFolder.get(pastId) ?? [])
    all.created += restored.created
    all.deleted += restored.deleted
  }
  return all
}
