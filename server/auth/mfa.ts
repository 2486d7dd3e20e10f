import type { UserActor } from "../access/actor.ts"
import type { PublicContext, SignedInContext } from "../context.ts"
import type { Queries } from "../db/database.ts"
import { badRequest, forbidden, unauthorized } from "../errors.ts"
import { requireUser, type User } from "../users/users.ts"
import { bearerToken, lookUp } from "./authenticate.ts"
import * as store from "./mfa.store.ts"
import { endSessions, refreshVersionOf, setRefreshCookie } from "./sessions.ts"
import * as totp from "./totp.ts"

export type MfaMethod = "email" | "totp"

/**
 * Turns the caller's second factor on or off. On needs a verified authenticator, and ends all other sessions: they
 * began without it.
 */
export async function setMfa(
  ctx: SignedInContext,
  input: { isMfaEnabled?: boolean | undefined; selectedMfaMethod?: MfaMethod | undefined },
): Promise<User> {
  const { userId, sessionId } = totp.requirePerson(ctx)
  requireOffered(input.selectedMfaMethod)
  if (input.isMfaEnabled) {
    const isVerified = await store.holdVerifiedAuthenticator(ctx.db, userId)
    if (!isVerified) throw badRequest("Register an authenticator and verify a code of it first")
  }
  if (input.isMfaEnabled !== undefined) {
    const isChanged = await store.setMfa(ctx.db, userId, input.isMfaEnabled)
    if (isChanged && input.isMfaEnabled) await endSessions(ctx.db, userId, sessionId)
  }
  return requireUser(ctx.db, userId)
}

/** Forgets the caller's authenticator. The second factor is off from then on, since there is no other. */
export async function removeTotp(ctx: SignedInContext): Promise<void> {
  const { userId } = totp.requirePerson(ctx)
  const isRemoved = await totp.removeAuthenticator(ctx.db, userId)
  if (!isRemoved) throw totp.noAuthenticator()
  await store.setMfa(ctx.db, userId, false)
}

/** A token that stands for the caller until the second factor is proved; nothing else takes it. */
export const halfwayToken = (ctx: SignedInContext, actor: UserActor): string =>
  ctx.services.tokens.signMfa({
    authMethod: actor.authMethod,
    userId: actor.userId,
    tokenVersionId: actor.sessionId,
    accessVersion: actor.accessVersion,
  })

/** Whether the holder of a halfway token has a verified authenticator. */
export async function hasTotp(ctx: PublicContext): Promise<boolean> {
  const { userId } = await requireHalfway(ctx)
  return isRegistered(ctx.db, userId)
}

/** Nothing is sent: an authenticator knows its codes by itself. */
export async function sendCode(ctx: PublicContext): Promise<void> {
  await requireHalfway(ctx)
}

/**
 * Takes a code of the authenticator, or a recovery code, for a halfway token: the session has then passed the second
 * factor. Each code is good once. Returns an access token without an organization.
 */
export async function verifyMfa(
  ctx: PublicContext,
  input: { code: string; method: MfaMethod },
): Promise<string> {
  const { userId, sessionId, ...actor } = await requireHalfway(ctx)
  requireOffered(input.method)
  await totp.countAttempt(ctx.db, userId)
  const authenticator = await totp.verifiedAuthenticator(ctx.db, userId)
  const prove = /^\d{6}$/.test(input.code) ? totp.proveCode : totp.proveRecoveryCode
  const attempt = authenticator && { authenticator, code: input.code }
  const isProved = attempt && (await prove(ctx, { userId, sessionId }, attempt))
  if (!isProved) throw forbidden("The code is wrong, or was used before")
  const { authMethod, accessVersion } = actor
  const claims = { authMethod, userId, tokenVersionId: sessionId }
  setRefreshCookie(ctx, { ...claims, refreshVersion: await refreshVersionOf(ctx.db, sessionId) })
  return ctx.services.tokens.signUser({ ...claims, accessVersion, isMfaVerified: true })
}

/** Throws for what is no halfway token, and for one whose session has ended. */
async function requireHalfway(ctx: PublicContext): Promise<UserActor> {
  const token = bearerToken(ctx.request.header("authorization"))
  const claims = token === undefined ? undefined : ctx.services.tokens.verifyMfa(token)
  if (!claims) throw unauthorized("Token missing")
  const signedIn = { ...claims, authTokenType: "accessToken" } as const
  const { actor } = await lookUp(ctx.db, signedIn, undefined, {
    ip: ctx.request.ip,
    beforeSecondFactor: true,
  })
  if (actor.kind !== "user") throw unauthorized("Token missing")
  return actor
}

function requireOffered(method: MfaMethod | undefined): void {
  if (method === "email") throw badRequest("Codes by e-mail are not offered: use an authenticator app")
}

const isRegistered = async (db: Queries, userId: string): Promise<boolean> =>
  (await totp.verifiedAuthenticator(db, userId)) !== undefined

/** Takes the second factor from an account whoever asks, for the operator of the server; false when it had none. */
export async function takeSecondFactor(db: Queries, userId: string): Promise<boolean> {
  const hadAuthenticator = await totp.removeAuthenticator(db, userId)
  const wasOn = await store.setMfa(db, userId, false)
  return hadAuthenticator || wasOn
}
