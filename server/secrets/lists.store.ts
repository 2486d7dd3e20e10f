import { run, type Queries } from "../db/database.ts"
import { facts } from "../db/facts.ts"
import { below, folderAt } from "../db/paths.ts"
import { secretColumns, type SecretRow } from "../db/secret-row.ts"

export type FolderFacts = {
  /** Absent: the project has no such environment. */ fact_environment_id: string | null
  /** Absent: the environment has no such folder. */ fact_folder_id: string | null
  fact_has_imports: boolean
  /** Whether the caller has personal secrets there; false where nobody wants to know. */ fact_has_personal: boolean
  /** A word for what its shared secrets and the tags of the project are now; absent where nobody wants to know. */
  fact_state: string | null
}

/** Of a set of rows, whatever their order: it changes with every write of one of them. */
const stateOf = (table: string, which = "true"): string =>
  `count(*) filter (where ${which}) || '.' ||
    coalesce(bit_xor(hash_record_extended(row(${table}.id, ${table}.xmin), 0)) filter (where ${which}), 0)`

/**
 * A folder, and the state of what is in it if that is wanted. One look at its secrets tells of all of them: asked for by
 * themselves, personal ones can be looked for in the whole organization, wherever nearly nobody has any.
 */
export const folderFacts = facts<FolderFacts, [environment: string, path: string, isWanted: boolean]>(`
  select e.id as fact_environment_id, f.id as fact_folder_id,
    exists (
      select from secret_imports i where i.org_id = $1 and i.folder_id = f.id and i.ended_at is null
    ) as fact_has_imports,
    own.has_personal as fact_has_personal,
    case when $7::boolean then own.state || '/' || (
      select ${stateOf("t")} from secret_tags t
      where t.org_id = $1 and t.project_id = p.id and t.deleted_at is null
    ) end as fact_state
  from (values (true)) once ${folderAt("e", "f", 5)}
  left join lateral (
    select ${stateOf("s", "s.owner_id is null")} as state, coalesce(bool_or(s.owner_id = $3), false) as has_personal
    from secrets s
    where $7::boolean and s.org_id = $1 and s.folder_id = f.id and s.ended_at is null
  ) own on true`)

const listSql = `
  select ${secretColumns}, f.path from folders f
  join secrets s on s.org_id = f.org_id and s.folder_id = f.id and s.ended_at is null
    and (s.owner_id is null or s.owner_id = $3)
  where f.org_id = $1 and f.environment_id = $2 and f.ended_at is null
    and (f.path = $4 or ($5::boolean and f.path > $6 and f.path < $7))
  order by f.path, s.key, s.owner_id`

export type Reader = { orgId: string; environmentId: string; readerId: string }

/** The secrets of a folder, or with `isDeep` also of those below it; by path and name, personal ones first. */
export function secretsUnder(
  db: Queries,
  { orgId, environmentId, readerId }: Reader,
  path: string,
  isDeep: boolean,
): Promise<(SecretRow & { path: string })[]> {
  const { from, to } = below(path)
  return run(db, listSql, [orgId, environmentId, readerId, path, isDeep, from, to])
}

const importersSql = `
  select f.id from folders f
  where f.org_id = $1 and f.environment_id = $2 and f.ended_at is null
    and (f.path = $3 or (f.path > $4 and f.path < $5))
    and exists (select from secret_imports i where i.org_id = $1 and i.folder_id = f.id and i.ended_at is null)
  order by f.path`

/** The folders that import something: the one of this path, and those below it; by path. */
export async function importersUnder(
  db: Queries,
  { orgId, environmentId }: Omit<Reader, "readerId">,
  path: string,
): Promise<string[]> {
  const { from, to } = below(path)
  const rows = await run<{ id: string }>(db, importersSql, [orgId, environmentId, path, from, to])
  return rows.map(({ id }) => id)
}
