/** A pair of a secret's metadata; the value of a hidden one is sealed elsewhere in the row. */
export type StoredPair = { key: string; value?: string; isEncrypted?: true }

/** A tag as a secret has it. */
export type TagOfSecret = { id: string; slug: string; color: string | null }

/** What a secret and a version of one have in common. Sealed columns are written in hex, times in milliseconds. */
export type SealedRow = {
  id: string
  environment_id: string
  key: string
  version: number
  sealed_value: string
  sealed_comment: string | null
  sealed_metadata: string | null
  metadata: StoredPair[]
  skips_multiline_encoding: boolean
  reminder_note: string | null
  reminder_repeat_days: number | null
  /** By slug; those that were deleted are not among them. */ tags: TagOfSecret[]
  created_at: number
}
export type SecretRow = SealedRow & { folder_id: string; owner_id: string | null; updated_at: number }

const milliseconds = (column: string): string => `extract(epoch from ${column})::float8 * 1000`
/** The `tags` of a row that has `tag_ids`. */
export const tagsOf = (table: string): string => `
  case when ${table}.tag_ids = '{}' then '[]' else (
    select coalesce(json_agg(json_build_object('id', t.id, 'slug', t.slug, 'color', t.color) order by t.slug), '[]')
    from secret_tags t
    where t.org_id = ${table}.org_id and t.project_id = ${table}.project_id and t.id = any(${table}.tag_ids)
      and t.deleted_at is null
  ) end`
/** The columns of a `SealedRow`. */
export const sealedColumns = (table: string): string => `
  ${table}.id, ${table}.environment_id, ${table}.key, ${table}.version,
  encode(${table}.sealed_value, 'hex') as sealed_value, encode(${table}.sealed_comment, 'hex') as sealed_comment,
  encode(${table}.sealed_metadata, 'hex') as sealed_metadata, ${table}.metadata, ${table}.skips_multiline_encoding,
  ${table}.reminder_note, ${table}.reminder_repeat_days, ${tagsOf(table)} as tags, ${milliseconds(`${table}.created_at`)} as created_at`
/** The columns of a `SecretRow` of the table `s`. */
export const secretColumns = `${sealedColumns("s")}, s.folder_id, s.owner_id, ${milliseconds("s.updated_at")} as updated_at`
