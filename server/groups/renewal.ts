import type { Granted } from "../access/boundary.ts"
import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { badRequest } from "../errors.ts"
import { holdPlace, moveInGroup, type Interval, type OpenPlace } from "../grants/place-changes.ts"
import {
  faultOf,
  groupOf,
  memberOf,
  notIn,
  requireMayAdd,
  requireMayRemove,
  type Member,
  type Target,
} from "./joining.ts"

export type MembershipTime = Pick<OpenPlace, "valid_from" | "valid_until" | "sources">
/** What is asked for; null is at once for a beginning, and never for an end. */
export type Change = { from?: Date | null | undefined; until?: Date | null | undefined }

/**
 * Has a membership that is not over begin or end at another time; one that has begun keeps its beginning. Who gives
 * somebody more time gives them what the group has, and who gives them less takes it.
 */
export async function changeMembership(
  ctx: Context,
  target: Target<Member>,
  change: Change,
): Promise<MembershipTime> {
  const group = groupOf(target)
  const { member } = target
  const pair = member && {
    kind: member.kind,
    orgId: ctx.actor.orgId,
    groupId: group.id,
    membershipId: member.membershipId,
  }
  const place = pair && (await holdPlace(ctx.db, pair))
  if (!place) {
    // Whoever may not even take somebody out is not told who is in.
    await requireMayRemove(ctx, group.id, target.kind)
    throw notIn(memberOf(target), group)
  }
  const to = movedTo(place, change)
  const granted = await requireMayMove(ctx, group.id, { kind: target.kind, place, to })
  requirePossible(place, to)
  if (!granted) return place
  const moved = await moveInGroup(ctx.db, granted, pair, { place, to })
  if (!moved) throw notIn(memberOf(target), group)
  await recordMove(ctx, { group, member: memberOf(target), place, moved })
  return moved
}

/** What of it is another time than it is. */
function movedTo(place: OpenPlace, { from, until }: Change): Interval {
  const isOtherFrom =
    from !== undefined && !(from === null && place.has_begun) && +(from ?? 0) !== +place.valid_from
  const isOtherUntil = until !== undefined && until?.getTime() !== place.valid_until?.getTime()
  return { ...(isOtherFrom ? { from } : {}), ...(isOtherUntil ? { until } : {}) }
}

const never = Infinity

/** Asks the guard for giving more time, and for taking some; absent when it is neither. */
async function requireMayMove(
  ctx: Context,
  groupId: string,
  { kind, place, to }: { kind: Member["kind"]; place: OpenPlace; to: Interval },
): Promise<Granted | undefined> {
  const [begins, ends] = [place.valid_from.getTime(), place.valid_until?.getTime() ?? never]
  const from = to.from === undefined ? begins : (to.from?.getTime() ?? place.now.getTime())
  const until = to.until === undefined ? ends : (to.until?.getTime() ?? never)
  const [isMore, isLess] = [from < begins || until > ends, from > begins || until < ends]
  const taken = isLess ? await requireMayRemove(ctx, groupId, kind) : undefined
  return isMore ? requireMayAdd(ctx, groupId, kind) : taken
}

function requirePossible(place: OpenPlace, to: Interval): void {
  if (to.from !== undefined && place.has_begun) throw badRequest("The membership has begun already")
  const fault = faultOf({ ...(to.from ? { from: to.from } : {}), until: to.until }, place.now)
  if (fault !== undefined) throw badRequest(fault)
  const from = to.from ?? (to.from === null ? place.now : place.valid_from)
  const until = to.until === undefined ? place.valid_until : to.until
  if (until && until <= from) throw badRequest("The membership has to end after it begins")
}

type Move = { group: { id: string; name: string }; member: Member; place: OpenPlace; moved: OpenPlace }

async function recordMove(ctx: Context, { group, member, place, moved }: Move): Promise<void> {
  const isoOf = (time: Date | null): string | null => time?.toISOString() ?? null
  const told = {
    groupId: group.id,
    groupName: group.name,
    from: moved.valid_from.toISOString(),
    until: isoOf(moved.valid_until),
    oldFrom: place.valid_from.toISOString(),
    oldUntil: isoOf(place.valid_until),
  }
  if (member.kind === "user") {
    const { userId, username } = member
    await record(ctx, "update-user-group-membership", { ...told, userId, username })
  } else await record(ctx, "update-identity-group-membership", { ...told, identityId: member.identityId })
}
