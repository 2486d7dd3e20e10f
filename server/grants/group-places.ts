import type { Granted } from "../access/boundary.ts"
import { judgedBy, StandingChanged } from "../access/standing.ts"
import type { auditRow } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import * as store from "./group-places.store.ts"

/** Who and where, and how the audit log tells it. */
type GroupWrite = { pair: store.Pair; event: ReturnType<typeof auditRow> }

/**
 * Puts somebody into a group, with the audit row: one statement, which looks again whether both are there. Says what
 * stood in the way if anything. Throws `StandingChanged` when what allows the caller to do it is not what it was.
 */
export async function joinGroup(
  { db, actor }: Pick<Context, "db" | "actor">,
  _granted: Granted,
  { pair, event: audit }: GroupWrite,
): Promise<store.AddOutcome> {
  const outcome = await store.addToGroup(db, { pair, id: newId(), judgedBy: judgedBy(actor), audit })
  if (!outcome.is_standing) throw new StandingChanged()
  return outcome
}

/** Takes somebody out of a group in the same way; false when they were not in it. */
export async function leaveGroup(
  { db, actor }: Pick<Context, "db" | "actor">,
  { pair, event: audit }: GroupWrite,
): Promise<boolean> {
  const outcome = await store.removeFromGroup(db, { pair, id: newId(), judgedBy: judgedBy(actor), audit })
  if (!outcome.is_standing) throw new StandingChanged()
  return outcome.is_removed
}
