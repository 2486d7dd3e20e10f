import type { Insertable } from "kysely"
import type { AuditLogs } from "./schema.ts"

/** A finished row of the audit log; the database gives it its time. */
export type AuditRow = Omit<Insertable<AuditLogs>, "created_at"> & {
  event_metadata: string
  actor_metadata: string
}

const columns = [
  "org_id",
  "id",
  "event_type",
  "event_metadata",
  "actor_type",
  "actor_id",
  "actor_metadata",
  "ip_address",
  "user_agent",
  "user_agent_type",
] as const

const types = ["uuid", "uuid", "text", "jsonb", "text", "uuid", "jsonb", "text", "text", "text"] as const

/** What the audit row tells, and what only the row that was written knows: an expression for an object, or null. */
const tellingMore = (metadata: string, more: string): string => `${metadata} || coalesce(${more}, '{}')`

/**
 * The audit row of a hand-written statement, inserted once for each row of the named common table expression: a
 * piece of SQL whose values begin at `$first`, to be given by `auditValues`. `more` is told besides.
 */
export const auditInsertFrom = (source: string, first: number, more?: string): string => {
  const values = columns.map((column, index) => {
    const value = `$${first + index}::${types[index]}`
    return more !== undefined && column === "event_metadata" ? tellingMore(value, more) : value
  })
  return `insert into audit_logs (${columns.join(", ")}) select ${values.join(", ")} from ${source} returning id`
}

export const auditValues = (row: AuditRow): unknown[] => columns.map((column) => row[column])

/** For hand-written statements over lists: the columns of an audit row, and their lists from `$first` on. */
export const auditColumns = columns.join(", ")
export const auditColumnCount = columns.length
/** The same columns of `source`, with `more` told besides. */
export const auditColumnsTelling = (source: string, more: string): string =>
  columns
    .map((column) => `${source}.${column}`)
    .map((value) => (value === `${source}.event_metadata` ? tellingMore(value, more) : value))
    .join(", ")
export const auditListsFrom = (first: number): string =>
  types.map((type, index) => `$${first + index}::${type}[]`).join(", ")

/** Inserts any number of rows; its values are given by `auditLists`. */
export const auditInsertOfLists = `insert into audit_logs (${auditColumns})
  select * from unnest(${auditListsFrom(1)})`

export const auditLists = (rows: readonly AuditRow[]): unknown[][] =>
  columns.map((column) => rows.map((row) => row[column]))
