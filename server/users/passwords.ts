import { bearerToken } from "../auth/authenticate.ts"
import { forgetAttempts, userWithPassword } from "../auth/password-check.ts"
import type { PublicContext, SignedInContext } from "../context.ts"
import { randomHex } from "../crypto/ids.ts"
import { badRequest, DomainError, forbidden, unauthorized } from "../errors.ts"
import { passwordResetMail } from "../mail/account.ts"
import { canonicalUsername } from "../names.ts"
import { findCode, openCode, requireMailer, wrongCode } from "./email-codes.ts"
import * as store from "./passwords.store.ts"
import { requireUser, type User } from "./users.ts"

const purpose = "password-reset"
const lifetimeMinutes = 60

/** Changes the caller's password and ends all of their other sessions. */
export async function changePassword(
  ctx: SignedInContext,
  input: { currentPassword: string; password: string },
): Promise<void> {
  const { actor } = ctx
  if (actor.kind !== "user") throw forbidden("Only people have a password")
  const user = await userWithPassword(ctx, { username: actor.username, password: input.currentPassword })
  if (user?.id !== actor.userId) throw wrongPassword()
  const newHash = await ctx.services.passwords.hash(input.password)
  const change = { userId: user.id, oldHash: user.password_hash, newHash, exceptSession: actor.sessionId }
  if (!(await store.replacePassword(ctx.db, change))) throw wrongPassword()
}

/**
 * Mails a link to set a new password. Known and unknown addresses are answered alike and at once: what follows
 * happens after the answer, and that a link was sent a moment ago is not told either.
 */
export function requestReset(ctx: PublicContext, address: string): void {
  const mailer = requireMailer(ctx)
  const username = canonicalUsername(address) ?? ""
  ctx.request.afterCommit(async () => {
    const code = randomHex(32)
    const lifetimeSeconds = lifetimeMinutes * 60
    const to = await openCode(ctx, { username, purpose, address: null, code, lifetimeSeconds })
    if (to === undefined) return
    const query = new URLSearchParams({ token: code, to: username }).toString()
    const link = `${ctx.services.siteUrl}/password-reset?${query}`
    await mailer.send(passwordResetMail({ to, link, lifetimeMinutes }))
  })
}

/** The account of a mailed code, and a token to set its password with; a code that fits nothing is 400. */
export async function verifyReset(
  ctx: PublicContext,
  input: { email: string; code: string },
): Promise<{ user: User; token: string }> {
  const username = canonicalUsername(input.email) ?? ""
  const code = await findCode(ctx, { username, purpose, code: input.code })
  if (!code) throw wrongCode()
  const token = ctx.services.tokens.signPasswordReset({ userId: code.user_id, codeId: code.id })
  return { user: await requireUser(ctx.db, code.user_id), token }
}

/** Sets a new password with the token of a mailed code, which is good once, and ends every session of the account. */
export async function resetPassword(ctx: PublicContext, password: string): Promise<void> {
  const token = bearerToken(ctx.request.header("authorization"))
  if (!token) throw unauthorized("Token missing")
  const claims = ctx.services.tokens.verifyPasswordReset(token)
  if (!claims) throw new DomainError("TokenError", "This is not a token to reset a password with")
  const newHash = await ctx.services.passwords.hash(password)
  const username = await store.resetPassword(ctx.db, { ...claims, newHash })
  if (username === undefined) throw wrongCode()
  await forgetAttempts(ctx, username)
}

const wrongPassword = () => badRequest("The current password is wrong")

/** Sets somebody's password whoever asks, for the operator of the server; ends all sessions of the account. */
export const { forcePassword } = store
