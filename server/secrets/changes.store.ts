import { auditInsertFrom, auditValues, type AuditRow } from "../db/audit-row.ts"
import { run, type Queries } from "../db/database.ts"
import { folderChangeFrom, type Writer } from "../db/folder-change.ts"
import { secretColumns, type SecretRow } from "../db/secret-row.ts"
import { givenSecrets, keepVersionsBy, secretInsert, type WrittenSecret } from "../db/written-secret.ts"

export type { WrittenSecret } from "../db/written-secret.ts"

// Personal overrides are no part of what a folder was.
const noteChange = (rows: string, writer: [kind: string, id: string]): string =>
  folderChangeFrom(`${rows} where owner_id is null`, writer)

// `$2` and `$3` say who has written them.
const keepVersions = keepVersionsBy("$2::text", "$3::uuid")

/*
 * The folder is locked against its end while the rows go in, and a personal secret's shared one against its own. A name
 * that is taken is for the unique index to refuse, and then nothing is written.
 */
const insertSql = (isAudited: boolean): string => `
  with held_folder as (
    select org_id, project_id, environment_id, id from folders
    where org_id = $1 and id = $4 and ended_at is null for key share
  ), given as (${givenSecrets("$5")}), held_shared as (
    select key from secrets
    where org_id = $1 and folder_id = $4 and owner_id is null and ended_at is null
      and key in (select key from given where owner_id is not null)
    for key share
  ), written as (
    ${secretInsert}
    from held_folder f, given n
    where n.owner_id is null or n.key in (select key from held_shared)
    returning *
  ), kept as (${keepVersions}), noted as (${noteChange("written", ["$2", "$3"])})
  ${isAudited ? `, recorded as (${auditInsertFrom("(select true from written limit 1) once", 6)})` : ""}
  select ${secretColumns} from written s`
const insertAuditedSql = insertSql(true)
const insertAloneSql = insertSql(false)

/**
 * Writes new secrets into a folder with the audit row, in one statement; none when the folder is gone. Without an audit
 * row (null) where they are part of something that leaves its own.
 */
export function insertSecrets(
  db: Queries,
  { orgId, folderId, writer }: { orgId: string; folderId: string; writer: Writer },
  secrets: WrittenSecret[],
  audit: AuditRow | null,
): Promise<SecretRow[]> {
  const values = [orgId, writer.kind, writer.id, folderId, JSON.stringify(secrets)]
  if (audit === null) return run(db, insertAloneSql, values)
  return run(db, insertAuditedSql, [...values, ...auditValues(audit)])
}

const updateSql = `
  with given as (${givenSecrets("$4")}), written as (
    update secrets s
    set key = n.key, version = n.version, sealed_value = decode(n.sealed_value, 'hex'),
      sealed_comment = decode(n.sealed_comment, 'hex'), metadata = n.metadata,
      sealed_metadata = decode(n.sealed_metadata, 'hex'), skips_multiline_encoding = n.skips_multiline_encoding,
      reminder_note = n.reminder_note, reminder_repeat_days = n.reminder_repeat_days, tag_ids = n.tag_ids,
      updated_at = statement_timestamp()
    from given n
    where s.org_id = $1 and s.id = n.id
    returning s.*
  ), kept as (${keepVersions}), noted as (${noteChange("written", ["$2", "$3"])})
  select ${secretColumns} from written s`

/** Writes secrets that the transaction has locked anew. */
export const updateSecrets = (
  db: Queries,
  { orgId, writer }: { orgId: string; writer: Writer },
  secrets: WrittenSecret[],
): Promise<SecretRow[]> => run(db, updateSql, [orgId, writer.kind, writer.id, JSON.stringify(secrets)])

type Named = { orgId: string; folderId: string; keys: string[] }

const lockSql = `
  select ${secretColumns} from secrets s
  where s.org_id = $1 and s.folder_id = $2 and s.key = any($3::text[]) and s.ended_at is null
    and s.owner_id is not distinct from $4::uuid
  order by s.id for update`

/** The secrets of these names in a folder, the shared ones or those of an owner, locked until the transaction ends. */
export const lockSecrets = (
  db: Queries,
  { orgId, folderId, keys }: Named,
  ownerId: string | null,
): Promise<SecretRow[]> => run(db, lockSql, [orgId, folderId, keys, ownerId])

const lockOneSql = `
  select ${secretColumns} from secrets s where s.org_id = $1 and s.id = $2 and s.ended_at is null for update`

/** A secret by its id, locked until the transaction ends. */
export async function lockSecret(db: Queries, orgId: string, id: string): Promise<SecretRow | undefined> {
  const [row] = await run<SecretRow>(db, lockOneSql, [orgId, id])
  return row
}

const lockByIdSql = `
  select ${secretColumns} from secrets s
  where s.org_id = $1 and s.folder_id = $2 and s.id = any($3::uuid[]) and s.owner_id is null and s.ended_at is null
  order by s.id for update`

/** The shared secrets of a folder with these ids, locked until the transaction ends. */
export const lockSecretsById = (
  db: Queries,
  { orgId, folderId }: Omit<Named, "keys">,
  ids: string[],
): Promise<SecretRow[]> => run(db, lockByIdSql, [orgId, folderId, ids])

const lockAllSql = `
  select ${secretColumns} from secrets s
  where s.org_id = $1 and s.folder_id = $2 and s.owner_id is null and s.ended_at is null
  order by s.id for update`

/** The shared secrets of a folder, locked until the transaction ends. */
export const lockAllSecrets = (db: Queries, { orgId, folderId }: Omit<Named, "keys">): Promise<SecretRow[]> =>
  run(db, lockAllSql, [orgId, folderId])

const renameSql = `
  update secrets set key = $4
  where org_id = $1 and folder_id = $2 and key = $3 and owner_id is not null and ended_at is null`

/** Has the personal overrides of a shared secret that is renamed go by its new name. */
export async function renameOverrides(
  db: Queries,
  { orgId, folderId }: Omit<Named, "keys">,
  from: string,
  to: string,
): Promise<void> {
  await run(db, renameSql, [orgId, folderId, from, to])
}

// The time is that of the whole transaction, by which the history of the folder is read.
const endSql = `
  with ended as (
    update secrets set ended_at = now()
    where org_id = $1 and folder_id = $2 and ended_at is null
      and (id = any($3::uuid[]) or (owner_id is not null and key = any($4::text[])))
    returning org_id, project_id, environment_id, folder_id, owner_id
  )
  ${noteChange("ended", ["$5", "$6"])}`

/** Ends secrets that the transaction has locked, and all personal overrides of those names. */
export async function endSecrets(
  db: Queries,
  { orgId, folderId, keys, writer }: Named & { writer: Writer },
  ids: string[],
): Promise<void> {
  await run(db, endSql, [orgId, folderId, ids, keys, writer.kind, writer.id])
}
