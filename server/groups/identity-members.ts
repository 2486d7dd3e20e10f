import { requireBoundary } from "../access/boundary.ts"
import { auditRow, sourceOf } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest, forbidden, notFound } from "../errors.ts"
import { joinGroup, leaveGroup } from "../grants/group-places.ts"
import { requireCoversProjectsOfGroup } from "../projects/group-projects.ts"
import { getGroup, noSuchGroup, rulesOfGroup } from "./groups.ts"
import * as store from "./identity-members.store.ts"

export { identityMemberFacts } from "./identity-members.store.ts"
export type { ListedIdentity } from "./identity-members.store.ts"

/** The values of `identityMemberFacts` for ids as they were sent. */
export const identityMemberFactValues = (id: string, machineIdentityId: string): unknown[] => [
  uuidOrNull(id),
  uuidOrNull(machineIdentityId),
]

type Target = { id: string; machineIdentityId: string; facts: store.IdentityMemberFacts }

/** Puts a machine identity of the organization into a group; returns its id. */
export async function addIdentity(ctx: Context, target: Target): Promise<string> {
  const { id, machineIdentityId, facts } = target
  const { group, identity } = read(facts)
  if (!group) throw noSuchGroup(id)
  const what = "You may not add machine identities to this group"
  const rules = () => rulesOfGroup(ctx, group.id)
  const granted = await requireBoundary(ctx.actor, ["add-identities", "groups"], what, rules)
  await requireCoversProjectsOfGroup(ctx, group.id, what)
  if (!identity) throw noSuchIdentity(machineIdentityId)
  if (facts.fact_is_in_group) throw alreadyIn(identity.id, group.slug)

  const pair = {
    kind: "identity",
    orgId: ctx.actor.orgId,
    groupId: group.id,
    membershipId: identity.membershipId,
  } as const
  const event = auditRow(sourceOf(ctx), "add-identity-to-group", eventOf(group, identity.id))
  const outcome = await joinGroup(ctx, granted, { pair, event })
  // Each of these was otherwise a moment ago, when the facts were read.
  if (!outcome.group_exists) throw noSuchGroup(id)
  if (!outcome.member_exists) throw noSuchIdentity(machineIdentityId)
  if (!outcome.is_added) throw alreadyIn(identity.id, group.slug)
  return identity.id
}

/** Takes a machine identity out of a group: what came only through it is gone with its next request. */
export async function removeIdentity(ctx: Context, target: Target): Promise<string> {
  const { id, machineIdentityId, facts } = target
  const { group, identity } = read(facts)
  if (!group) throw noSuchGroup(id)
  const what = "You may not remove machine identities from this group"
  await requireBoundary(ctx.actor, ["remove-identities", "groups"], what, () => rulesOfGroup(ctx, group.id))
  if (!identity) throw noSuchIdentity(machineIdentityId)
  if (!facts.fact_is_in_group) throw notIn(identity.id, group.slug)

  const pair = {
    kind: "identity",
    orgId: ctx.actor.orgId,
    groupId: group.id,
    membershipId: identity.membershipId,
  } as const
  const event = auditRow(sourceOf(ctx), "remove-identity-from-group", eventOf(group, identity.id))
  if (!(await leaveGroup(ctx, { pair, event }))) throw notIn(identity.id, group.slug)
  return identity.id
}

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

type Found = {
  group: { id: string; name: string; slug: string } | undefined
  identity: { id: string; membershipId: string } | undefined
}

/** The group and the identity of the facts, each absent when it was not found. */
const read = (facts: store.IdentityMemberFacts): Found => ({
  group:
    facts.fact_group_id === null
      ? undefined
      : { id: facts.fact_group_id, name: facts.fact_group_name, slug: facts.fact_group_slug },
  identity:
    facts.fact_membership_id === null
      ? undefined
      : { id: facts.fact_identity_id, membershipId: facts.fact_membership_id },
})

const noSuchIdentity = (identityId: string) =>
  notFound(`There is no machine identity with the ID ${identityId} in the organization`)
const alreadyIn = (identityId: string, slug: string) =>
  badRequest(`The machine identity ${identityId} is already in the group ${slug}`)
const notIn = (identityId: string, slug: string) =>
  forbidden(`The machine identity ${identityId} is not in the group ${slug}`)

const eventOf = (group: { id: string; name: string }, identityId: string) => ({
  groupId: group.id,
  groupName: group.name,
  identityId,
})
