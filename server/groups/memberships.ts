import type { Context } from "../context.ts"
import { getGroup } from "./groups.ts"
import * as store from "./memberships.store.ts"

export type { Membership } from "./memberships.store.ts"

type Query = {
  state?: "active" | "toCome" | undefined
  endsBefore?: Date | undefined
  limit: number
  offset: number
}

/** Who is in a group, or is yet to be, from when until when; those whose time ends first before the others. */
export async function listMemberships(
  ctx: Context,
  groupId: string,
  { state, endsBefore, limit, offset }: Query,
): Promise<{ memberships: store.Membership[]; totalCount: number }> {
  const group = await getGroup(ctx, groupId)
  const { orgId } = ctx.actor
  return store.membershipsOf(ctx.db, { orgId, groupId: group.id, state, endsBefore, limit, offset })
}
