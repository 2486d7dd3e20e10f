import type { ProjectContext } from "../context.ts"
import { badRequest } from "../errors.ts"
import { mayOn, type Place } from "../secrets/places.ts"
import * as store from "./imported.store.ts"
import { mayIn } from "./imports.ts"

/** A secret where it lies. */
export type Found = { row: store.SecretRow; place: Place }

/** What a folder imports, with the secrets there that the caller may see: its own, and what it imports in its turn. */
export type Imported = {
  secretPath: string
  environment: store.EnvironmentOfImport
  /** Absent: it is not there. */ folderId: string | null
  secrets: Found[]
}

/** So deep imports of imports are followed. */
const maxDepth = 10
/** More than this is refused: somebody has made imports of imports of imports that nobody can read. */
const maxEdges = 2_000
const maxSecrets = 100_000

const tooMany = () => badRequest("There is more in these imports than can be read at once")

type Graph = Map<string, store.Edge[]>

async function graphFrom(ctx: ProjectContext, folderIds: string[]): Promise<Graph> {
  const at = { orgId: ctx.actor.orgId, projectId: ctx.project.id }
  const edges = await store.edgesFrom(ctx.db, at, folderIds, maxEdges + 1)
  if (edges.length > maxEdges) throw tooMany()
  return Map.groupBy(edges, ({ folder_id }) => folder_id)
}

type Source = Place & { folderId: string }

/**
 * The folders whose secrets an import answers: the one that it names, and what that imports. Of two with a secret of one
 * name the earlier in this list has it: what is nearer, and of two imports of a folder the last.
 */
function sourcesOf(graph: Graph, edge: store.Edge): Source[] {
  const sources = new Map<string, Source>()
  const visit = (each: store.Edge, depth: number): void => {
    const { source_folder_id: folderId } = each
    const source = sourceOf(each)
    if (folderId === null || source === null || sources.has(source.folderId) || depth > maxDepth) return
    sources.set(source.folderId, source)
    for (const next of (graph.get(folderId) ?? []).toReversed()) visit(next, depth + 1)
  }
  visit(edge, 1)
  return [...sources.values()]
}

/** Where the secrets of an import are read: where they lie, and of a replicated one where the copies are imported. */
function sourceOf(edge: store.Edge): Source | null {
  const { source_folder_id, replica_folder_id } = edge
  if (replica_folder_id !== null) {
    const { folder_environment: environment, folder_path: secretPath } = edge
    return { folderId: replica_folder_id, environment, secretPath }
  }
  if (source_folder_id === null) return null
  const { source_environment, source_path: secretPath } = edge
  return { folderId: source_folder_id, environment: source_environment.slug, secretPath }
}

async function secretsByFolder(
  ctx: ProjectContext,
  sources: Source[],
  keys: string[] | null,
): Promise<Map<string, store.SecretRow[]>> {
  const folderIds = [...new Set(sources.map(({ folderId }) => folderId))]
  if (folderIds.length === 0) return new Map()
  const at = { orgId: ctx.actor.orgId, projectId: ctx.project.id }
  const rows = await store.secretsIn(ctx.db, at, { folderIds, keys }, maxSecrets + 1)
  if (rows.length > maxSecrets) throw tooMany()
  return Map.groupBy(rows, ({ folder_id }) => folder_id)
}

const mayDescribe = (ctx: ProjectContext, { row, place }: Found): boolean =>
  mayOn(ctx, "describeSecret", place, row)

/** What of these secrets the caller may see, each name once. */
function visible(ctx: ProjectContext, sources: Source[], rows: Map<string, store.SecretRow[]>): Found[] {
  const byKey = new Map<string, Found>()
  for (const { folderId, ...place } of sources) {
    for (const row of rows.get(folderId) ?? []) {
      const found = { row, place }
      if (!byKey.has(row.key) && mayDescribe(ctx, found)) byKey.set(row.key, found)
    }
  }
  return [...byKey.values()].toSorted(byName)
}

const byName = ({ row: one }: Found, { row: other }: Found): number =>
  one.key < other.key ? -1 : Number(one.key > other.key)

/**
 * What folders import, in their order. An import of which the caller sees nothing is left out, unless the caller may see
 * that it is there.
 */
export async function importedBy(ctx: ProjectContext, folderIds: string[]): Promise<Imported[]> {
  const graph = await graphFrom(ctx, folderIds)
  const edges = folderIds.flatMap((id) => graph.get(id) ?? [])
  const all = edges.map((edge) => ({ edge, sources: sourcesOf(graph, edge) }))
  const rows = await secretsByFolder(
    ctx,
    all.flatMap(({ sources }) => sources),
    null,
  )
  let count = 0
  return all.flatMap(({ edge, sources }) => {
    const secrets = visible(ctx, sources, rows)
    count += secrets.length
    if (count > maxSecrets) throw tooMany()
    const place = { environment: edge.folder_environment, path: edge.folder_path }
    if (secrets.length === 0 && !mayIn(ctx, "read", place)) return []
    const { source_environment: environment, source_path: secretPath, source_folder_id: folderId } = edge
    return [{ environment, secretPath, folderId, secrets }]
  })
}

/**
 * The secrets of some names that folders import and the caller may see, by the folder that imports. Of two imports with
 * one of a name the last has it.
 */
export async function importedNamed(
  ctx: ProjectContext,
  folderIds: string[],
  keys: string[],
): Promise<Map<string, Map<string, Found>>> {
  const graph = await graphFrom(ctx, folderIds)
  const all = folderIds.map((id) => ({
    id,
    sources: (graph.get(id) ?? []).toReversed().flatMap((edge) => sourcesOf(graph, edge)),
  }))
  const rows = await secretsByFolder(
    ctx,
    all.flatMap(({ sources }) => sources),
    keys,
  )
  return new Map(
    all.map(({ id, sources }) => [
      id,
      new Map(visible(ctx, sources, rows).map((found) => [found.row.key, found])),
    ]),
  )
}
