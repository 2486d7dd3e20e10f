import { ungoverned } from "../access/boundary.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { rejoinGroups } from "../grants/grants.ts"
import { beginPrivileges } from "../projects/places.ts"
import { getGroup } from "./groups.ts"
import {
  addMember,
  noSuchMember,
  removeMember,
  type Dates,
  type Member,
  type Target as TargetOf,
} from "./joining.ts"
import { changeMembership, type Change, type MembershipTime } from "./renewal.ts"
import * as store from "./members.store.ts"

export { memberFacts } from "./members.store.ts"
export type { ListedUser } from "./members.store.ts"

/** The values of `memberFacts` for a group's id and a username as they were sent. */
export const memberFactValues = (id: string, username: string): unknown[] => [uuidOrNull(id), username]

export const noSuchUser = (username: string) => noSuchMember("user", username)

type Target = { id: string; username: string; facts: store.MemberFacts }
/** A person of the organization, with what it knows of them. */
export type Person = Extract<Member, { kind: "user" }> & {
  email: string | null
  firstName: string | null
  lastName: string | null
}

/** Puts a person of the organization into a group, for a time or for good. */
export const addUser = (ctx: Context, target: Target, dates: Dates): Promise<Person> =>
  addMember(ctx, personOf(target), dates)

/** Takes a person out of a group. */
export const removeUser = (ctx: Context, target: Target): Promise<Person> =>
  removeMember(ctx, personOf(target))

/** Has a person's membership begin or end at another time. */
export const changeUser = (ctx: Context, target: Target, change: Change): Promise<MembershipTime> =>
  changeMembership(ctx, personOf(target), change)

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
  const granted = ungoverned("the guard was asked when the person was put into the groups")
  await rejoinGroups(db, granted, { orgId, membershipId })
  await beginPrivileges(db, orgId, membershipId)
}

/** Takes a person, or everybody, out of all groups, when their place in the organization ends. */
export const endGroupMemberships = (
  db: Context["db"],
  whose: { orgId: string; membershipId?: string },
): Promise<void> => store.endMemberships(db, whose)

const personOf = ({ id, username, facts }: Target): TargetOf<Person> => ({
  groupId: id,
  kind: "user",
  name: username,
  facts,
  member:
    facts.fact_membership_id === null
      ? undefined
      : {
          kind: "user",
          membershipId: facts.fact_membership_id,
          userId: facts.fact_user_id,
          username: facts.fact_username,
          email: facts.fact_email,
          firstName: facts.fact_first_name,
          lastName: facts.fact_last_name,
        },
})
