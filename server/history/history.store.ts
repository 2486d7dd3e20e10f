import { run, takeLonger, type Queries } from "../db/database.ts"
import { facts } from "../db/facts.ts"
import { folderAt } from "../db/paths.ts"
import { sealedColumns, tagsOf, type SealedRow, type TagOfSecret } from "../db/secret-row.ts"

export { noteFolderChange } from "../db/folder-change.ts"

/** For a transaction over as many secrets as a folder may have. */
export const takeTime = (db: Queries): Promise<void> => takeLonger(db, 60_000)

/** A change of a folder, and who made it; nobody when the folder was just made. */
export type ChangeRow = {
  id: string
  environment_id: string
  folder_id: string
  parent_id: string | null
  changed_at: Date
  actor_kind: string | null
  actor_id: string | null
  actor_name: string | null
}

const changeSql = `
  select c.id, c.environment_id, c.folder_id, f.parent_id, c.changed_at, c.actor_kind, c.actor_id,
    coalesce(u.username, i.name, t.name) as actor_name
  from folder_changes c
  join folders f on f.org_id = c.org_id and f.id = c.folder_id
  left join users u on c.actor_kind = 'user' and u.id = c.actor_id
  left join identities i on c.actor_kind = 'identity' and i.org_id = c.org_id and i.id = c.actor_id
  left join service_tokens t on c.actor_kind = 'service' and t.org_id = c.org_id and t.id = c.actor_id
  where c.org_id = $1`

const listSql = `${changeSql} and c.folder_id = $2 order by c.changed_at desc, c.id desc offset $3 limit $4`

type OfFolder = { orgId: string; folderId: string }

/** The changes of a folder, the newest first. */
export const changesOf = (
  db: Queries,
  { orgId, folderId }: OfFolder,
  { offset, limit }: { offset: number; limit: number },
): Promise<ChangeRow[]> => run(db, listSql, [orgId, folderId, offset, limit])

const countSql = "select count(*)::int as count from folder_changes where org_id = $1 and folder_id = $2"

export async function countChanges(db: Queries, { orgId, folderId }: OfFolder): Promise<number> {
  const [row] = await run<{ count: number }>(db, countSql, [orgId, folderId])
  return row?.count ?? 0
}

const oneSql = `${changeSql} and c.id = $2`

/** A change by its id. */
export async function changeById(db: Queries, orgId: string, id: string): Promise<ChangeRow | undefined> {
  const [row] = await run<ChangeRow>(db, oneSql, [orgId, id])
  return row
}

const ownSql = `
  ${changeSql} and c.folder_id = $2 and c.changed_at = now() and c.actor_kind is not null
  order by c.id limit 1`

/** The change of a folder that this transaction has noted. */
export async function changeOfTransaction(
  db: Queries,
  { orgId, folderId }: OfFolder,
): Promise<ChangeRow | undefined> {
  const [row] = await run<ChangeRow>(db, ownSql, [orgId, folderId])
  return row
}

export type FolderFacts = { fact_environment_id: string | null; fact_folder_id: string | null }

/** A folder by the slug of its environment and its path. */
export const folderFacts = facts<FolderFacts, [environment: string, path: string]>(`
  select e.id as fact_environment_id, f.id as fact_folder_id
  from (values (true)) once ${folderAt("e", "f", 5)}`)

export type ChangeFacts = {
  fact_environment_id: string | null
  fact_environment: string
  fact_environment_name: string
  fact_folder_id: string
  fact_path: string
}

/** Where the folder of a change lies now, by the id of the change (null when it is no UUID). */
export const changeFacts = facts<ChangeFacts, [id: string | null]>(`
  select e.id as fact_environment_id, e.slug as fact_environment, e.name as fact_environment_name,
    f.id as fact_folder_id, f.path as fact_path
  from (values (true)) once
  left join folder_changes c on c.org_id = $1 and c.id = $5::uuid and c.project_id = p.id
  left join folders f on f.org_id = $1 and f.id = c.folder_id and f.ended_at is null
  left join environments e on e.org_id = $1 and e.id = f.environment_id and e.deleted_at is null`)

/** What was there at the time of the change `$2`: `table` begins and ends, and is asked as of `m.at`. */
const wasThere = (table: string): string =>
  `${table}.created_at <= m.at and (${table}.ended_at is null or ${table}.ended_at > m.at)`
const moment = "(select changed_at as at, folder_id from folder_changes where org_id = $1 and id = $2) m"
/** The last version that is not later than `m.at`. */
const lastVersion = (table: string, of: string): string => `
  join lateral (
    select v.* from ${table} v where v.org_id = $1 and ${of} and v.changed_at <= m.at
    order by v.changed_at desc limit 1
  ) v on true`

/** A version of a shared secret that was the last one then, and who wrote it. */
export type PastSecretRow = SealedRow & {
  folder_id: string
  secret_id: string
  last_key: string
  last_tags: TagOfSecret[]
  actor_kind: string
  actor_id: string
  actor_name: string | null
}

// Of two of one name, which can be only where changes ran into each other, the one that stayed longer.
const secretsSql = `
  select distinct on (s.folder_id, v.key) s.folder_id, s.id as secret_id, s.key as last_key,
    ${tagsOf("s")} as last_tags, ${sealedColumns("v")}, v.actor_kind, v.actor_id,
    coalesce(u.username, i.name, t.name) as actor_name
  from ${moment}
  join secrets s on s.org_id = $1 and s.folder_id = any($3::uuid[]) and s.owner_id is null and ${wasThere("s")}
  join lateral (
    select v.* from secret_versions v where v.org_id = $1 and v.secret_id = s.id and v.created_at <= m.at
    order by v.version desc limit 1
  ) v on true
  left join users u on v.actor_kind = 'user' and u.id = v.actor_id
  left join identities i on v.actor_kind = 'identity' and i.org_id = v.org_id and i.id = v.actor_id
  left join service_tokens t on v.actor_kind = 'service' and t.org_id = v.org_id and t.id = v.actor_id
  order by s.folder_id, v.key, s.ended_at desc nulls first
  limit $4`

type AtChange = { orgId: string; changeId: string }

/** The shared secrets that folders held after a change, `limit` at most; by folder and name. */
export const secretsAt = (
  db: Queries,
  { orgId, changeId }: AtChange,
  folderIds: string[],
  limit: number,
): Promise<PastSecretRow[]> => run(db, secretsSql, [orgId, changeId, folderIds, limit])

/** A folder that was in another then. */
export type PastFolderRow = { id: string; parent_id: string; name: string; description: string | null }

// Below a folder that is there still nothing is restored.
const foldersSql = `
  with recursive inside as (
    select f.id, f.parent_id, f.ended_at from ${moment}
    join folders f on f.org_id = $1 and f.parent_id = m.folder_id and ${wasThere("f")}
    union all
    select f.id, f.parent_id, f.ended_at from ${moment} cross join inside o
    join folders f on f.org_id = $1 and f.parent_id = o.id and ${wasThere("f")}
    where o.ended_at is not null
  )
  select distinct on (o.parent_id, v.name) o.id, o.parent_id, v.name, v.description
  from ${moment} cross join inside o ${lastVersion("folder_versions", "v.folder_id = o.id")}
  order by o.parent_id, v.name, o.ended_at desc nulls first`

/** The folders that one held after a change of it, and those that were in them in their turn where they have ended. */
export const foldersAt = (db: Queries, { orgId, changeId }: AtChange): Promise<PastFolderRow[]> =>
  run(db, foldersSql, [orgId, changeId])

/** What a folder imported then. */
export type PastImportRow = {
  folder_id: string
  source_environment_id: string
  source_environment: string
  source_path: string
  is_replication: boolean
}

const importsSql = `
  select i.folder_id, v.source_environment_id, e.slug as source_environment, v.source_path,
    i.is_replication
  from ${moment}
  join secret_imports i on i.org_id = $1 and i.folder_id = any($3::uuid[]) and ${wasThere("i")}
  ${lastVersion("secret_import_versions", "v.import_id = i.id")}
  join environments e on e.org_id = $1 and e.id = v.source_environment_id and e.deleted_at is null
  order by i.folder_id, v.position, i.id`

/** What folders imported after a change, in their order; without what came from environments that are gone. */
export const importsAt = (
  db: Queries,
  { orgId, changeId }: AtChange,
  folderIds: string[],
): Promise<PastImportRow[]> => run(db, importsSql, [orgId, changeId, folderIds])
