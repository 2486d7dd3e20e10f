import { run, type Queries } from "../db/database.ts"
import { secretColumns, type SecretRow } from "../db/secret-row.ts"

export type Named = { environment: string; secretPath: string; secretName: string }
/** A folder that a reference goes to, and the shared secret there. */
export type FoundName = {
  /** Which of the names it is. */ index: number
  folder_id: string
  has_imports: boolean
  secret: SecretRow | null
}

const namedSql = `
  select w.number::int - 1 as index, f.id as folder_id, exists (
      select from secret_imports i where i.org_id = $1 and i.folder_id = f.id and i.ended_at is null
    ) as has_imports, (
      select to_json(found) from (
        select ${secretColumns} from secrets s
        where s.org_id = $1 and s.folder_id = f.id and s.key = w.key and s.owner_id is null and s.ended_at is null
      ) found
    ) as secret
  from unnest($3::text[], $4::text[], $5::text[]) with ordinality as w (environment, path, key, number)
  join environments e
    on e.org_id = $1 and e.project_id = $2 and e.slug = w.environment and e.deleted_at is null
  join folders f on f.org_id = $1 and f.environment_id = e.id and f.path = w.path and f.ended_at is null
    and not f.is_reserved`

/** The shared secrets of these names in folders of a project; without those whose folder is not there. */
export const secretsNamed = (
  db: Queries,
  { orgId, projectId }: { orgId: string; projectId: string },
  names: Named[],
): Promise<FoundName[]> =>
  run(db, namedSql, [
    orgId,
    projectId,
    names.map(({ environment }) => environment),
    names.map(({ secretPath }) => secretPath),
    names.map(({ secretName }) => secretName),
  ])
