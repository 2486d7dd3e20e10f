import { run, type Queries } from "../db/database.ts"

export type Project = { orgId: string; projectId: string }
export type ProjectKeyRow = {
  id: string
  version: number
  organization_key_id: string
  /** Absent once it is destroyed. */ wrapped_key: Buffer | null
}
export type NewProjectKey = ProjectKeyRow & { wrapped_key: Buffer }

const columns = "id, version, organization_key_id, wrapped_key"

const newestSql = `
  select ${columns} from project_keys where org_id = $1 and project_id = $2 order by version desc limit 1`

/** The key of the highest version, also a destroyed one; undefined when there never was one. */
export async function newestProjectKey(db: Queries, project: Project): Promise<ProjectKeyRow | undefined> {
  return (await run<ProjectKeyRow>(db, newestSql, [project.orgId, project.projectId]))[0]
}

/** Keys of the project that are not destroyed: those with the ids, or all, the newest first. */
export const projectKeys = (db: Queries, project: Project, ids?: string[]): Promise<NewProjectKey[]> =>
  run<NewProjectKey>(
    db,
    `select ${columns} from project_keys
     where org_id = $1 and project_id = $2 and wrapped_key is not null
       and ($3::uuid[] is null or id = any ($3))
     order by version desc`,
    [project.orgId, project.projectId, ids ?? null],
  )

const insertSql = `
  with above as (
    select id from organization_keys where org_id = $1 and id = $5 and wrapped_key is not null for share
  ), before as (
    select version from project_keys
    where org_id = $1 and project_id = $2 and version = $4 - 1 and wrapped_key is not null for share
  )
  insert into project_keys (org_id, project_id, id, version, organization_key_id, wrapped_key)
  select $1, $2, $3, $4, above.id, $6 from above where $4 = 1 or exists (select from before)
  on conflict (org_id, project_id, version) do nothing`

/** Keeps a key unless there is one of its version, or the one before it or above it was destroyed. */
export async function insertProjectKey(db: Queries, project: Project, key: NewProjectKey): Promise<void> {
  const { id, version, organization_key_id: by, wrapped_key: wrapped } = key
  await run(db, insertSql, [project.orgId, project.projectId, id, version, by, wrapped])
}

const reserveSql = `
  update project_keys set seals_reserved = seals_reserved + $3
  where org_id = $1 and id = $2 and wrapped_key is not null and seals_reserved < $4
  returning id`

/** Notes that so many more values will be sealed; false when there were too many already. */
export async function reserveSeals(
  db: Queries,
  { orgId, keyId }: { orgId: string; keyId: string },
  { count, limit }: { count: number; limit: number },
): Promise<boolean> {
  return (await run(db, reserveSql, [orgId, keyId, count, limit])).length > 0
}

/** Overwrites all keys of a project, and with them whatever they sealed. */
export async function destroyProjectKeys(db: Queries, project: Project): Promise<void> {
  await run(
    db,
    `update project_keys set wrapped_key = null, destroyed_at = statement_timestamp()
     where org_id = $1 and project_id = $2 and wrapped_key is not null`,
    [project.orgId, project.projectId],
  )
}

export type ProjectKeyToWrap = NewProjectKey & { project_id: string }

/** Keys of the organization's projects, after one of them, that another of its keys has wrapped, each locked. */
export const lockKeysWrappedByOthers = (
  db: Queries,
  by: { orgId: string; keyId: string },
  { after, limit }: { after: string; limit: number },
): Promise<ProjectKeyToWrap[]> =>
  run<ProjectKeyToWrap>(
    db,
    `select project_id, ${columns} from project_keys
     where org_id = $1 and id > $3 and organization_key_id <> $2 and wrapped_key is not null
     order by id limit $4 for update`,
    [by.orgId, by.keyId, after, limit],
  )

/** Puts the same key in place, wrapped by another. */
export async function rewrapProjectKey(
  db: Queries,
  orgId: string,
  key: { id: string; byKeyId: string; wrapped: Buffer },
): Promise<void> {
  await run(
    db,
    "update project_keys set organization_key_id = $3, wrapped_key = $4 where org_id = $1 and id = $2",
    [orgId, key.id, key.byKeyId, key.wrapped],
  )
}
