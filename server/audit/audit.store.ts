import { sql, type Selectable } from "kysely"
import { auditInsertOfLists, auditLists, type AuditRow } from "../db/audit-row.ts"
import { isUndone } from "../db/constraints.ts"
import { besidePool, run, type Queries } from "../db/database.ts"
import type { AuditLogs } from "../db/schema.ts"
import { together } from "../db/together.ts"

export type StoredAuditRow = Selectable<AuditLogs> & {
  /** Of an event of a project. */ project_id: string | null
  project_name: string | null
}

export async function insertAuditRow(db: Queries, row: AuditRow): Promise<void> {
  await db.insertInto("audit_logs").values(row).execute()
}

/**
 * Writes a row that is committed by itself once this returns; rows of one organization that come while others of it are
 * written go in together. For requests that change nothing: `db` is the pool, not a transaction.
 */
export function insertAuditRowTogether(db: Queries, row: AuditRow): Promise<void> {
  const insert =
    inserts.get(db) ??
    together<AuditRow>(
      async (_organization, rows) => {
        await run(besidePool(db, "records"), auditInsertOfLists, auditLists(rows))
        return []
      },
      { most: maxTogether, mayRedo: isUndone },
    )
  inserts.set(db, insert)
  return insert(row.org_id, row)
}

const maxTogether = 200
const inserts = new WeakMap<Queries, (organization: string, row: AuditRow) => Promise<void>>()

export type AuditFilter = {
  orgId: string
  from: Date
  until: Date
  eventTypes: string[] | undefined
  eventMetadata: Record<string, string>
  actorType: string | undefined
  actorId: string | undefined
  userAgentType: string | undefined
  projectId: string | undefined
  /** Only what holds all of one of these. */ oneOf: object[] | undefined
  limit: number
  offset: number
}

/** The project that an event is about, written as the index over it has it. */
const projectId = sql<string | null>`((event_metadata ->> 'projectId') collate "C")`

/** Rows of an organization, newest first. */
export const auditRows = (db: Queries, filter: AuditFilter): Promise<StoredAuditRow[]> => {
  let query = db
    .selectFrom("audit_logs")
    .selectAll()
    .where("org_id", "=", filter.orgId)
    .where("created_at", ">=", filter.from)
    .where("created_at", "<=", filter.until)
  if (filter.eventTypes?.length) query = query.where("event_type", "in", filter.eventTypes)
  if (filter.actorType) query = query.where("actor_type", "=", filter.actorType)
  if (filter.actorId) query = query.where("actor_id", "=", filter.actorId)
  if (filter.userAgentType) query = query.where("user_agent_type", "=", filter.userAgentType)
  if (filter.projectId) query = query.where(projectId, "=", filter.projectId)
  if (filter.oneOf) {
    const wanted = filter.oneOf.map((details) => JSON.stringify(details))
    query = query.where(sql<boolean>`event_metadata @> any (${wanted}::jsonb[])`)
  }
  for (const [key, value] of Object.entries(filter.eventMetadata)) {
    query = query.where(sql<boolean>`event_metadata ->> ${key} = ${value}`)
  }
  const page = query
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(filter.limit)
    .offset(filter.offset)
    .as("page")
  // Names are looked up for what is answered, and not for what was skipped.
  return db
    .selectFrom(page)
    .selectAll("page")
    .select((of) => [
      projectId.as("project_id"),
      of
        .selectFrom("projects")
        .select("name")
        .whereRef("projects.org_id", "=", "page.org_id")
        .where("projects.id", "=", sql<string>`${projectId}::uuid`)
        .as("project_name"),
    ])
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .execute()
}
