import { run, type Queries } from "../db/database.ts"

export type Project = { orgId: string; projectId: string }
export type ProjectKeyRow = {
  id: string
  version: number
  organization_key_id: string
  /** Absent once it is destroyed. */ wrapped_key: Buffer | null
  /** Whether all that earlier keys sealed was sealed anew by it. */ is_resealed: boolean
  /** Since when it is there, in seconds by the clock of the database. */ age: number
}
export type NewProjectKey = Omit<ProjectKeyRow, "wrapped_key" | "is_resealed" | "age"> & {
  wrapped_key: Buffer
}

const columns = "id, version, organization_key_id, wrapped_key"

const newestSql = `
  select ${columns}, resealed_at is not null as is_resealed,
    extract(epoch from statement_timestamp() - created_at)::float8 as age
  from project_keys where org_id = $1 and project_id = $2 order by version desc limit 1`

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
  with project as (
    select id from projects where org_id = $1 and id = $2 and deleted_at is null for share
  ), above as (
    select id from organization_keys where org_id = $1 and id = $5 and wrapped_key is not null for share
  ), before as (
    select version from project_keys
    where org_id = $1 and project_id = $2 and version = $4 - 1 and wrapped_key is not null for share
  )
  insert into project_keys (org_id, project_id, id, version, organization_key_id, wrapped_key, resealed_at)
  select $1, project.id, $3, $4, above.id, $6, case when $4 = 1 then now() end
  from project, above where $4 = 1 or exists (select from before)
  on conflict (org_id, project_id, version) do nothing`

/** Keeps a key unless there is one of its version, the project is gone, or the one before or above it was destroyed. */
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

const unfinishedSql = `
  select org_id as "orgId", project_id as "projectId" from project_keys k
  where resealed_at is null and wrapped_key is not null and created_at < statement_timestamp() - make_interval(secs => $1)
    and not exists (
      select from project_keys later
      where later.org_id = k.org_id and later.project_id = k.project_id and later.version > k.version
    )
  order by org_id, project_id`

/** The projects whose newest key is older than so many seconds, and may have values of earlier keys beside it. */
export const unfinishedRotations = (db: Queries, age: number): Promise<Project[]> =>
  run(db, unfinishedSql, [age])

/** Notes that nothing is left that an earlier key has sealed. */
export async function noteResealed(
  db: Queries,
  { orgId, keyId }: { orgId: string; keyId: string },
): Promise<void> {
  const text = `
    update project_keys set resealed_at = statement_timestamp()
    where org_id = $1 and id = $2 and resealed_at is null`
  await run(db, text, [orgId, keyId])
}

const sealingSql = `
  select p.org_id as "orgId", p.id as "projectId" from projects p
  where p.deleted_at is null and ($1::uuid is null or p.id = $1)
    and exists (select from project_keys k where k.org_id = p.org_id and k.project_id = p.id and k.wrapped_key is not null)
  order by p.org_id, p.id`

/** The projects that have keys, or the one with the ID if it has. */
export const projectsWithKeys = (db: Queries, id: string | null): Promise<Project[]> =>
  run(db, sealingSql, [id])

/** Overwrites all keys of a project, and with them whatever they sealed. */
export async function destroyProjectKeys(db: Queries, project: Project): Promise<void> {
  await run(
    db,
    `update project_keys set wrapped_key = null, destroyed_at = statement_timestamp()
     where org_id = $1 and project_id = $2 and wrapped_key is not null`,
    [project.orgId, project.projectId],
  )
}

const unfinishedRenewalSql = `
  select newest.id from organization_keys newest
  where newest.org_id = $1 and newest.wrapped_key is not null
    and not exists (
      select from organization_keys later where later.org_id = newest.org_id and later.version > newest.version
    ) and exists (
      select from project_keys k
      where k.org_id = newest.org_id and k.organization_key_id <> newest.id and k.wrapped_key is not null
        and k.created_at < newest.created_at
    )`

/**
 * The newest key of an organization whose projects have keys from before it that it does not wrap. Those that came after
 * it do not tell: a server that had looked for the newest key just before may have wrapped one by the key before.
 */
export async function keyOfUnfinishedRenewal(db: Queries, orgId: string): Promise<string | undefined> {
  return (await run<{ id: string }>(db, unfinishedRenewalSql, [orgId]))[0]?.id
}

const organizationsSql = `
  select o.id from organizations o
  where o.deleted_at is null and ($1::uuid is null or o.id = $1)
    and exists (select from organization_keys k where k.org_id = o.id and k.wrapped_key is not null)
  order by o.id`

/** The organizations that have keys, or the one with the ID if it has. */
export async function organizationsWithKeys(db: Queries, id: string | null): Promise<string[]> {
  return (await run<{ id: string }>(db, organizationsSql, [id])).map((row) => row.id)
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
