import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { after } from "node:test"
import { sql } from "kysely"
import { localRootKey } from "../crypto/root-key.ts"
import { openDatabase, type Queries } from "../db/database.ts"
import { loadInstanceKeys } from "../encryption/instance-key.ts"
import { createKeyring, type Keyring, type ToOpen } from "../encryption/keyring.ts"
import { sealedTables } from "../encryption/reseal.ts"
import type { Harness } from "./harness.ts"

/** Makes what has the keys of the harness's database as another server has them, with nothing in memory. */
export async function otherServers(harness: Harness): Promise<(now?: () => number) => Keyring> {
  const text = await readFile(join(harness.dataDir, "encryption-key"), "utf8")
  const root = localRootKey(text.trim())
  const { instanceId } = await loadInstanceKeys(harness.db, root)
  const keys = openDatabase(harness.database.connection, 2)
  after(() => keys.close())
  return (now = Date.now) => createKeyring({ db: keys.queries, root, instanceId, now })
}

/** Everything that is sealed in a project, with where it stands. */
export async function sealedIn(db: Queries, projectId: string): Promise<ToOpen[]> {
  const found: ToOpen[] = []
  for (const { table, columns } of sealedTables) {
    for (const column of columns) {
      const { rows } = await sql<{ id: string; environment_id: string; version: number; sealed: Buffer }>`
        select id, environment_id, version, ${sql.ref(column)} as sealed from ${sql.table(table)}
        where project_id = ${projectId} and ${sql.ref(column)} is not null order by id`.execute(db)
      for (const row of rows) {
        const place = { table, column, environment: row.environment_id, rowId: row.id, version: row.version }
        found.push({ sealed: row.sealed, place })
      }
    }
  }
  return found
}
