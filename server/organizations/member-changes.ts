import { requireCovers } from "../access/boundary.ts"
import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { badRequest, unauthorized } from "../errors.ts"
import {
  endInvitationsSentBy,
  endMembership,
  endRoleGrants,
  lockPlace,
  requireAnotherAdmin,
} from "./departures.ts"
import { giveRole } from "../grants/grants.ts"
import { getMember, noSuchMember, requireCoversMember, requireOwnOrganization } from "./members.ts"
import type { Member } from "./members.ts"
import { findRole, type Grantable } from "../roles/roles.ts"
import * as store from "./members.store.ts"

type Target = { organizationId: string; membershipId: string }
type Changes = {
  role?: string | undefined
  isActive?: boolean | undefined
  metadata?: { key: string; value: string }[] | undefined
}

/**
 * Changes the role of a member, whether they are active, or what is noted about them. Nobody changes their own
 * place, nor that of who holds more; nobody gives more than they hold; and one admin always stays.
 */
export async function updateMember(ctx: Context, target: Target, changes: Changes): Promise<Member> {
  const member = await lockMember(ctx, target)
  if (isOwn(ctx, member.id)) throw unauthorized("You cannot change your own membership")
  const role = changes.role === undefined ? undefined : await requireRole(ctx, changes.role)
  await requireCoversMember(ctx, member.id, "You may not change a member who may do more than you")
  const what = "You may not give anyone more than you may do yourself"
  const granted = role && requireCovers(ctx.actor, role.rules, what)

  const place = { orgId: ctx.actor.orgId, membershipId: member.id }
  if (granted && role.slug !== (member.custom_role_slug ?? member.role)) {
    if (role.slug !== "admin") await requireAnotherAdmin(ctx.db, place)
    await endRoleGrants(ctx.db, place)
    const holder = { kind: "user", orgId: place.orgId, id: member.id } as const
    await giveRole(ctx.db, granted, holder, role.stored)
    await endInvitationsSentBy(ctx.db, place)
  }
  if (changes.isActive === false && member.deactivated_at === null) {
    await requireAnotherAdmin(ctx.db, place)
    await endInvitationsSentBy(ctx.db, place)
  }
  const { isActive, metadata } = changes
  if (role === undefined && isActive === undefined && metadata === undefined) return member
  await store.updateMembership(ctx.db, place, {
    ...(isActive === undefined ? {} : { isActive }),
    ...(metadata === undefined ? {} : { metadata: metadata.map((entry) => ({ id: newId(), ...entry })) }),
  })
  const sent = Object.entries({ role: role?.slug, isActive, metadata }).filter(
    ([, value]) => value !== undefined,
  )
  await record(ctx, "update-organization-membership", { ...eventOf(member), ...Object.fromEntries(sent) })
  return getMember(ctx, target.organizationId, member.id)
}

/** Takes a member out of the organization, or lets the caller leave it; one admin always stays. */
export async function removeMember(ctx: Context, target: Target): Promise<Member> {
  const member = await lockMember(ctx, target)
  if (!isOwn(ctx, member.id)) {
    await requireCoversMember(ctx, member.id, "You may not remove a member who may do more than you")
  }
  await endMembership(ctx.db, { orgId: ctx.actor.orgId, membershipId: member.id })
  const event = isOwn(ctx, member.id) ? "leave-organization" : "remove-organization-member"
  await record(ctx, event, eventOf(member))
  return member
}

const isOwn = (ctx: Context, membershipId: string): boolean => membershipId === ctx.actor.membershipId

/** A member of the caller's organization, whose place nobody else changes until the transaction ends; else 404. */
export async function lockMember(ctx: Context, { organizationId, membershipId }: Target): Promise<Member> {
  requireOwnOrganization(ctx, organizationId)
  const id = uuidOrNull(membershipId)
  const isThere = id && (await lockPlace(ctx.db, { orgId: ctx.actor.orgId, membershipId: id }))
  if (!isThere) throw noSuchMember(membershipId)
  return getMember(ctx, organizationId, id)
}

async function requireRole(ctx: Context, slug: string): Promise<Grantable> {
  const role = await findRole(ctx, slug)
  if (role) return role
  throw badRequest(`There is no role ${slug} in the organization`, { name: "UpdateMembership" })
}

const eventOf = (member: Member) => ({
  membershipId: member.id,
  userId: member.user_id,
  username: member.username,
})
