import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { getGroup } from "./groups.ts"
import { addMember, removeMember, type Dates, type Member, type Target as TargetOf } from "./joining.ts"
import { changeMembership, type Change, type MembershipTime } from "./renewal.ts"
import * as store from "./identity-members.store.ts"

export { identityMemberFacts } from "./identity-members.store.ts"
export type { ListedIdentity } from "./identity-members.store.ts"

/** The values of `identityMemberFacts` for ids as they were sent. */
export const identityMemberFactValues = (id: string, machineIdentityId: string): unknown[] => [
  uuidOrNull(id),
  uuidOrNull(machineIdentityId),
]

type Identity = Extract<Member, { kind: "identity" }>
type Target = { id: string; machineIdentityId: string; facts: store.IdentityMemberFacts }

/** Puts a machine identity of the organization into a group, for a time or for good; returns its id. */
export const addIdentity = async (ctx: Context, target: Target, dates: Dates): Promise<string> =>
  (await addMember(ctx, identityOf(target), dates)).identityId

/** Takes a machine identity out of a group. */
export const removeIdentity = async (ctx: Context, target: Target): Promise<string> =>
  (await removeMember(ctx, identityOf(target))).identityId

/** Has a machine identity's membership begin or end at another time. */
export const changeIdentity = (ctx: Context, target: Target, change: Change): Promise<MembershipTime> =>
  changeMembership(ctx, identityOf(target), change)

type ListQuery = {
  search?: string | undefined
  filter?: "assignedMachineIdentities" | "nonAssignedMachineIdentities" | undefined
  limit?: number | undefined
  offset: number
}
type Listed = { identities: store.ListedIdentity[]; totalCount: number }

const defaultLimit = 10

/** The machine identities of the organization, each with whether and since when it is in the group. */
export async function listIdentities(ctx: Context, groupId: string, query: ListQuery): Promise<Listed> {
  const group = await getGroup(ctx, groupId)
  const { search, filter, limit, offset } = query
  const asked = { orgId: ctx.actor.orgId, groupId: group.id, search, offset }
  if (limit === undefined && filter === undefined) return listMembersFirst(ctx, asked)
  // Without a limit, whoever asks for the members gets all of them.
  const isWhole = limit === undefined && filter === "assignedMachineIdentities"
  return store.identitiesOfGroup(ctx.db, {
    ...asked,
    members: filter,
    limit: isWhole ? undefined : (limit ?? defaultLimit),
  })
}

/**
 * For clients that ask without a limit and take who is not on the first page for absent: every member of the group,
 * then others, if there is room for them.
 */
async function listMembersFirst(
  ctx: Context,
  asked: Omit<store.IdentityFilter, "members" | "limit">,
): Promise<Listed> {
  const members = await store.identitiesOfGroup(ctx.db, {
    ...asked,
    members: "assignedMachineIdentities",
    limit: undefined,
  })
  const others = await store.identitiesOfGroup(ctx.db, {
    ...asked,
    members: "nonAssignedMachineIdentities",
    offset: Math.max(0, asked.offset - members.totalCount),
    limit: Math.max(0, defaultLimit - members.identities.length),
  })
  return {
    identities: [...members.identities, ...others.identities],
    totalCount: members.totalCount + others.totalCount,
  }
}

/** Takes a machine identity out of all groups, when its place in the organization ends. */
export const endIdentityGroupMemberships = (
  db: Context["db"],
  orgId: string,
  identityMembershipId: string,
): Promise<void> => store.endMemberships(db, orgId, identityMembershipId)

const identityOf = ({ id, machineIdentityId, facts }: Target): TargetOf<Identity> => ({
  groupId: id,
  kind: "identity",
  name: machineIdentityId,
  facts,
  member:
    facts.fact_membership_id === null
      ? undefined
      : { kind: "identity", membershipId: facts.fact_membership_id, identityId: facts.fact_identity_id },
})
