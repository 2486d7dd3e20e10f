import { run, type Queries } from "../db/database.ts"
import { secretColumns, type SecretRow } from "../db/secret-row.ts"
import type { WrittenSecret } from "../db/written-secret.ts"

export { inTransaction } from "../db/transaction.ts"

/** An import whose secrets are to be copied. */
export type Replica = {
  org_id: string
  import_id: string
  project_id: string
  /** Where the copies are, and in which environment. */ folder_id: string
  environment_id: string
  source_environment_id: string
  source_path: string
  /** Whether the import has ended, or the project was deleted. */ is_gone: boolean
}
type OfImport = Pick<Replica, "org_id" | "import_id">

const isDueSql = "select exists (select from secret_replication_jobs where due_at <= now()) as is_due"

/** Whether anything is to be copied now. */
export async function isAnyDue(db: Queries): Promise<boolean> {
  const [row] = await run<{ is_due: boolean }>(db, isDueSql, [])
  return row?.is_due ?? false
}

const claimSql = `
  select r.org_id, r.import_id, i.project_id, r.folder_id, i.environment_id, i.source_environment_id, i.source_path,
    (i.ended_at is not null or p.deleted_at is not null) as is_gone
  from (select distinct org_id, import_id from secret_replication_jobs where due_at <= now()) due
  join secret_replicas r on r.org_id = due.org_id and r.import_id = due.import_id
  join secret_imports i on i.org_id = r.org_id and i.id = r.import_id
  join projects p on p.org_id = i.org_id and p.id = i.project_id
  limit 1 for update of r skip locked`

/** Something that is to be copied now and that nobody else is copying, which nobody else does until the transaction ends. */
export async function claimReplica(db: Queries): Promise<Replica | undefined> {
  const [row] = await run<Replica>(db, claimSql, [])
  return row
}

const takeSql = `
  delete from secret_replication_jobs
  where org_id = $1 and import_id = $2
    and ($3::boolean or not is_unsettled or settles_at <= pg_snapshot_xmin(pg_current_snapshot()))`
const settleSql = `
  update secret_replication_jobs
  set settles_at = coalesce(settles_at, pg_snapshot_xmax(pg_current_snapshot())),
    due_at = clock_timestamp() + interval '1 second'
  where org_id = $1 and import_id = $2 and is_unsettled`

/** Takes what there is to do for an import; what is read from now on has all that was the reason. */
export async function takeJobs(db: Queries, { org_id, import_id, is_gone }: Replica): Promise<void> {
  await run(db, takeSql, [org_id, import_id, is_gone])
  if (!is_gone) await run(db, settleSql, [org_id, import_id])
}

const addJobSql = "insert into secret_replication_jobs (org_id, import_id) values ($1, $2)"

/** Has an import copied as soon as this transaction is committed. */
export async function addJob(db: Queries, { org_id, import_id }: OfImport): Promise<void> {
  await run(db, addJobSql, [org_id, import_id])
}

export type Changed = SecretRow & {
  /** Absent: there is no copy of that name. */ replica_id: string | null
  replica_version: number | null
  /** Who wrote it at the source. */ actor_kind: string
  actor_id: string
}

const sourceSql = `
  from folders f
  join secrets s on s.org_id = $1 and s.folder_id = f.id and s.owner_id is null and s.ended_at is null`
const isSource = `
  f.org_id = $1 and f.environment_id = $2 and f.path = $3 and f.ended_at is null and not f.is_reserved`

const changedSql = `
  select ${secretColumns}, r.id as replica_id, r.version as replica_version, v.actor_kind, v.actor_id
  ${sourceSql}
  join secret_versions v on v.org_id = $1 and v.secret_id = s.id and v.version = s.version
  left join secrets r on r.org_id = $1 and r.folder_id = $4 and r.key = s.key and r.owner_id is null
    and r.ended_at is null
  where ${isSource} and (
    r.id is null or (r.replicated_from, r.replicated_version) is distinct from (s.id, s.version)
  )
  order by s.key limit $5`

/** The secrets at the source of which there is no copy, or not of this version. */
export const changedSecrets = (db: Queries, replica: Replica, limit: number): Promise<Changed[]> =>
  run(db, changedSql, [...sourceOf(replica), limit])

const goneSql = `
  select r.id from secrets r
  where r.org_id = $1 and r.folder_id = $4 and r.ended_at is null
    and not exists (select ${sourceSql} and s.key = r.key where ${isSource})`

/** The copies of what is not there any more, by their ids. */
export async function copiesOfNothing(db: Queries, replica: Replica): Promise<string[]> {
  const rows = await run<{ id: string }>(db, goneSql, sourceOf(replica))
  return rows.map(({ id }) => id)
}

const sourceOf = ({ org_id, source_environment_id, source_path, folder_id }: Replica): unknown[] => [
  org_id,
  source_environment_id,
  source_path,
  folder_id,
]

const holdSql = `
  select id from secret_imports
  where org_id = $1 and id = $2 and ended_at is null and source_environment_id = $3 and source_path = $4
  for no key update`

/** Holds an import until the transaction ends, unless it has ended or imports something else by now. */
export async function holdImport(
  db: Queries,
  { org_id, import_id, source_environment_id, source_path }: Replica,
): Promise<boolean> {
  const rows = await run(db, holdSql, [org_id, import_id, source_environment_id, source_path])
  return rows.length > 0
}

/** A copy as it is written, with the version that is kept of it. Sealed columns are in hex. */
export type WrittenCopy = Omit<WrittenSecret, "owner_id"> & {
  replicated_from: string
  replicated_version: number
  actor_kind: string
  actor_id: string
}

const columns = `key, version, sealed_value, sealed_comment, metadata, sealed_metadata, skips_multiline_encoding,
  reminder_note, reminder_repeat_days, tag_ids`
const valuesOf = (kind: "sealed" | "kept"): string => `n.key, n.version, decode(n.${kind}_value, 'hex'),
  decode(n.${kind}_comment, 'hex'), n.metadata, decode(n.${kind}_metadata, 'hex'), n.skips_multiline_encoding,
  n.reminder_note, n.reminder_repeat_days, n.tag_ids`

// Those of the first version are new; a name that is there keeps its row.
const writeSql = `
  with given as (
    select * from jsonb_to_recordset($3::jsonb) as n(
      id uuid, version_id uuid, key text, version int, metadata jsonb, skips_multiline_encoding boolean,
      reminder_note text, reminder_repeat_days int, tag_ids uuid[], sealed_value text, sealed_comment text,
      sealed_metadata text, kept_value text, kept_comment text, kept_metadata text, replicated_from uuid,
      replicated_version int, actor_kind text, actor_id uuid
    )
  ), made as (
    insert into secrets (
      org_id, project_id, environment_id, folder_id, id, ${columns}, replicated_from, replicated_version)
    select f.org_id, f.project_id, f.environment_id, f.id, n.id, ${valuesOf("sealed")},
      n.replicated_from, n.replicated_version
    from folders f, given n where f.org_id = $1 and f.id = $2 and n.version = 1
    returning org_id, project_id, environment_id, id
  ), changed as (
    update secrets s
    set (${columns}, replicated_from, replicated_version, updated_at)
      = row (${valuesOf("sealed")}, n.replicated_from, n.replicated_version, statement_timestamp())
    from given n where s.org_id = $1 and s.folder_id = $2 and s.id = n.id and n.version > 1
    returning s.org_id, s.project_id, s.environment_id, s.id
  )
  insert into secret_versions (
    org_id, project_id, environment_id, id, secret_id, ${columns}, actor_kind, actor_id)
  select w.org_id, w.project_id, w.environment_id, n.version_id, w.id, ${valuesOf("kept")}, n.actor_kind, n.actor_id
  from (select * from made union all select * from changed) w join given n on n.id = w.id`

/** Writes copies, new ones and new versions of those that are there. */
export async function writeCopies(
  db: Queries,
  { org_id, folder_id }: Replica,
  copies: WrittenCopy[],
): Promise<void> {
  if (copies.length > 0) await run(db, writeSql, [org_id, folder_id, JSON.stringify(copies)])
}

const endSql = `
  update secrets set ended_at = now()
  where org_id = $1 and folder_id = $2 and id = any($3::uuid[]) and ended_at is null`

export async function endCopies(db: Queries, { org_id, folder_id }: Replica, ids: string[]): Promise<void> {
  if (ids.length > 0) await run(db, endSql, [org_id, folder_id, ids])
}

const successSql = `
  update secret_replicas set last_replicated = now(), is_success = true, status = null, failures = 0
  where org_id = $1 and import_id = $2`

/** Notes that all of an import is copied. */
export async function noteSuccess(db: Queries, { org_id, import_id }: Replica): Promise<void> {
  await run(db, successSql, [org_id, import_id])
}

// The longer it goes on, the rarer it is tried: up to every five minutes.
const failureSql = `
  with failed as (
    update secret_replicas set is_success = false, status = $3, failures = failures + 1
    where org_id = $1 and import_id = $2
    returning failures
  )
  update secret_replication_jobs j
  set due_at = clock_timestamp() + least(power(2, least(f.failures, 10)), 300) * interval '1 second'
  from failed f where j.org_id = $1 and j.import_id = $2`

/** Notes that an import could not be copied, and when that is tried again. */
export async function noteFailure(
  db: Queries,
  { org_id, import_id }: Replica,
  status: string,
): Promise<void> {
  await run(db, failureSql, [org_id, import_id, status])
}
