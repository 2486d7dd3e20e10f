import { run, type Queries } from "../db/database.ts"
import { secretColumns, type SecretRow } from "../db/secret-row.ts"

export type { SecretRow } from "../db/secret-row.ts"

export type EnvironmentOfImport = { id: string; name: string; slug: string }

/** That a folder imports a place, whose own folder is absent when it is not there. */
export type Edge = {
  folder_id: string
  folder_environment: string
  folder_path: string
  source_environment: EnvironmentOfImport
  source_path: string
  source_folder_id: string | null
  /** The folder with the copies of a replicated import. */ replica_folder_id: string | null
}
type InProject = { orgId: string; projectId: string }

// `union` drops what was reached before, so that it ends whatever imports what.
const edgesSql = `
  with recursive reached (folder_id) as (
    select unnest($3::uuid[])
    union
    select f.id from reached r
    join secret_imports i on i.org_id = $1 and i.folder_id = r.folder_id and i.ended_at is null
    join folders f on f.org_id = $1 and f.environment_id = i.source_environment_id and f.path = i.source_path
      and f.ended_at is null
  )
  select i.folder_id, e.slug as folder_environment, f.path as folder_path,
    json_build_object('id', s.id, 'name', s.name, 'slug', s.slug) as source_environment, i.source_path,
    t.id as source_folder_id, copied.folder_id as replica_folder_id
  from reached r
  join secret_imports i
    on i.org_id = $1 and i.project_id = $2 and i.folder_id = r.folder_id and i.ended_at is null
  join folders f on f.org_id = $1 and f.id = i.folder_id
  join environments e on e.org_id = $1 and e.id = i.environment_id
  join environments s on s.org_id = $1 and s.id = i.source_environment_id and s.deleted_at is null
  left join folders t on t.org_id = $1 and t.environment_id = s.id and t.path = i.source_path
    and t.ended_at is null
  left join secret_replicas copied on copied.org_id = $1 and copied.import_id = i.id
  order by i.folder_id, i.position, i.id
  limit $4`

/** What folders import, and what those import in their turn; of each folder in its order, and at most `limit`. */
export const edgesFrom = (
  db: Queries,
  { orgId, projectId }: InProject,
  folderIds: string[],
  limit: number,
): Promise<Edge[]> => run(db, edgesSql, [orgId, projectId, folderIds, limit])

const secretsSql = `
  select ${secretColumns} from secrets s
  where s.org_id = $1 and s.project_id = $2 and s.folder_id = any($3::uuid[]) and s.owner_id is null
    and s.ended_at is null and ($4::text[] is null or s.key = any($4::text[]))
  limit $5`

/** The shared secrets of folders, all or those of some names, in no order, and at most `limit`. */
export const secretsIn = (
  db: Queries,
  { orgId, projectId }: InProject,
  { folderIds, keys }: { folderIds: string[]; keys: string[] | null },
  limit: number,
): Promise<SecretRow[]> => run(db, secretsSql, [orgId, projectId, folderIds, keys, limit])
