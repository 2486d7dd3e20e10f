import type { Granted } from "../access/boundary.ts"
import { credentialOf, StandingChanged } from "../access/standing.ts"
import type { auditRow } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import * as store from "./group-places.store.ts"
import { closeLapsed } from "./lapsed-places.store.ts"

export type { Dates, NewPlace } from "./group-places.store.ts"

/** Who and where, and how the audit log tells it. */
export type GroupWrite = { pair: store.Pair; event: ReturnType<typeof auditRow>; place?: store.NewPlace }

/**
 * Puts somebody into a group, with the audit row: one statement, which looks again whether both are there. Says what
 * stood in the way if anything. Throws `StandingChanged` when what allows the caller to do it is not what it was. Whose
 * last time in the group is over, as `hasLapsed` says, begins anew.
 */
export async function joinGroup(
  { db, actor }: Pick<Context, "db" | "actor">,
  _granted: Granted,
  { hasLapsed, ...write }: GroupWrite & { hasLapsed: boolean },
): Promise<store.AddOutcome> {
  if (hasLapsed) await closeLapsed(db, [write.pair])
  const outcome = await store.addToGroup(db, writeBy(actor)(write))
  if (!outcome.is_standing) throw new StandingChanged()
  return outcome
}

/** Takes somebody out of a group in the same way; false when they were not in it. */
export async function leaveGroup(
  { db, actor }: Pick<Context, "db" | "actor">,
  write: GroupWrite,
): Promise<boolean> {
  const outcome = await store.removeFromGroup(db, writeBy(actor)(write))
  if (!outcome.is_standing) throw new StandingChanged()
  return outcome.is_removed
}

/**
 * The same for many in one transaction, of one kind of member. How many were not in it before, and whether the group is
 * there at all. Throws `StandingChanged` as for one, and when somebody has left the organization meanwhile.
 */
export async function joinGroups(
  { db, actor }: Pick<Context, "db" | "actor">,
  _granted: Granted,
  writes: readonly GroupWrite[],
): Promise<{ groupExists: boolean; added: number }> {
  await closeLapsed(
    db,
    writes.map(({ pair }) => pair),
  )
  const outcomes = await store.addAllToGroup(db, writes.map(writeBy(actor)))
  if (!outcomes.every(({ is_standing: isStanding }) => isStanding)) throw new StandingChanged()
  const groupExists = outcomes.every(({ group_exists: exists }) => exists)
  if (groupExists && !outcomes.every(({ member_exists: exists }) => exists)) throw new StandingChanged()
  return {
    groupExists,
    added: outcomes.filter(({ is_added: isAdded }) => isAdded).length,
  }
}

/** Takes many out of a group in the same way; returns how many were in it. */
export async function leaveGroups(
  { db, actor }: Pick<Context, "db" | "actor">,
  writes: readonly GroupWrite[],
): Promise<number> {
  const outcomes = await store.removeAllFromGroup(db, writes.map(writeBy(actor)))
  if (!outcomes.every(({ is_standing: isStanding }) => isStanding)) throw new StandingChanged()
  return outcomes.filter(({ is_removed: isRemoved }) => isRemoved).length
}

const writeBy =
  (actor: Context["actor"]) =>
  ({ pair, event: audit, place }: GroupWrite): store.Write => ({
    pair,
    id: newId(),
    ...(place ? { place } : {}),
    judgedBy: { ...credentialOf(actor), roleKeys: actor.roleKeys },
    audit,
  })
