import { auditActor, recordFrom } from "../audit/audit.ts"
import type { PublicContext, SignedInContext } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { badRequest, forbidden, notFound } from "../errors.ts"
import { noteLogin } from "../organizations/members.ts"
import { joinedOrganization } from "../organizations/organizations.ts"
import type { User } from "../users/users.ts"
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
  if (!user) throw badRequest("The address or the password is wrong")
  return openSession(ctx, user)
}

/** Begins a session: sets the cookie that keeps it alive and returns its access token. */
export async function openSession(ctx: PublicContext, user: User): Promise<string> {
  const { ip, userAgent } = ctx.request
  const session = await store.insertSession(ctx.db, {
    id: newId(),
    user_id: user.id,
    ip_address: ip,
    user_agent: userAgent,
  })
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
  if (actor.secondFactor === "due") return { token: halfwayToken(ctx, actor), dueMethod: mfaMethod }
  await noteLogin(ctx.db, { orgId: organization.id, userId: actor.userId, authMethod })
  await recordFrom(
    ctx.db,
    { request: ctx.request, orgId: organization.id, actor: auditActor(actor) },
    "select-organization",
    { organizationId: organization.id, organizationName: organization.name },
  )
  const claims = {
    authMethod,
    userId: actor.userId,
    tokenVersionId: actor.sessionId,
    organizationId: organization.id,
  }
  setRefreshCookie(ctx, { ...claims, refreshVersion: await refreshVersionOf(ctx.db, actor.sessionId) })
  const { accessVersion, secondFactor } = actor
  const isMfaVerified = secondFactor === "passed"
  return {
    token: ctx.services.tokens.signUser({ ...claims, accessVersion, isMfaVerified }),
    dueMethod: undefined,
  }
}
