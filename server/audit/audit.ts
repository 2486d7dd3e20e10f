import { authorOf, type SignedInActor } from "../access/actor.ts"
import type { Denial } from "../access/access.ts"
import type { Context, RequestInfo } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import type { AuditRow } from "../db/audit-row.ts"
import type { Queries } from "../db/database.ts"
import type { AuditEvent, AuditEvents } from "./events.ts"
import * as store from "./audit.store.ts"
import { userAgentType } from "./user-agent.ts"

/** Who did it, as the audit log tells it. */
export type AuditActor = { type: string; id: string | null; metadata: Record<string, unknown> }

/** The server itself, for what happens before there is anybody. */
export const platform: AuditActor = { type: "platform", id: null, metadata: {} }

export function auditActor(actor: SignedInActor): AuditActor {
  const { kind: type, id } = authorOf(actor)
  return { type, id, metadata: metadataOf(actor) }
}

function metadataOf(actor: SignedInActor): Record<string, unknown> {
  if (actor.kind === "service") return { serviceId: actor.tokenId, name: actor.name }
  const { authMethod } = actor
  if (actor.kind === "machine") return { identityId: actor.identityId, name: actor.name, authMethod }
  return { userId: actor.userId, email: actor.email, username: actor.username, authMethod }
}

/** A person before there is a token of theirs: who signs up, or accepts an invitation by its code. */
export const auditPerson = (user: { id: string; email: string | null; username: string }): AuditActor => ({
  type: "user",
  id: user.id,
  metadata: { userId: user.id, email: user.email, username: user.username, authMethod: "email" },
})

type Source = { request: RequestInfo; actor: AuditActor; orgId: string }

/** A finished row, for writes that carry their audit row in their own statement. */
export function auditRow<E extends AuditEvent>(source: Source, event: E, metadata: AuditEvents[E]): AuditRow {
  return {
    org_id: source.orgId,
    id: newId(),
    event_type: event,
    event_metadata: JSON.stringify(metadata),
    actor_type: source.actor.type,
    actor_id: source.actor.id,
    actor_metadata: JSON.stringify(source.actor.metadata),
    ip_address: source.request.ip,
    user_agent: source.request.userAgent,
    user_agent_type: userAgentType(source.request.userAgent),
  }
}

export const sourceOf = (ctx: Context): Source => ({
  request: ctx.request,
  actor: auditActor(ctx.actor),
  orgId: ctx.actor.orgId,
})

/** Writes one event of the caller in the caller's transaction: no change without its record, nor the reverse. */
export async function record<E extends AuditEvent>(
  ctx: Context,
  event: E,
  metadata: AuditEvents[E],
): Promise<void> {
  await store.insertAuditRow(ctx.db, auditRow(sourceOf(ctx), event, metadata))
}

/**
 * Records that the caller has read something, before the answer leaves. Committed by itself; those of one organization
 * that come at the same time are written together.
 */
export async function recordRead<E extends AuditEvent>(
  ctx: Context,
  event: E,
  metadata: AuditEvents[E],
): Promise<void> {
  await store.insertAuditRowTogether(ctx.db, auditRow(sourceOf(ctx), event, metadata))
}

/** The same for an event without an organization caller, such as setting up the instance. */
export async function recordFrom<E extends AuditEvent>(
  db: Queries,
  source: Source,
  event: E,
  metadata: AuditEvents[E],
): Promise<void> {
  await store.insertAuditRow(db, auditRow(source, event, metadata))
}

/** Records a refusal of an authenticated caller, committed by itself. */
export async function recordDenial(ctx: Context, denial: Denial, refusal: { name: string; message: string }) {
  await record(ctx, "permission-denied", {
    permissionAction: denial.action,
    permissionSubject: denial.subject,
    permissionSubjectDetails: {},
    errorName: refusal.name,
    message: refusal.message,
    route: ctx.request.route,
    method: ctx.request.method,
    projectId: denial.projectId ?? ctx.project?.id ?? null,
  })
}
