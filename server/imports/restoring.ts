import type { ProjectContext } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import { lockProject } from "../projects/projects.ts"
import { authorizeIn, authorizeReplication, requireNoCycle, type Folder, type Import } from "./imports.ts"
import * as store from "./imports.store.ts"

/** What an import imported at some time. */
export type PastImport = {
  source_environment_id: string
  source_environment: string
  source_path: string
  is_replication: boolean
}

/** How many imports were made and ended. */
export type Restored = { created: number; deleted: number; isReordered: boolean }

/**
 * Has a folder import what it imported at some time, in that order, and nothing else: 400 where that would make a cycle
 * by now. Locks the project, so that nothing may be sealed afterwards.
 */
export async function restoreImports(
  ctx: ProjectContext,
  { environment, ...folder }: Folder & { environment: string },
  past: readonly PastImport[],
): Promise<Restored> {
  const at = { orgId: ctx.actor.orgId, projectId: ctx.project.id }
  const place = { environment, path: folder.path }
  if (isSame(await store.importsOf(ctx.db, at, folder.folderId), past)) return unchanged
  await lockProject(ctx)
  const left = await store.importsOf(ctx.db, at, folder.folderId)
  const before = left.map(({ id }) => id)
  const wanted = past.map((each) => {
    const index = left.findIndex((row) => sourceOf(row) === sourceOf(each))
    return { each, kept: index < 0 ? undefined : left.splice(index, 1)[0] }
  })
  const kept = wanted.flatMap((one) => one.kept?.id ?? [])
  const isReordered = before.filter((id) => kept.includes(id)).join() !== kept.join()
  const created = wanted.length - kept.length
  if (left.length > 0) authorizeIn(ctx, "delete", place)
  if (created > 0) authorizeIn(ctx, "create", place)
  if (isReordered) authorizeIn(ctx, "edit", place)
  for (const { id } of left) await store.endImport(ctx.db, at, id)
  const order: string[] = []
  for (const one of wanted)
    order.push(one.kept?.id ?? (await make(ctx, { environment, ...folder }, one.each)))
  await store.orderImports(ctx.db, at, order)
  return { created, deleted: left.length, isReordered }
}

const unchanged: Restored = { created: 0, deleted: 0, isReordered: false }

const sourceOf = (row: Import | PastImport): string =>
  JSON.stringify([
    "source_environment_id" in row ? row.source_environment_id : row.source_environment.id,
    row.source_path,
    row.is_replication,
  ])

const isSame = (rows: readonly Import[], past: readonly PastImport[]): boolean =>
  rows.map(sourceOf).join() === past.map(sourceOf).join()

async function make(
  ctx: ProjectContext,
  folder: Folder & { environment: string },
  past: PastImport,
): Promise<string> {
  const { is_replication: isReplication, source_environment, source_path } = past
  if (isReplication) {
    authorizeReplication(ctx, folder, { environment: source_environment, path: source_path })
  }
  const source = { environmentId: past.source_environment_id, path: past.source_path }
  await requireNoCycle(ctx, folder, source, null)
  const id = newId()
  const at = { orgId: ctx.actor.orgId, projectId: ctx.project.id }
  await store.insertImport(ctx.db, at, folder.folderId, { id, source, isReplication })
  return id
}
