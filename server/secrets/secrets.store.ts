import { run, type Queries } from "../db/database.ts"
import { facts } from "../db/facts.ts"
import { folderAt } from "../db/paths.ts"
import { sealedColumns, secretColumns, type SealedRow, type SecretRow } from "../db/secret-row.ts"

export type { SealedRow, SecretRow, StoredPair, TagOfSecret } from "../db/secret-row.ts"

export type VersionRow = SealedRow & {
  actor_kind: string
  actor_id: string
  actor_name: string | null
}

export type PlaceFacts = {
  /** Absent: the project has no such environment. */ fact_environment_id: string | null
  /** Absent: the environment has no such folder. */ fact_folder_id: string | null
  /** Absent where no name was asked for. */ fact_secrets?: SecretRow[] | null
  fact_has_imports: boolean
}

const placeSql = (which: string): string => `
  select e.id as fact_environment_id, f.id as fact_folder_id, (
      select json_agg(found) from (
        select ${secretColumns} from secrets s
        where s.org_id = $1 and s.folder_id = f.id and s.ended_at is null
          and (s.owner_id is null or s.owner_id = $3) and ${which}
        order by s.key, s.owner_id
      ) found
    ) as fact_secrets, exists (
      select from secret_imports i where i.org_id = $1 and i.folder_id = f.id and i.ended_at is null
    ) as fact_has_imports
  from (values (true)) once ${folderAt("e", "f", 5)}`

type AtPath = [environment: string, path: string]
/** A folder, and the secrets of one name in it: the caller's personal one, then the shared one. */
export const secretFacts = facts<PlaceFacts, [...AtPath, key: string]>(placeSql("s.key = $7::text"))
export type IdFacts = {
  fact_environment: string | null
  fact_path: string
  fact_secret: SecretRow
  /** Whether it is the copy that a replicated import has made. */ fact_is_copy: boolean
}

/**
 * A secret by its id (null when it is no UUID), unless it is somebody else's personal one, and where it lies: a copy
 * where it is imported.
 */
export const secretByIdFacts = facts<IdFacts, [id: string | null]>(`
  select e.slug as fact_environment, coalesce(d.path, f.path) as fact_path, r.folder_id is not null as fact_is_copy, (
      select to_json(found) from (select ${secretColumns} from secrets s where s.org_id = $1 and s.id = l.id) found
    ) as fact_secret
  from (values (true)) once
  left join secrets l on l.org_id = $1 and l.id = $5::uuid and l.project_id = p.id and l.ended_at is null
    and (l.owner_id is null or l.owner_id = $3)
  left join folders f on f.org_id = $1 and f.id = l.folder_id and f.ended_at is null
  left join secret_replicas r on r.org_id = $1 and r.folder_id = f.id
  left join secret_imports i on i.org_id = $1 and i.id = r.import_id
  left join folders d on d.org_id = $1 and d.id = i.folder_id
  left join environments e on e.org_id = $1 and e.id = l.environment_id and e.deleted_at is null`)

const versionSql = (which: string): string => `
  select ${sealedColumns("v")}, v.actor_kind, v.actor_id, coalesce(u.username, i.name, t.name) as actor_name
  from secret_versions v
  left join users u on v.actor_kind = 'user' and u.id = v.actor_id
  left join identities i on v.actor_kind = 'identity' and i.org_id = v.org_id and i.id = v.actor_id
  left join service_tokens t on v.actor_kind = 'service' and t.org_id = v.org_id and t.id = v.actor_id
  where v.org_id = $1 and v.secret_id = $2 and ${which}`

/** One version of a secret. */
export async function secretVersion(
  db: Queries,
  { orgId, secretId }: { orgId: string; secretId: string },
  version: number,
): Promise<VersionRow | undefined> {
  const [row] = await run<VersionRow>(db, versionSql("v.version = $3::int"), [orgId, secretId, version])
  return row
}

/** The versions of a secret, the newest first. */
export const secretVersions = (
  db: Queries,
  { orgId, secretId }: { orgId: string; secretId: string },
  { offset, limit }: { offset: number; limit: number },
): Promise<VersionRow[]> =>
  run(db, versionSql("true order by v.version desc offset $3 limit $4"), [orgId, secretId, offset, limit])
