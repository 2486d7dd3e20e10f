import { run, type Queries } from "../db/database.ts"

const foldersSql = `
  select e.slug as environment, f.path
  from environments e
  join folders f on f.org_id = e.org_id and f.environment_id = e.id and f.ended_at is null and not f.is_reserved
  where e.org_id = $1 and e.project_id = $2 and e.deleted_at is null
  order by e.position, f.path limit $3`

/** The first folders of a project, by environment and path. */
export const foldersOf = (
  db: Queries,
  { orgId, projectId }: { orgId: string; projectId: string },
  count: number,
): Promise<{ environment: string; path: string }[]> => run(db, foldersSql, [orgId, projectId, count])
