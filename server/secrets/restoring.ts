import type { ProjectContext } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import { pairsOf, type Pair } from "../history/pairs.ts"
import * as store from "./changes.store.ts"
import { noSuchFolder } from "./creation.ts"
import { authorizeOn, callerOf, requireNoNewReading, type FoundPlace } from "./places.ts"
import type { SealedRow, SecretRow, TagOfSecret } from "./secrets.store.ts"
import { plainOfRow } from "./updates.ts"
import { openRows, sealAll, type Plain } from "./values.ts"

/** A version of a shared secret that was the last one at some time. */
export type PastSecret = SealedRow & {
  secret_id: string
  /** What it is called, and which tags it has, now or at its end. */ last_key: string
  last_tags: TagOfSecret[]
}

/** What became of the secrets of a folder, by their names. */
export type Restored = { created: string[]; updated: string[]; deleted: string[] }

type Named<Row> = { id: string; name: string; row: Row }
type Pairing = Pair<Named<PastSecret>, Named<SecretRow>>

/**
 * Has a folder hold the shared secrets that it held at some time, and no others: what is there under a name gets a new
 * version, what is not is made anew, and what was not there then ends with its personal overrides. All that is needed
 * must be allowed to the caller, and nobody is to read afterwards what they may not read now.
 */
export async function restoreSecrets(
  ctx: ProjectContext,
  place: FoundPlace,
  past: readonly PastSecret[],
): Promise<Restored> {
  const { orgId } = ctx.actor
  const { folderId } = place
  const rows = await store.lockAllSecrets(ctx.db, { orgId, folderId })
  const { pairs, gone } = pairsOf(
    past.map((row) => ({ id: row.secret_id, name: row.key, row })),
    rows.map((row) => ({ id: row.id, name: row.key, row })),
  )
  const changed = pairs.filter(
    ({ past: { id, row }, now }) => now?.id !== id || now.row.version !== row.version,
  )
  requireAllowed(ctx, place, { changed, gone: gone.map(({ row }) => row) })
  if (gone.length > 0) {
    const ended = { orgId, folderId, keys: gone.map(({ name }) => name), writer: callerOf(ctx) }
    await store.endSecrets(
      ctx.db,
      ended,
      gone.map(({ id }) => id),
    )
  }
  await write(ctx, place, changed)
  return {
    created: changed.flatMap(({ past: { name }, now }) => (now ? [] : name)),
    updated: changed.flatMap(({ past: { name }, now }) => (now ? name : [])),
    deleted: gone.map(({ name }) => name),
  }
}

function requireAllowed(
  ctx: ProjectContext,
  place: FoundPlace,
  { changed, gone }: { changed: Pairing[]; gone: SecretRow[] },
): void {
  for (const row of gone) authorizeOn(ctx, "delete", place, row)
  for (const { past, now } of changed) {
    if (now) authorizeOn(ctx, "edit", place, now.row)
    authorizeOn(ctx, now ? "edit" : "create", place, past.row)
    const { last_key: key, last_tags: tags } = past.row
    const before = now ? [{ key, tags }, now.row] : [{ key, tags }]
    for (const secret of before) requireNoNewReading(ctx, { place, secret }, { place, secret: past.row })
  }
}

async function write(ctx: ProjectContext, place: FoundPlace, changed: Pairing[]): Promise<void> {
  if (changed.length === 0) return
  const { orgId } = ctx.actor
  const at = { orgId, folderId: place.folderId, writer: callerOf(ctx) }
  const plain = await plainOf(ctx, changed)
  const written = await sealAll(ctx, place.environmentId, plain)
  const over = written.filter(({ version }) => version > 1)
  if (over.length > 0) await store.updateSecrets(ctx.db, at, over)
  for (const { past, now } of changed) {
    if (now && now.name !== past.name) await store.renameOverrides(ctx.db, at, now.name, past.name)
  }
  const news = written.filter(({ version }) => version === 1)
  if (news.length === 0) return
  const made = await store.insertSecrets(ctx.db, at, news, null)
  if (made.length === 0) throw noSuchFolder(place)
}

async function plainOf(ctx: ProjectContext, changed: Pairing[]): Promise<Plain[]> {
  const opened = await openRows(
    ctx,
    changed.map(({ past }) => ({ row: past.row, table: "secret_versions" as const, mayReadValue: true })),
  )
  return changed.map(({ past, now }, index) => ({
    ...plainOfRow(past.row, opened[index]),
    ...(now ? { id: now.id, version: now.row.version + 1 } : { id: newId(), version: 1 }),
  }))
}
