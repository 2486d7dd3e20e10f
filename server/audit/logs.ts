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
  /** Of an event of a project. */ projectId: string | null
  /** As the project is called now, or was when it was deleted. */ projectName: string | null
  ipAddress: string
  userAgent: string
  userAgentType: string
  event: { type: string; metadata: unknown }
  actor: { type: string; metadata: unknown }
  createdAt: Date
}

/**
 * The events of the caller's organization, newest first (spec 8). Without dates: from the last midnight (UTC) to
 * now. Throws a validation error when the end lies before the start or more than three months after it. Who was let in by
 * a right in a project sees the events of that project, since that is what the query must name for it.
 */
export async function listAuditLogs(ctx: Context, query: AuditQuery): Promise<AuditLog[]> {
  const { from, until } = period(query)
  if (query.offset === 0) await record(ctx, "view-audit-logs", {})
  const actorId = query.actor === undefined ? undefined : uuidOrNull(query.actor)
  const projectId = query.projectId ? uuidOrNull(query.projectId) : undefined
  if (actorId === null || projectId === null) return []
  const rows = await store.auditRows(ctx.db, {
    orgId: ctx.actor.orgId,
    from,
    until,
    actorId,
    actorType: query.actorType,
    userAgentType: query.userAgentType,
    eventTypes: query.eventType === undefined ? undefined : splitList(query.eventType),
    eventMetadata: query.eventMetadata ? splitPairs(query.eventMetadata) : {},
    projectId: projectId?.toLowerCase(),
    oneOf: detailsAbout(query),
    limit: query.limit,
    offset: query.offset,
  })
  return rows.map((row) => ({
    id: row.id,
    orgId: row.org_id,
    projectId: row.project_id,
    projectName: row.project_name,
    ipAddress: row.ip_address,
    userAgent: row.user_agent,
    userAgentType: row.user_agent_type,
    event: { type: row.event_type, metadata: row.event_metadata },
    actor: { type: row.actor_type, metadata: row.actor_metadata },
    createdAt: row.created_at,
  }))
}

/**
 * What an event says, in one of these ways, that is about a place or a secret: what it was done to, each of several
 * secrets, whence and whither they were moved, or what was read along with what was asked for.
 */
function detailsAbout(query: AuditQuery): object[] | undefined {
  const environment = query.environment || undefined
  const secretPath = query.secretPath || undefined
  const secretKey = query.secretKey || undefined
  if (!environment && !secretPath && !secretKey) return undefined
  const place = { environment, secretPath }
  const secretKeys = secretKey && [secretKey]
  return [
    { ...place, secretKey },
    { ...place, oldSecretKey: secretKey },
    { ...place, secrets: [{ secretKey }] },
    { ...place, secrets: [{ oldSecretKey: secretKey }] },
    { sourceEnvironment: environment, sourceSecretPath: secretPath, secretKeys },
    { destinationEnvironment: environment, destinationSecretPath: secretPath, secretKeys },
    { imports: [{ ...place, secretKey }] },
    { references: [{ ...place, secretKey }] },
  ]
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
