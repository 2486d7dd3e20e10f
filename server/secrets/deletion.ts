import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import * as store from "./changes.store.ts"
import { lockAllowed } from "./locks.ts"
import { callerOf, mayOn, noSuchSecret, ownerOf, requirePlace, type Kind, type Place } from "./places.ts"
import { eventPlace, secretEvent, type Seen } from "./secrets.ts"
import type { PlaceFacts, SecretRow } from "./secrets.store.ts"
import { nothingOpened, openRows } from "./values.ts"

/** Deletes secrets of a folder, all or none; personal overrides go with the shared one. */
async function remove(
  ctx: ProjectContext,
  place: Place,
  secrets: { secretKey: string; type: Kind }[],
  facts: PlaceFacts,
): Promise<Seen[]> {
  const wanted = Map.groupBy(secrets, ({ type }) => ownerOf(ctx, type))
  const rows: SecretRow[] = []
  // Personal ones first: they would be gone with the shared one.
  const owners = [...wanted].toSorted(([one]) => (one === null ? 1 : -1))
  for (const [ownerId, named] of owners) {
    const keys = [...new Set(named.map(({ secretKey }) => secretKey))]
    const at = { folderId: facts.fact_folder_id, keys, ownerId }
    const found = await lockAllowed(ctx, "delete", place, at)
    const { folderId } = requirePlace(ctx, place, facts, "DeleteSecret")
    const missing = keys.find((key) => !found.some((row) => row.key === key))
    if (missing !== undefined) throw noSuchSecret(missing, place)
    await store.endSecrets(
      ctx.db,
      { orgId: ctx.actor.orgId, folderId, keys: ownerId === null ? keys : [], writer: callerOf(ctx) },
      found.map(({ id }) => id),
    )
    rows.push(...found)
  }
  const opened = await openRows(
    ctx,
    rows.map((row) => ({
      row,
      table: "secrets" as const,
      mayReadValue: mayOn(ctx, "readValue", place, row),
    })),
  )
  return rows.map((row, index) => ({ row, opened: opened[index] ?? nothingOpened, place }))
}

/** Deletes a secret; personal overrides go with the shared one. */
export async function deleteSecret(
  ctx: ProjectContext,
  { kind, secretKey, ...place }: Place & { kind: Kind; secretKey: string },
  facts: PlaceFacts,
): Promise<Seen> {
  const [seen] = await remove(ctx, place, [{ secretKey, type: kind }], facts)
  if (!seen) throw noSuchSecret(secretKey, place)
  await record(ctx, "delete-secret", { ...eventPlace(ctx, place), ...secretEvent(seen.row) })
  return seen
}

/** Deletes several secrets of a folder, all or none. */
export async function deleteSecrets(
  ctx: ProjectContext,
  place: Place,
  secrets: { secretKey: string; type: Kind }[],
  facts: PlaceFacts,
): Promise<Seen[]> {
  const seen = await remove(ctx, place, secrets, facts)
  await record(ctx, "delete-secrets", {
    ...eventPlace(ctx, place),
    secrets: seen.map(({ row }) => secretEvent(row)),
  })
  return seen
}
