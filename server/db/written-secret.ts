import type { StoredPair } from "./secret-row.ts"

/** A secret as it is written, with the version that is kept of it. Sealed columns are in hex. */
export type WrittenSecret = {
  id: string
  version_id: string
  key: string
  owner_id: string | null
  version: number
  metadata: StoredPair[]
  skips_multiline_encoding: boolean
  reminder_note: string | null
  reminder_repeat_days: number | null
  tag_ids: string[]
  sealed_value: string
  sealed_comment: string | null
  sealed_metadata: string | null
  /** The same for the kept version, which is another place. */
  kept_value: string
  kept_comment: string | null
  kept_metadata: string | null
}

/** The rows of a list of `WrittenSecret` in JSON, with what else each has: more columns and their types. */
export const givenSecrets = (parameter: string, more = ""): string => `
  select * from jsonb_to_recordset(${parameter}::jsonb) as n(${more}
    id uuid, version_id uuid, key text, owner_id uuid, version int, metadata jsonb, skips_multiline_encoding boolean,
    reminder_note text, reminder_repeat_days int, tag_ids uuid[], sealed_value text, sealed_comment text, sealed_metadata text,
    kept_value text, kept_comment text, kept_metadata text
  )`

/** The beginning of an insert of rows of secrets: each in a folder `f` as a row `n` that was given for it. */
export const secretInsert = `
  insert into secrets (
    org_id, project_id, environment_id, folder_id, id, key, owner_id, version, sealed_value, sealed_comment, metadata,
    sealed_metadata, skips_multiline_encoding, reminder_note, reminder_repeat_days, tag_ids)
  select f.org_id, f.project_id, f.environment_id, f.id, n.id, n.key, n.owner_id, n.version,
    decode(n.sealed_value, 'hex'), decode(n.sealed_comment, 'hex'), n.metadata, decode(n.sealed_metadata, 'hex'),
    n.skips_multiline_encoding, n.reminder_note, n.reminder_repeat_days, n.tag_ids`

/** Keeps a version of each row `s` of secrets that was `written` as the row `n` that was `given` for it. */
export const keepVersionsBy = (kind: string, id: string): string => `
  insert into secret_versions (
    org_id, project_id, environment_id, id, secret_id, version, key, sealed_value, sealed_comment, metadata,
    sealed_metadata, skips_multiline_encoding, reminder_note, reminder_repeat_days, tag_ids, actor_kind, actor_id)
  select s.org_id, s.project_id, s.environment_id, n.version_id, s.id, n.version, n.key, decode(n.kept_value, 'hex'),
    decode(n.kept_comment, 'hex'), n.metadata, decode(n.kept_metadata, 'hex'), n.skips_multiline_encoding,
    n.reminder_note, n.reminder_repeat_days, n.tag_ids, ${kind}, ${id}
  from written s join given n on n.id = s.id
  returning id`
