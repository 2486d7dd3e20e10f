import { run, type Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"

/* Every insert of an additional privilege, and every change of what one allows and for how long. */

export type Kind = "user" | "identity"
/** A project, and who is to have the privilege: a place in the organization. */
export type Place = { kind: Kind; orgId: string; projectId: string; membershipId: string }

/** The time of a privilege, as it was asked for. */
export type NewTime = { mode: string; range: string; starts_at: Date; ends_at: Date }

export type NewPrivilege = { id: string; slug: string; permissions: StoredRule[]; time: NewTime | null }

// A temporary one begins no earlier than it is given, since nothing was held before.
const timeValues = (first: number): string => {
  const [mode, range, start, end] = [0, 1, 2, 3].map((index) => `$${first + index}`)
  return `${start}::timestamptz is not null, ${mode}::text, ${range}::text, ${start}, ${end}::timestamptz,
    greatest(${start}, statement_timestamp()),
    case when ${start} is not null then greatest(${end}, ${start}, statement_timestamp()) end`
}
const timeColumns = `is_temporary, temporary_mode, temporary_range, temporary_access_start_time,
  temporary_access_end_time, valid_from, valid_until`
const timeOf = (time: NewTime | null): unknown[] =>
  time ? [time.mode, time.range, time.starts_at, time.ends_at] : [null, null, null, null]

export async function insertPrivilege(
  db: Queries,
  { kind, orgId, projectId, membershipId }: Place,
  { id, slug, permissions, time }: NewPrivilege,
): Promise<void> {
  const text = `
  insert into project_${kind}_privileges (org_id, project_id, id, membership_id, slug, permissions, ${timeColumns})
  values ($1, $2, $3, $4, $5, $6::jsonb, ${timeValues(7)})`
  const json = JSON.stringify(permissions)
  await run(db, text, [orgId, projectId, id, membershipId, slug, json, ...timeOf(time)])
}

/** What of a privilege changes; what is undefined stays. */
export type PrivilegeChanges = {
  slug?: string | undefined
  permissions?: StoredRule[] | undefined
  time?: NewTime | null | undefined
}

/** Changes a privilege that is locked. */
export async function updatePrivilege(
  db: Queries,
  { kind, orgId, id }: { kind: Kind; orgId: string; id: string },
  { slug, permissions, time }: PrivilegeChanges,
): Promise<void> {
  const newTime = time === undefined ? "" : `, (${timeColumns}) = row(${timeValues(5)})`
  const text = `
  update project_${kind}_privileges
  set slug = coalesce($3, slug), permissions = coalesce($4::jsonb, permissions),
    updated_at = statement_timestamp()${newTime}
  where org_id = $1 and id = $2`
  const values = [orgId, id, slug ?? null, permissions === undefined ? null : JSON.stringify(permissions)]
  await run(db, text, time === undefined ? values : [...values, ...timeOf(time)])
}
