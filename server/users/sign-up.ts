import { requireSignUpAllowed } from "../admin/settings.ts"
import { bearerToken } from "../auth/authenticate.ts"
import { openSession } from "../auth/login.ts"
import { limitSource } from "../auth/password-check.ts"
import type { PublicContext } from "../context.ts"
import { newId, randomDigits } from "../crypto/ids.ts"
import { badRequest, DomainError, forbidden, unauthorized } from "../errors.ts"
import { accountExistsMail, signUpCodeMail } from "../mail/account.ts"
import type { Mailer } from "../mail/mailer.ts"
import { canonicalUsername } from "../names.ts"
import { completeInvited } from "../organizations/invitations.ts"
import { foundOrganization } from "../organizations/organizations.ts"
import { closeCodes, openCode, requireCode, requireMailer, wrongCode } from "./email-codes.ts"
import { completeUser, findOrCreateUser, findUser, type NewAccount, type User } from "./users.ts"

const purpose = "sign-up"
const lifetimeMinutes = 10
const limit = { max: 10, windowSeconds: 3_600 }

/**
 * Mails a code to an address whose holder wants an account. Who has one already is told so, in a mail as well: the
 * answer is the same for every address and comes before anything is looked up. Ten an hour from one source.
 */
export async function requestSignUp(ctx: PublicContext, address: string): Promise<void> {
  const mailer = requireMailer(ctx)
  await requireSignUpAllowed(ctx.db, address)
  await limitSource(ctx, "sign-up", limit)
  ctx.request.afterCommit(() => mailCode(ctx, mailer, address))
}

async function mailCode(ctx: PublicContext, mailer: Mailer, username: string): Promise<void> {
  const user = await findOrCreateUser(ctx.db, username)
  const code = randomDigits(6)
  const lifetimeSeconds = lifetimeMinutes * 60
  // For an account that is complete it is sent to nobody; it keeps mails to one a minute.
  const to = await openCode(ctx, { username, purpose, address: username, code, lifetimeSeconds })
  if (to === undefined) return
  const mail = user.is_accepted ? accountExistsMail({ to }) : signUpCodeMail({ to, code, lifetimeMinutes })
  await mailer.send(mail)
}

/** Takes the mailed code, which is good once, for a token to complete the account with. */
export async function verifySignUp(
  ctx: PublicContext,
  input: { email: string; code: string },
): Promise<{ user: User; token: string }> {
  const username = canonicalUsername(input.email) ?? ""
  await requireSignUpAllowed(ctx.db, username)
  const user = await findUser(ctx.db, username)
  // For an address that nobody has given the same is done, to the same end.
  await requireCode(ctx, { userId: user?.id ?? newId(), purpose, code: input.code })
  if (!user || user.is_accepted) throw wrongCode({ keepsChanges: true })
  await closeCodes(ctx.db, user.id, [purpose])
  return { user, token: ctx.services.tokens.signSignup({ userId: user.id, purpose }) }
}

export type Completed = { user: User; token: string; organizationId: string | undefined }

/**
 * Completes an account with the token that the code of a sign-up or of an invitation gave, and signs its person in.
 * An invitation is accepted by it; a sign-up may found an organization.
 */
export async function completeAccount(
  ctx: PublicContext,
  input: NewAccount & { organizationName?: string | undefined },
): Promise<Completed> {
  const bearer = bearerToken(ctx.request.header("authorization"))
  if (!bearer) throw unauthorized("Token missing")
  const claims = ctx.services.tokens.verifySignup(bearer)
  if (!claims) throw new DomainError("TokenError", "This is not the token of a sign-up")
  const { user, organizationId } =
    "invitationId" in claims
      ? await completeInvited(ctx, claims, input)
      : await completeSignUp(ctx, claims.userId, input)
  return { user, token: await openSession(ctx, user), organizationId }
}

async function completeSignUp(
  ctx: PublicContext,
  userId: string,
  input: NewAccount & { organizationName?: string | undefined },
): Promise<{ user: User; organizationId: string | undefined }> {
  const username = canonicalUsername(input.email) ?? ""
  await requireSignUpAllowed(ctx.db, username)
  const user = await completeUser(ctx, userId, input)
  if (!user) throw badRequest("The account is complete already")
  if (user.username !== username) throw forbidden("The sign-up is for another address")
  if (input.organizationName === undefined) return { user, organizationId: undefined }
  const organization = await foundOrganization(ctx, user, input.organizationName)
  return { user, organizationId: organization.id }
}
