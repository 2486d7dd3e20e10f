import type { ProjectAction } from "../access/vocabulary.ts"
import type { ProjectContext } from "../context.ts"
import * as store from "./changes.store.ts"
import { absent, authorizeOn, type Place } from "./places.ts"
import type { SecretRow } from "./secrets.store.ts"

type Wanted = { folderId: string | null; keys: string[]; ownerId: string | null }

/**
 * The shared secrets of a folder with these names, or an owner's, locked until the transaction ends. Throws 403 when the
 * caller may not do so with one of them, be it there or not.
 */
export async function lockAllowed(
  ctx: ProjectContext,
  action: ProjectAction<"secrets">,
  place: Place,
  { folderId, keys, ownerId }: Wanted,
): Promise<SecretRow[]> {
  const { orgId } = ctx.actor
  const rows = folderId === null ? [] : await store.lockSecrets(ctx.db, { orgId, folderId, keys }, ownerId)
  const missing = keys.filter((key) => !rows.some((row) => row.key === key))
  for (const each of [...rows, ...missing.map(absent)]) authorizeOn(ctx, action, place, each)
  return rows
}
