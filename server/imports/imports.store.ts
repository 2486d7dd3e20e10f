import { run, type Queries } from "../db/database.ts"

export { noteFolderChange } from "../db/folder-change.ts"

export type ImportRow = {
  id: string
  project_id: string
  folder_id: string
  folder_path: string
  environment: EnvironmentOfImport
  source_environment: EnvironmentOfImport
  source_path: string
  /** From 1 on, without gaps. */ position: number
  version: number
  created_at: Date
  updated_at: Date
  is_replication: boolean
  /** When it was last copied as a whole; null: not yet, or it is not replicated. */ last_replicated: Date | null
  /** Whether that went well the last time that it was tried. */ is_success: boolean | null
  status: string | null
}
export type EnvironmentOfImport = { id: string; name: string; slug: string }
type InProject = { orgId: string; projectId: string }

const environment = (table: string): string =>
  `json_build_object('id', ${table}.id, 'name', ${table}.name, 'slug', ${table}.slug)`

const selectSql = (which: string): string => `
  select i.id, i.project_id, i.folder_id, f.path as folder_path, ${environment("e")} as environment,
    ${environment("s")} as source_environment, i.source_path, i.version, i.created_at, i.updated_at,
    i.is_replication, r.last_replicated, r.is_success, r.status, (
      select count(*)::int from secret_imports o
      where o.org_id = i.org_id and o.folder_id = i.folder_id and o.ended_at is null
        and (o.position, o.id) <= (i.position, i.id)
    ) as position
  from secret_imports i
  join folders f on f.org_id = i.org_id and f.id = i.folder_id and f.ended_at is null
  join environments e on e.org_id = i.org_id and e.id = i.environment_id and e.deleted_at is null
  join environments s on s.org_id = i.org_id and s.id = i.source_environment_id and s.deleted_at is null
  left join secret_replicas r on r.org_id = i.org_id and r.import_id = i.id
  where i.org_id = $1 and i.project_id = $2 and i.ended_at is null and ${which}
  order by i.position, i.id`

/** The imports of a folder, in their order. */
export const importsOf = (
  db: Queries,
  { orgId, projectId }: InProject,
  folderId: string,
): Promise<ImportRow[]> => run(db, selectSql("i.folder_id = $3"), [orgId, projectId, folderId])

export async function importById(
  db: Queries,
  { orgId, projectId }: InProject,
  id: string,
): Promise<ImportRow | undefined> {
  const [row] = await run<ImportRow>(db, selectSql("i.id = $3"), [orgId, projectId, id])
  return row
}

const folderSql = (lock: string): string => `
  select id from folders
  where org_id = $1 and project_id = $2 and environment_id = $3 and path = $4 and ended_at is null
    and not is_reserved ${lock}`
export type AtPath = { environmentId: string; path: string }

/** The id of a folder; with `isHeld` it cannot end before the transaction does. */
export async function folderAt(
  db: Queries,
  { orgId, projectId }: InProject,
  { environmentId, path }: AtPath,
  isHeld: boolean,
): Promise<string | undefined> {
  const values = [orgId, projectId, environmentId, path]
  const [row] = await run<{ id: string }>(db, folderSql(isHeld ? "for key share" : ""), values)
  return row?.id
}

// `union` drops what was reached before, so that it ends whatever imports what.
const reachedSql = `
  with recursive reached (environment_id, path) as (
    select $2::uuid, $3::text collate "C"
    union
    select i.source_environment_id, i.source_path from reached r
    join folders f
      on f.org_id = $1 and f.environment_id = r.environment_id and f.path = r.path and f.ended_at is null
    join secret_imports i
      on i.org_id = $1 and i.folder_id = f.id and i.ended_at is null and i.id is distinct from $6::uuid
  )
  select exists (select from reached where environment_id = $4::uuid and path = $5::text) as is_reached`

/** Whether a place imports another, itself or by what it imports; one import (null: none) is passed over. */
export async function imports(
  db: Queries,
  { orgId }: InProject,
  { from, to }: { from: AtPath; to: AtPath },
  passedOver: string | null,
): Promise<boolean> {
  const values = [orgId, from.environmentId, from.path, to.environmentId, to.path, passedOver]
  const [row] = await run<{ is_reached: boolean }>(db, reachedSql, values)
  return row?.is_reached ?? false
}

const insertSql = `
  insert into secret_imports (
    org_id, project_id, environment_id, folder_id, id, source_environment_id, source_path, is_replication, position)
  select f.org_id, f.project_id, f.environment_id, f.id, $4::uuid, $5::uuid, $6::text, $7::boolean, coalesce((
      select max(o.position) from secret_imports o
      where o.org_id = f.org_id and o.folder_id = f.id and o.ended_at is null
    ), 0) + 1
  from folders f where f.org_id = $1 and f.project_id = $2 and f.id = $3`

/** Adds an import behind the others of its folder. */
export async function insertImport(
  db: Queries,
  { orgId, projectId }: InProject,
  folderId: string,
  { id, source, isReplication }: { id: string; source: AtPath; isReplication: boolean },
): Promise<void> {
  const values = [orgId, projectId, folderId, id, source.environmentId, source.path, isReplication]
  await run(db, insertSql, values)
}

const updateSql = `
  update secret_imports
  set source_environment_id = $4, source_path = $5, version = version + 1, updated_at = statement_timestamp()
  where org_id = $1 and project_id = $2 and id = $3`

export async function updateImport(
  db: Queries,
  { orgId, projectId }: InProject,
  id: string,
  source: AtPath,
): Promise<void> {
  await run(db, updateSql, [orgId, projectId, id, source.environmentId, source.path])
}

const orderSql = `
  update secret_imports i set position = o.position
  from unnest($3::uuid[]) with ordinality as o (id, position)
  where i.org_id = $1 and i.project_id = $2 and i.id = o.id`

/** Puts the imports of a folder into this order. */
export async function orderImports(
  db: Queries,
  { orgId, projectId }: InProject,
  ids: string[],
): Promise<void> {
  await run(db, orderSql, [orgId, projectId, ids])
}

const endSql = `
  update secret_imports set ended_at = now() where org_id = $1 and project_id = $2 and id = $3`

export async function endImport(db: Queries, { orgId, projectId }: InProject, id: string): Promise<void> {
  await run(db, endSql, [orgId, projectId, id])
}
