import { requireBoundary, ungoverned } from "../access/boundary.ts"
import { auditRow, sourceOf } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest, forbidden, notFound } from "../errors.ts"
import { rejoinGroups } from "../grants/grants.ts"
import { joinGroup, leaveGroup } from "../grants/group-places.ts"
import { beginPrivileges } from "../projects/places.ts"
import { requireCoversProjectsOfGroup } from "../projects/group-projects.ts"
import { getGroup, noSuchGroup, rulesOfGroup } from "./groups.ts"
import * as store from "./members.store.ts"

export { memberFacts } from "./members.store.ts"
export type { ListedUser } from "./members.store.ts"

/** The values of `memberFacts` for a group's id and a username as they were sent. */
export const memberFactValues = (id: string, username: string): unknown[] => [uuidOrNull(id), username]

type Target = { id: string; username: string; facts: store.MemberFacts }
/** A person of the organization, with what it knows of them. */
export type Member = {
  membership_id: string
  user_id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
}

/** Puts a person of the organization into a group. Those invited count: their rights begin when they accept. */
export async function addUser(ctx: Context, { id, username, facts }: Target): Promise<Member> {
  const { group, user } = read(facts)
  if (!group) throw noSuchGroup(id)
  const what = "You may not add users to this group"
  const rules = () => rulesOfGroup(ctx, group.id)
  const granted = await requireBoundary(ctx.actor, ["add-members", "groups"], what, rules)
  await requireCoversProjectsOfGroup(ctx, group.id, what)
  if (!user) throw noSuchUser(username)
  if (facts.fact_is_in_group) throw alreadyIn(username, group.slug)

  const pair = {
    kind: "user",
    orgId: ctx.actor.orgId,
    groupId: group.id,
    membershipId: user.membership_id,
  } as const
  const event = auditRow(sourceOf(ctx), "add-user-to-group", eventOf(group, user))
  const outcome = await joinGroup(ctx, granted, { pair, event })
  // Each of these was otherwise a moment ago, when the facts were read.
  if (!outcome.group_exists) throw noSuchGroup(id)
  if (!outcome.member_exists) throw noSuchUser(username)
  if (!outcome.is_added) throw alreadyIn(username, group.slug)
  return user
}

/** Takes a person out of a group: what came only through it is gone with their next request. */
export async function removeUser(ctx: Context, { id, username, facts }: Target): Promise<Member> {
  const { group, user } = read(facts)
  if (!group) throw noSuchGroup(id)
  const what = "You may not remove users from this group"
  await requireBoundary(ctx.actor, ["remove-members", "groups"], what, () => rulesOfGroup(ctx, group.id))
  if (!user) throw noSuchUser(username)
  if (!facts.fact_is_in_group) throw notIn(username, group.slug)

  const pair = {
    kind: "user",
    orgId: ctx.actor.orgId,
    groupId: group.id,
    membershipId: user.membership_id,
  } as const
  const event = auditRow(sourceOf(ctx), "remove-user-from-group", eventOf(group, user))
  if (!(await leaveGroup(ctx, { pair, event }))) throw notIn(username, group.slug)
  return user
}

type ListQuery = {
  search?: string | undefined
  username?: string | undefined
  filter?: "existingMembers" | "nonMembers" | undefined
  limit: number
  offset: number
}

/** The people of the organization, each with whether and since when they are in the group. */
export async function listUsers(ctx: Context, groupId: string, query: ListQuery) {
  const group = await getGroup(ctx, groupId)
  const { search, username, filter: members, limit, offset } = query
  return store.usersOfGroup(ctx.db, {
    orgId: ctx.actor.orgId,
    groupId: group.id,
    search,
    username,
    members,
    limit,
    offset,
  })
}

/** Begins a person's memberships anew when the invitation is accepted; called in that transaction. */
export async function beginMemberships(
  { db }: { db: Context["db"] },
  orgId: string,
  membershipId: string,
): Promise<void> {
  const groupIds = await store.endInvitedMemberships(db, orgId, membershipId)
  const granted = ungoverned("the guard was asked when the person was put into the groups")
  await rejoinGroups(db, granted, { orgId, membershipId }, groupIds)
  await beginPrivileges(db, orgId, membershipId)
}

/** Takes a person, or everybody, out of all groups, when their place in the organization ends. */
export const endGroupMemberships = (
  db: Context["db"],
  whose: { orgId: string; membershipId?: string },
): Promise<void> => store.endMemberships(db, whose)

type Found = { group: { id: string; name: string; slug: string } | undefined; user: Member | undefined }

/** The group and the person of the facts, each absent when it was not found. */
const read = (facts: store.MemberFacts): Found => ({
  group:
    facts.fact_group_id === null
      ? undefined
      : { id: facts.fact_group_id, name: facts.fact_group_name, slug: facts.fact_group_slug },
  user:
    facts.fact_membership_id === null
      ? undefined
      : {
          membership_id: facts.fact_membership_id,
          user_id: facts.fact_user_id,
          username: facts.fact_username,
          email: facts.fact_email,
          first_name: facts.fact_first_name,
          last_name: facts.fact_last_name,
        },
})

export const noSuchUser = (username: string) => notFound(`There is no user with the username ${username}`)
const alreadyIn = (username: string, slug: string) =>
  badRequest(`The user ${username} is already in the group ${slug}`)
const notIn = (username: string, slug: string) =>
  forbidden(`The user ${username} is not in the group ${slug}`)

const eventOf = (group: { id: string; name: string }, user: Member) => ({
  groupId: group.id,
  groupName: group.name,
  userId: user.user_id,
  username: user.username,
})
