import type { Context } from "../context.ts"
import { getGroup } from "./groups.ts"
import * as store from "./all-members.store.ts"

export type { MemberOfGroup } from "./all-members.store.ts"

type ListQuery = {
  search?: string | undefined
  orderDirection: "asc" | "desc"
  memberTypeFilter?: ("users" | "machineIdentities")[] | undefined
  limit: number
  offset: number
}

/** Who is in the group, people and machine identities in one list: by full name, else username, then id. */
export async function listMembers(
  ctx: Context,
  groupId: string,
  { search, orderDirection, memberTypeFilter, limit, offset }: ListQuery,
): Promise<{ members: store.MemberOfGroup[]; totalCount: number }> {
  const group = await getGroup(ctx, groupId)
  const types = memberTypeFilter ?? ["users", "machineIdentities"]
  return store.membersOfGroup(ctx.db, {
    orgId: ctx.actor.orgId,
    groupId: group.id,
    search,
    kinds: types.map((type) => (type === "users" ? "user" : "machineIdentity")),
    direction: orderDirection,
    limit,
    offset,
  })
}
