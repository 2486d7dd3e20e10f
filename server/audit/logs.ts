import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { invalid } from "../errors.ts"
import { record } from "./audit.ts"
import * as store from "./audit.store.ts"

/** The kinds of actors of the audit log (wire format). */
export const actorTypes = [
  "platform",
  "kmipClient",
  "user",
  "service",
  "identity",
  "machine",
  "scimClient",
  "unknownUser",
] as const

export type AuditQuery = {
  projectId?: string | undefined
  environment?: string | undefined
  secretPath?: string | undefined
  secretKey?: string | undefined
  actorType?: string | undefined
  actor?: string | undefined
  eventType?: string | undefined
  userAgentType?: string | undefined
  eventMetadata?: string | undefined
  startDate?: string | undefined
  endDate?: string | undefined
  offset: number
  limit: number
}

export type AuditLog = {
  id: string
  orgId: string
  ipAddress: string
  userAgent: string
  userAgentType: string
  event: { type: string; metadata: unknown }
  actor: { type: string; metadata: unknown }
  createdAt: Date
}

/**
 * The events of the caller's organization, newest first (spec 8). Without dates: from the last midnight (UTC) to
 * now. Throws a validation error when the end lies before the start or more than three months after it.
 */
export async function listAuditLogs(ctx: Context, query: AuditQuery): Promise<AuditLog[]> {
  const { from, until } = period(query)
  if (query.offset === 0) await record(ctx, "view-audit-logs", {})
  const actorId = query.actor === undefined ? undefined : uuidOrNull(query.actor)
  // Events of projects and secrets are asked for by what no event of an organization has.
  const isAboutProject = [query.projectId, query.environment, query.secretPath, query.secretKey].some(Boolean)
  if (actorId === null || isAboutProject) return []
  const rows = await store.auditRows(ctx.db, {
    orgId: ctx.actor.orgId,
    from,
    until,
    actorId,
    actorType: query.actorType,
    userAgentType: query.userAgentType,
    eventTypes: query.eventType === undefined ? undefined : splitList(query.eventType),
    eventMetadata: query.eventMetadata ? splitPairs(query.eventMetadata) : {},
    limit: query.limit,
    offset: query.offset,
  })
  return rows.map((row) => ({
    id: row.id,
    orgId: row.org_id,
    ipAddress: row.ip_address,
    userAgent: row.user_agent,
    userAgentType: row.user_agent_type,
    event: { type: row.event_type, metadata: row.event_metadata },
    actor: { type: row.actor_type, metadata: row.actor_metadata },
    createdAt: row.created_at,
  }))
}

function period(query: AuditQuery): { from: Date; until: Date } {
  // A little ahead of our clock, since the rows carry the clock of the database.
  const until = query.endDate ? new Date(query.endDate) : new Date(Date.now() + 60_000)
  const from = query.startDate
    ? new Date(query.startDate)
    : midnightBefore(query.endDate ? until : new Date())
  if (until < from) throw invalid(["endDate"], "endDate must not lie before startDate")
  const latest = new Date(from)
  latest.setUTCMonth(latest.getUTCMonth() + 3)
  // One day more, so that three months of any lengths pass.
  if (until.getTime() > latest.getTime() + 86_400_000) {
    throw invalid(["endDate"], "startDate and endDate must be at most three months apart")
  }
  return { from, until }
}

function midnightBefore(time: Date): Date {
  const midnight = new Date(time)
  midnight.setUTCHours(0, 0, 0, 0)
  return midnight
}

const splitList = (list: string): string[] =>
  list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")

function splitPairs(list: string): Record<string, string> {
  const pairs = splitList(list).map((part) => part.split("="))
  if (pairs.some(([key, ...rest]) => !key || rest.length === 0)) {
    throw invalid(["eventMetadata"], "eventMetadata must be key=value pairs joined by commas")
  }
  return Object.fromEntries(pairs.map(([key, ...rest]) => [key, rest.join("=")]))
}
