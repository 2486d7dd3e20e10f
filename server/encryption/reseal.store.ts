import { run, type Queries } from "../db/database.ts"

export { inTransaction } from "../db/transaction.ts"

/** A table with sealed columns; names come from code, never from input. Its key is (org_id, id). */
export type SealedTable = {
  table: string
  columns: readonly string[]
  /** The column with the id of the environment; absent where rows belong to none. */
  environmentColumn?: string
  versionColumn: string
}

const columns = ["sealed_value", "sealed_comment", "sealed_metadata"]
const places = { columns, environmentColumn: "environment_id", versionColumn: "version" }

/** Every table with columns that keys of projects seal. */
export const sealedTables: readonly SealedTable[] = [
  { table: "secrets", ...places },
  { table: "secret_versions", ...places },
]

export type SealedRow = {
  id: string
  environment: string
  version: number
  /** In the order of the table's columns; null where there is no value. */ sealed: (Buffer | null)[]
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Up to `limit` rows of the project, after one in the order of ids, with a value of another key; each locked. */
export async function lockRowsOfOtherKeys(
  db: Queries,
  { table, columns, environmentColumn, versionColumn }: SealedTable,
  { orgId, projectId }: { orgId: string; projectId: string },
  { keyIdBytes, after, limit }: { keyIdBytes: Buffer; after: string; limit: number },
): Promise<SealedRow[]> {
  const environment = environmentColumn ? `${quoted(environmentColumn)}::text` : "''"
  const text = `
    select id, ${environment} as environment, ${quoted(versionColumn)}::int as version,
      array[${columns.map(quoted).join(", ")}] as sealed
    from ${quoted(table)}
    where org_id = $1 and project_id = $2 and id > $3
      and (${columns.map((column) => `substring(${quoted(column)} from 3 for 16) <> $4`).join(" or ")})
    order by id limit $5 for no key update`
  return run<SealedRow>(db, text, [orgId, projectId, after, keyIdBytes, limit])
}

/** Puts the same values in place, sealed anew, in a row that is locked. */
export async function replaceSealed(
  db: Queries,
  { table, columns }: SealedTable,
  orgId: string,
  row: Pick<SealedRow, "id" | "sealed">,
): Promise<void> {
  const sets = columns.map((column, index) => `${quoted(column)} = $${index + 3}`)
  const text = `update ${quoted(table)} set ${sets.join(", ")} where org_id = $1 and id = $2`
  await run(db, text, [orgId, row.id, ...row.sealed])
}
