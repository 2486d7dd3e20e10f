import { bytesOfId, keyIdOf } from "../crypto/blob.ts"
import type { Queries } from "../db/database.ts"
import type { Keyring, Project } from "./keyring.ts"
import { newestProjectKey } from "./project-keys.store.ts"
import * as store from "./reseal.store.ts"

export type SealedTable = store.SealedTable
export const { sealedTables } = store

/** `signal` ends it before the next batch. */
export type Resealing = { db: Queries; keyring: Keyring; signal?: AbortSignal }

const batchSize = 200
const first = "00000000-0000-0000-0000-000000000000"

/**
 * Seals every value of the project anew that another than its newest key has sealed: a batch of rows a transaction, so
 * that it may be ended at any time, and goes on with what is left when it is run again. Versions of rows stay. Returns
 * how many rows it has changed; a server that has the earlier key in memory seals with it for five minutes more.
 */
export async function resealProject(
  { db, keyring, signal }: Resealing,
  project: Project,
  tables = sealedTables,
): Promise<number> {
  keyring.forget(project)
  const newest = await newestProjectKey(db, project)
  if (!newest?.wrapped_key) return 0
  let count = 0
  for (const table of tables) {
    let after: string | undefined = first
    while (after !== undefined) {
      signal?.throwIfAborted()
      const from: string = after
      const rows: store.SealedRow[] = await store.inTransaction(db, (transaction) =>
        resealBatch({ db: transaction, keyring }, project, table, { keyId: newest.id, after: from }),
      )
      count += rows.length
      after = rows.length < batchSize ? undefined : rows.at(-1)?.id
    }
  }
  return count
}

async function resealBatch(
  { db, keyring }: { db: Queries; keyring: Keyring },
  project: Project,
  table: SealedTable,
  { keyId, after }: { keyId: string; after: string },
): Promise<store.SealedRow[]> {
  const keyIdBytes = bytesOfId(keyId)
  const rows = await store.lockRowsOfOtherKeys(db, table, project, { keyIdBytes, after, limit: batchSize })
  const values = rows.flatMap((row, rowIndex) =>
    row.sealed.flatMap((sealed, columnIndex) => {
      if (sealed === null || keyIdOf(sealed) === keyId) return []
      const { id: rowId, environment, version } = row
      const place = {
        table: table.table,
        column: table.columns[columnIndex] ?? "",
        environment,
        rowId,
        version,
      }
      return [{ sealed, place, rowIndex, columnIndex }]
    }),
  )
  const secrets = await keyring.open(project, values)
  const again = values.map(({ place }, index) => ({ text: secrets[index]?.reveal() ?? "", place }))
  const blobs = await keyring.seal(project, again)
  const changed = rows.map(({ id, sealed }) => ({ id, sealed: [...sealed] }))
  for (const [index, { rowIndex, columnIndex }] of values.entries()) {
    const row = changed[rowIndex]
    if (row) row.sealed[columnIndex] = blobs[index] ?? null
  }
  for (const row of changed) await store.replaceSealed(db, table, project.orgId, row)
  return rows
}
