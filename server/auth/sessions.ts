import type { PublicContext, SignedInContext } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { DomainError, forbidden, notFound, unauthorized } from "../errors.ts"
import { bearerToken } from "./authenticate.ts"
import { secondsOf } from "./lifetimes.ts"
import { requireSameSite } from "./same-site.ts"
import * as store from "./sessions.store.ts"
import { refreshDays, type RefreshClaims, type UserClaims } from "./token.ts"

export type Session = store.SessionRow

const cookie = "jid"
// Tabs of one browser may refresh at once: who comes second shortly after is refused without suspicion.
const graceSeconds = 10

type Refreshed = { token: string; organizationId: string | undefined }

/** Sets the cookie that gets the next access token of this session, good for so many seconds at most. */
export const setRefreshCookie = (
  ctx: Pick<PublicContext, "reply" | "services">,
  claims: Omit<RefreshClaims, "authTokenType">,
  atMostSeconds?: number,
): void => ctx.reply.setCookie(cookie, ctx.services.tokens.signRefresh(claims, atMostSeconds))

export const refreshVersionOf = store.refreshVersionOf

/**
 * A new access token for the refresh token in the cookie, which is used up by it: the cookie is set anew. Of any
 * number that bring the same one, one succeeds. One that was used up long ago has been copied: its session ends.
 */
export async function refresh(ctx: PublicContext): Promise<Refreshed> {
  requireSameSite(ctx.request, ctx.services.siteUrl)
  const claims = requireCookie(ctx)
  const { userId, tokenVersionId: sessionId, organizationId } = claims
  const key = { sessionId, userId }
  const session = await store.sessionToRefresh(ctx.db, { ...key, orgId: organizationId ?? null })
  if (!session || session.is_ended) throw invalidToken()
  if (session.refresh_version !== claims.refreshVersion) {
    await store.endReused(ctx.db, key, { version: claims.refreshVersion, graceSeconds })
    throw invalidToken()
  }
  if (!session.is_accepted) throw invalidToken()
  if (!session.is_member)
    throw forbidden("You are no active member of the organization that you had selected")

  const refreshVersion = await store.rotate(ctx.db, key, claims.refreshVersion)
  if (refreshVersion === undefined) throw invalidToken()
  const { authMethod } = claims
  const next = {
    authMethod,
    userId,
    tokenVersionId: sessionId,
    ...(organizationId ? { organizationId } : {}),
  }
  const atMost = secondsOf(session.token_expiration)
  setRefreshCookie(ctx, { ...next, refreshVersion }, atMost)
  const { access_version: accessVersion, is_mfa_verified: isMfaVerified } = session
  const token = ctx.services.tokens.signUser({ ...next, accessVersion, isMfaVerified }, atMost)
  return { token, organizationId }
}

/** Ends the session of the cookie and that of the access token; a cookie that is no good is cleared all the same. */
export async function logOut(ctx: PublicContext): Promise<void> {
  requireSameSite(ctx.request, ctx.services.siteUrl)
  const sent = ctx.request.cookie(cookie)
  const { tokens } = ctx.services
  const known = [
    sent ? orUndefined(() => tokens.verifyRefresh(sent)) : undefined,
    orUndefined(() => userClaims(ctx)),
  ]
  const sessions = known.filter((claims) => claims !== undefined)
  if (!sent && sessions.length === 0) throw noCookie()
  for (const { tokenVersionId, userId } of sessions) {
    await store.endSession(ctx.db, { sessionId: tokenVersionId, userId })
  }
  ctx.reply.setCookie(cookie, "")
}

/** The caller's sessions that have not ended. */
export async function listSessions(ctx: SignedInContext): Promise<Session[]> {
  if (ctx.actor.kind !== "user") return []
  return store.sessionsOfUser(ctx.db, ctx.actor.userId, refreshDays)
}

/** Ends one of the caller's sessions; an id that names none of them ends nothing. */
export async function removeSession(ctx: SignedInContext, sessionId: string): Promise<void> {
  const id = uuidOrNull(sessionId)
  if (ctx.actor.kind === "user" && id) await store.removeSessions(ctx.db, ctx.actor.userId, id)
}

/** Ends all of the caller's sessions, this one too. */
export async function removeSessions(ctx: SignedInContext): Promise<void> {
  if (ctx.actor.kind === "user") await store.removeSessions(ctx.db, ctx.actor.userId, null)
}

/** Ends every session of the person, or all but one; in the caller's transaction. */
export const endSessions = (db: Queries, userId: string, except?: string): Promise<void> =>
  store.endSessions(db, userId, except)

/** Ends every session of a person whose account is deleted, and forgets from where they were used. */
export const forgetSessions = store.forgetSessions

function userClaims(ctx: PublicContext): UserClaims | undefined {
  const token = bearerToken(ctx.request.header("authorization"))
  const claims = token === undefined ? undefined : ctx.services.tokens.verifyAccess(token)
  return claims?.authTokenType === "accessToken" ? claims : undefined
}

function requireCookie(ctx: PublicContext): RefreshClaims {
  const token = ctx.request.cookie(cookie)
  if (!token) throw noCookie()
  const claims = ctx.services.tokens.verifyRefresh(token)
  if (!claims) throw new DomainError("TokenError", "This is not a refresh token")
  return claims
}

/** What the function returns, or undefined where it refuses. */
function orUndefined<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof DomainError) return undefined
    throw error
  }
}

const noCookie = () => notFound("There is no refresh token in the request", { name: "AuthTokenNotFound" })
const invalidToken = () =>
  unauthorized("The refresh token is not valid any more: log in again", { name: "InvalidToken" })
