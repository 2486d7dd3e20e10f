import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type MetadataRow = { id: string; key: string; value: string }
type Owner = { orgId: string; identityId: string }

/** What is noted about a machine identity, in the order in which it was given. */
export const metadataOf = (db: Queries, { orgId, identityId }: Owner): Promise<MetadataRow[]> =>
  db
    .selectFrom("identity_metadata")
    .select(["id", "key", "value"])
    .where("org_id", "=", orgId)
    .where("identity_id", "=", identityId)
    .where("removed_at", "is", null)
    .orderBy("position")
    .execute()

export async function removeMetadata(db: Queries, { orgId, identityId }: Owner): Promise<void> {
  await db
    .updateTable("identity_metadata")
    .set({ removed_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("identity_id", "=", identityId)
    .where("removed_at", "is", null)
    .execute()
}

export async function insertMetadata(db: Queries, owner: Owner, rows: MetadataRow[]): Promise<void> {
  if (rows.length === 0) return
  await db
    .insertInto("identity_metadata")
    .values(
      rows.map((row, position) => ({
        ...row,
        position,
        org_id: owner.orgId,
        identity_id: owner.identityId,
      })),
    )
    .execute()
}
