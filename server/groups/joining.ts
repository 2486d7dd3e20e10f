import { requireBoundary, type Granted } from "../access/boundary.ts"
import { auditRow, sourceOf } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { badRequest, forbidden, notFound } from "../errors.ts"
import { joinGroup, leaveGroup, type Dates, type GroupWrite, type NewPlace } from "../grants/group-places.ts"
import { requireCoversProjectsOfGroup } from "../projects/group-projects.ts"
import { noSuchGroup, rulesOfGroup } from "./groups.ts"
import type { PlaceFacts } from "./members.store.ts"

/* Into a group and out of it, alike for people and machine identities. */

export type { Dates } from "../grants/group-places.ts"

/** Somebody who may be in groups, by their place in the organization. */
export type Member = { membershipId: string } & (
  { kind: "user"; userId: string; username: string } | { kind: "identity"; identityId: string }
)
type Kind = Member["kind"]
type GroupNames = { id: string; name: string; slug: string }

/** Who and which group, by what was sent; and who was found by it. */
export type Target<M extends Member> = {
  groupId: string
  kind: Kind
  name: string
  facts: PlaceFacts
  /** Absent: nobody of the organization. */ member: M | undefined
}

const powers = {
  add: { user: "add-members", identity: "add-identities" },
  remove: { user: "remove-members", identity: "remove-identities" },
} as const
const plural = { user: "users", identity: "machine identities" } as const

/** Throws unless the caller may put members of a kind into the group, which is to give them all that it has. */
export async function requireMayAdd(
  ctx: Context,
  groupId: string,
  kind: Kind,
  what = `You may not add ${plural[kind]} to this group`,
): Promise<Granted> {
  const granted = await requirePower(ctx, groupId, powers.add[kind], what)
  await requireCoversProjectsOfGroup(ctx, groupId, what)
  return granted
}

/** The same for taking them out. */
export const requireMayRemove = (
  ctx: Context,
  groupId: string,
  kind: Kind,
  what = `You may not remove ${plural[kind]} from this group`,
): Promise<Granted> => requirePower(ctx, groupId, powers.remove[kind], what)

type Power = (typeof powers)["add" | "remove"][Kind]

const requirePower = (ctx: Context, groupId: string, power: Power, what: string): Promise<Granted> =>
  requireBoundary(ctx.actor, [power, "groups"], what, () => rulesOfGroup(ctx, groupId))

/** Puts somebody of the organization into a group. Those invited count: their rights begin when they accept. */
export async function addMember<M extends Member>(ctx: Context, target: Target<M>, dates: Dates): Promise<M> {
  const { groupId, kind, name, facts } = target
  const group = groupOf(target)
  const granted = await requireMayAdd(ctx, group.id, kind)
  const member = memberOf(target)
  const fault = faultOf(dates, facts.fact_now)
  if (fault !== undefined) throw badRequest(fault)
  if (facts.fact_place === "to come") throw alreadyToCome(member, group)
  if (facts.fact_place === "active") throw alreadyIn(member, group)

  const write = writeOf(ctx, "add", { group, member, place: { dates } })
  const outcome = await joinGroup(ctx, granted, { ...write, hasLapsed: facts.fact_place === "over" })
  // Each of these was otherwise a moment ago, when the facts were read.
  if (!outcome.group_exists) throw noSuchGroup(groupId)
  if (!outcome.member_exists) throw noSuchMember(kind, name)
  if (!outcome.is_added) throw alreadyIn(member, group)
  return member
}

/** Takes somebody out of a group, whoever put them in: what came only through it is gone with their next request. */
export async function removeMember<M extends Member>(ctx: Context, target: Target<M>): Promise<M> {
  const group = groupOf(target)
  await requireMayRemove(ctx, group.id, target.kind)
  const member = memberOf(target)
  const { fact_place: place } = target.facts
  if (place !== "active" && place !== "to come") throw notIn(member, group)
  if (!(await leaveGroup(ctx, writeOf(ctx, "remove", { group, member })))) throw notIn(member, group)
  return member
}

export function groupOf({ groupId, facts }: Target<Member>): GroupNames {
  const { fact_group_id: id, fact_group_name: name, fact_group_slug: slug } = facts
  if (id === null) throw noSuchGroup(groupId)
  return { id, name, slug }
}

export function memberOf<M extends Member>({ kind, name, member }: Target<M>): M {
  if (!member) throw noSuchMember(kind, name)
  return member
}

/** What is wrong with the time that is asked for, if anything: nobody was a member before they were made one. */
export function faultOf({ from, until }: Dates, now: Date): string | undefined {
  if (from && from < now)
    return "The membership may not begin in the past: leave from out to have it begin now"
  if (until && until <= now) return "The membership has to end in the future"
  return undefined
}

type Put = { group: { id: string; name: string }; member: Member; place?: NewPlace | undefined }

/** A change of a group's members with its audit row. The end of a time, and whose say an ending was, the row adds itself. */
export function writeOf(ctx: Context, action: "add" | "remove", { group, member, place }: Put): GroupWrite {
  const { kind, membershipId } = member
  const source = sourceOf(ctx)
  const told = {
    groupId: group.id,
    groupName: group.name,
    ...(member.kind === "user"
      ? { userId: member.userId, username: member.username }
      : { identityId: member.identityId }),
    ...(place?.dates?.from ? { from: place.dates.from.toISOString() } : {}),
    ...(place?.source ? { sources: [place.source] } : {}),
  }
  const event = auditRow(source, events[action][kind], told)
  const pair = { kind, orgId: ctx.actor.orgId, groupId: group.id, membershipId }
  return { pair, event, ...(place ? { place } : {}) }
}

const events = {
  add: { user: "add-user-to-group", identity: "add-identity-to-group" },
  remove: { user: "remove-user-from-group", identity: "remove-identity-from-group" },
} as const

const inWords = (member: Member): string =>
  member.kind === "user" ? `The user ${member.username}` : `The machine identity ${member.identityId}`

export const noSuchMember = (kind: Kind, name: string) => notFound(absent(kind, name))
/** The words for who is not in the organization. */
export const absent = (kind: Kind, name: string): string =>
  kind === "user"
    ? `There is no user with the username ${name}`
    : `There is no machine identity with the ID ${name} in the organization`
const alreadyIn = (member: Member, { slug }: GroupNames) =>
  badRequest(`${inWords(member)} is already in the group ${slug}`)
const alreadyToCome = (member: Member, { slug }: GroupNames) =>
  badRequest(`${inWords(member)} is already to be in the group ${slug} later: change when by PATCH`)
export const notIn = (member: Member, { slug }: GroupNames) =>
  forbidden(`${inWords(member)} is not in the group ${slug}`)
