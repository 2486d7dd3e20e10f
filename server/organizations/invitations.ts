import { requireCovers, type Granted } from "../access/boundary.ts"
import { auditPerson, record, recordFrom } from "../audit/audit.ts"
import { identify, lookUp } from "../auth/authenticate.ts"
import type { InvitationClaims } from "../auth/token.ts"
import type { Context, PublicContext } from "../context.ts"
import { newId, randomHex } from "../crypto/ids.ts"
import { hashOfCode } from "../crypto/keys.ts"
import { badRequest, DomainError, forbidden } from "../errors.ts"
import { beginMemberships } from "../groups/members.ts"
import { invitationMail } from "../mail/invitation.ts"
import { canonicalUsername } from "../names.ts"
import { requireRole, type Grantable } from "../roles/roles.ts"
import { completeUser, findOrCreateUser, requireUser, type NewAccount, type User } from "../users/users.ts"
import { endInvitationsOf, endMembership, lockPlace } from "./departures.ts"
import * as store from "./invitations.store.ts"
import { lockMember } from "./member-changes.ts"
import { acceptMembership, insertMember, requireCoversMember, requireOwnOrganization } from "./members.ts"
import { getOrganization } from "./organizations.ts"

const validDays = 7
const secondsBetweenMails = 60

/** Who is invited, into which organization, and with which role there. */
export type Invited = { inviteeEmails: string[]; organizationId: string; organizationRoleSlug: string }
export type InviteLink = { email: string; link: string }

/**
 * Invites addresses into the caller's organization. Each becomes a membership that is pending until its holder
 * accepts; who is in already is passed over. Returns the links, unless a mail server carries them.
 */
export async function invite(ctx: Context, input: Invited): Promise<InviteLink[] | undefined> {
  requireOwnOrganization(ctx, input.organizationId)
  const role = await requireRole(ctx, input.organizationRoleSlug)
  const granted = requireCovers(
    ctx.actor,
    role.rules,
    "You may not invite anyone with more than you may do yourself",
  )

  // In one order for all, so that two that invite the same people do not wait for each other crosswise.
  const usernames = [...new Set(input.inviteeEmails)].toSorted()
  const invited: { link: InviteLink; membershipId: string }[] = []
  for (const username of usernames) {
    const one = await inviteOne(ctx, granted, username, role)
    if (one) invited.push(one)
  }
  if (invited.length > 0) {
    await record(ctx, "invite-organization-members", {
      members: invited.map(({ link, membershipId }) => ({
        membershipId,
        email: link.email,
        role: role.slug,
      })),
    })
  }
  const links = invited.map(({ link }) => link)
  if (!ctx.services.mailer) return links
  await mailLinks(ctx, ctx.services.mailer, links)
  return undefined
}

async function inviteOne(ctx: Context, granted: Granted, username: string, role: Grantable) {
  const { orgId } = ctx.actor
  const user = await findOrCreateUser(ctx.db, username)
  const membershipId = await insertMember(ctx.db, granted, {
    orgId,
    user,
    role: role.stored,
    isAccepted: false,
  })
  if (!membershipId) return undefined
  return { membershipId, link: await newLink(ctx, membershipId, username) }
}

/** A new code for a membership that waits to be accepted, in a link. */
async function newLink(ctx: Context, membershipId: string, username: string): Promise<InviteLink> {
  const { orgId } = ctx.actor
  const code = randomHex(16)
  await store.insertInvitation(ctx.db, {
    org_id: orgId,
    id: newId(),
    membership_id: membershipId,
    inviter_membership_id: ctx.actor.membershipId,
    code_hash: hashOfCode(code),
    expires_at: new Date(Date.now() + validDays * 864e5),
  })
  const query = new URLSearchParams({ token: code, to: username, organization_id: orgId }).toString()
  return { email: username, link: `${ctx.services.siteUrl}/signupinvite?${query}` }
}

/**
 * Sends an invitation once more with a new code; the codes before it are dead. Returns the link, unless a mail server
 * carries it, and that at most once a minute.
 */
export async function resend(ctx: Context, membershipId: string): Promise<InviteLink | undefined> {
  const { orgId } = ctx.actor
  const member = await lockMember(ctx, { organizationId: orgId, membershipId })
  if (member.accepted_at) throw badRequest(`${member.username} has accepted the invitation already`)
  await requireCoversMember(ctx, member.id, "You may not invite anyone with more than you may do yourself")
  const { mailer } = ctx.services
  if (
    mailer &&
    (await store.wasInvitedWithin(ctx.db, { orgId, membershipId: member.id }, secondsBetweenMails))
  ) {
    throw new DomainError("RateLimited", "An invitation was mailed to this address less than a minute ago", {
      retryAfter: secondsBetweenMails,
    })
  }
  await endInvitationsOf(ctx.db, { orgId, membershipId: member.id })
  const link = await newLink(ctx, member.id, member.username)
  const metadata = { membershipId: member.id, userId: member.user_id, username: member.username }
  await record(ctx, "resend-organization-invitation", metadata)
  if (!mailer) return link
  await mailLinks(ctx, mailer, [link])
  return undefined
}

async function mailLinks(
  ctx: Context,
  mailer: NonNullable<Context["services"]["mailer"]>,
  links: InviteLink[],
) {
  const { name } = await getOrganization(ctx.db, ctx.actor.orgId)
  for (const { email, link } of links) {
    ctx.request.afterCommit(() =>
      mailer.send(invitationMail({ to: email, organization: name, link, validDays })),
    )
  }
}

/** What its link shows of an invitation. */
type Shown = { email: string; organizationId: string; code: string }

/** The open invitation of an address with this code; what fits none is 400, whatever is wrong with it. */
async function openInvitation(
  ctx: PublicContext,
  { email, organizationId, code }: Shown,
): Promise<store.InvitationRow> {
  const invitation = await store.invitationByCode(ctx.db, organizationId, hashOfCode(code))
  const isOpen = invitation && !invitation.used_at && !invitation.is_expired && !invitation.is_accepted
  if (!isOpen || invitation.username !== canonicalUsername(email)) throw invalidInvitation()
  return invitation
}

/** Says no to an invitation: the place that waited is given up. The code suffices, since nothing is gained by it. */
export async function decline(ctx: PublicContext, input: Shown): Promise<void> {
  const { org_id: orgId, id, membership_id: membershipId, user_id: userId } = await openInvitation(ctx, input)
  const place = { orgId, membershipId }
  const isMine = (await lockPlace(ctx.db, place)) && (await store.useInvitation(ctx.db, orgId, id))
  if (!isMine) throw invalidInvitation()
  await endMembership(ctx.db, place)
  const user = await requireUser(ctx.db, userId)
  await recordFrom(
    ctx.db,
    { request: ctx.request, orgId, actor: auditPerson(user) },
    "decline-organization-invitation",
    { membershipId, userId, username: user.username },
  )
}

export type Verified = { user: User; signupToken: string | undefined }

/**
 * Shows the code of an invitation. For an address without a completed account it gives a token to complete it with;
 * the holder of an account must be signed in with it, and accepts at once. Codes that fit nothing are 400 alike.
 */
export async function verifyInvitation(ctx: PublicContext, input: Shown): Promise<Verified> {
  const { organizationId: orgId } = input
  const invitation = await openInvitation(ctx, input)
  const user = await requireUser(ctx.db, invitation.user_id)
  if (!user.is_accepted) {
    const claims = { userId: user.id, orgId, invitationId: invitation.id }
    return { user, signupToken: ctx.services.tokens.signSignup(claims) }
  }
  await requireSignedInAs(ctx, user)
  await accept(ctx, invitation, user)
  return { user, signupToken: undefined }
}

/** Completes the account that an invitation made, and accepts the invitation. */
export async function completeInvited(
  ctx: PublicContext,
  claims: InvitationClaims,
  account: NewAccount,
): Promise<{ user: User; organizationId: string }> {
  const invitation = await store.invitationById(ctx.db, claims.orgId, claims.invitationId)
  if (!invitation || invitation.user_id !== claims.userId || invitation.used_at) throw invalidInvitation()
  if (invitation.username !== canonicalUsername(account.email))
    throw forbidden("The invitation is for another address")

  const user = await completeUser(ctx, claims.userId, account)
  if (!user) throw invalidInvitation()
  await accept(ctx, invitation, user)
  return { user, organizationId: claims.orgId }
}

async function accept(ctx: PublicContext, invitation: store.InvitationRow, user: User): Promise<void> {
  const { org_id: orgId, membership_id: membershipId } = invitation
  const isUsed = await store.useInvitation(ctx.db, orgId, invitation.id)
  const isAccepted = isUsed && (await acceptMembership(ctx.db, orgId, membershipId, user))
  if (!isAccepted) throw invalidInvitation()
  await beginMemberships(ctx, orgId, membershipId)
  await recordFrom(
    ctx.db,
    { request: ctx.request, orgId, actor: auditPerson(user) },
    "accept-organization-invitation",
    { membershipId, userId: user.id, username: user.username },
  )
}

async function requireSignedInAs(ctx: PublicContext, user: User): Promise<void> {
  const claims = identify({ authorization: ctx.request.header("authorization") }, ctx.services.tokens)
  const { actor } = await lookUp(ctx.db, claims, undefined, {
    ip: ctx.request.ip,
    beforeSecondFactor: false,
  })
  if (actor.kind !== "user" || actor.userId !== user.id) {
    throw forbidden("The invitation is for another account: sign in with the one it was sent to")
  }
}

const invalidInvitation = () =>
  badRequest("The invitation is not valid: it may have been used, have expired, or be for another address")
