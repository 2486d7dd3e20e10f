import { newId } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { invalid } from "../errors.ts"
import * as store from "./identity-metadata.store.ts"

export { metadataOf, removeMetadata } from "./identity-metadata.store.ts"
export type Metadata = store.MetadataRow

/** Throws 422 when a key is given twice, since it could mean either value. */
export function requireDistinctKeys(metadata: readonly { key: string }[]): void {
  const twice = metadata.findIndex(({ key }, index) =>
    metadata.some((one, at) => at < index && one.key === key),
  )
  if (twice >= 0) throw invalid(["metadata", twice, "key"], "Each key may be given once")
}

/** Puts this in place of all that was noted about a machine identity. */
export async function setMetadata(
  db: Queries,
  owner: { orgId: string; identityId: string },
  metadata: readonly { key: string; value: string }[],
): Promise<Metadata[]> {
  const rows = metadata.map(({ key, value }) => ({ id: newId(), key, value }))
  await store.removeMetadata(db, owner)
  await store.insertMetadata(db, owner, rows)
  return rows
}
