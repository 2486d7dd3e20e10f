import type { UserActor } from "../access/actor.ts"
import { auditActor, recordFrom } from "../audit/audit.ts"
import type { PublicContext, SignedInContext } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { badRequest, forbidden, notFound } from "../errors.ts"
import { noteLogin } from "../organizations/members.ts"
import { joinedOrganization } from "../organizations/organizations.ts"
import type { User } from "../users/users.ts"
import { secondsOf } from "./lifetimes.ts"
import { userWithPassword } from "./password-check.ts"
import { refreshVersionOf, setRefreshCookie } from "./sessions.ts"
import * as store from "./login.store.ts"
import { halfwayToken } from "./mfa.ts"
import { mfaMethod } from "./token.ts"

const authMethod = "email"

/**
 * Signs a person in by password. An unknown address, an account that was never completed and a wrong password are
 * refused in the same words after the same work. Returns an access token without an organization.
 */
export async function login(ctx: PublicContext, input: { email: string; password: string }): Promise<string> {
  const user = await userWithPassword(ctx, { username: input.email, password: input.password })
  if (!user) throw wrongCredentials()
  return openSession(ctx, user)
}

/** Begins a session: sets the cookie that keeps it alive and returns its access token. */
export async function openSession(ctx: PublicContext, user: User): Promise<string> {
  const { ip, userAgent } = ctx.request
  const session = await store.insertSession(ctx.db, {
    id: newId(),
    userId: user.id,
    passwordHash: user.password_hash,
    ip,
    userAgent,
  })
  if (!session) throw wrongCredentials()
  const claims = { authMethod, userId: user.id, tokenVersionId: session.id }
  setRefreshCookie(ctx, { ...claims, refreshVersion: session.refresh_version })
  return ctx.services.tokens.signUser({ ...claims, accessVersion: session.access_version })
}

/**
 * A token for an organization that the person has joined; what it may do there is asked at each request. While a second
 * factor is due, a token to prove it with instead, and by which method.
 */
export async function selectOrganization(
  ctx: SignedInContext,
  organizationId: string,
): Promise<{ token: string; dueMethod: string | undefined }> {
  const { actor } = ctx
  if (actor.kind !== "user") throw forbidden("Only people select an organization")
  const id = uuidOrNull(organizationId)
  const organization = id && (await joinedOrganization(ctx.db, actor.userId, id))
  if (!organization) throw notFound(`There is no organization with the ID ${organizationId}`)
  if (!organization.is_active) {
    throw forbidden(
      `Your membership in the organization ${organization.name} is inactive: ask an admin of it`,
    )
  }
  if (organization.enforces_mfa && actor.secondFactor === "none") {
    throw forbidden(
      `The organization ${organization.name} asks for a second factor: register an authenticator and turn it on first`,
    )
  }
  if (actor.secondFactor === "due") return { token: halfwayToken(ctx, actor), dueMethod: mfaMethod }
  await noteLogin(ctx.db, { orgId: organization.id, userId: actor.userId, authMethod })
  await recordFrom(
    ctx.db,
    { request: ctx.request, orgId: organization.id, actor: auditActor(actor) },
    "select-organization",
    { organizationId: organization.id, organizationName: organization.name },
  )
  const atMostSeconds = secondsOf(organization.user_token_expiration)
  const token = await tokenOf(ctx, actor, { organizationId: organization.id, atMostSeconds })
  return { token, dueMethod: undefined }
}

/** A token of the same session without an organization, and its cookie, for who has just lost the one they chose. */
export async function tokenWithoutOrganization(ctx: SignedInContext): Promise<string> {
  if (ctx.actor.kind !== "user") throw forbidden("Only people select an organization")
  return tokenOf(ctx, ctx.actor, {})
}

/** A new token of the caller's session, with the cookie that goes with it. */
async function tokenOf(
  ctx: SignedInContext,
  actor: UserActor,
  { organizationId, atMostSeconds }: { organizationId?: string; atMostSeconds?: number | undefined },
): Promise<string> {
  const { userId, sessionId, accessVersion, secondFactor } = actor
  const chosen = organizationId === undefined ? {} : { organizationId }
  const claims = { authMethod, userId, tokenVersionId: sessionId, ...chosen }
  const refreshVersion = await refreshVersionOf(ctx.db, sessionId)
  setRefreshCookie(ctx, { ...claims, refreshVersion }, atMostSeconds)
  const isMfaVerified = secondFactor === "passed"
  return ctx.services.tokens.signUser({ ...claims, accessVersion, isMfaVerified }, atMostSeconds)
}

const wrongCredentials = () => badRequest("The address or the password is wrong")
