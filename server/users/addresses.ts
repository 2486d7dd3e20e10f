import { auditActor, recordFrom } from "../audit/audit.ts"
import { userWithPassword } from "../auth/password-check.ts"
import type { SignedInContext } from "../context.ts"
import { randomDigits } from "../crypto/ids.ts"
import { badRequest, forbidden } from "../errors.ts"
import { addressChangedMail, addressCodeMail } from "../mail/account.ts"
import { readdressMember } from "../organizations/members.ts"
import { closeCodes, openCode, requireCode, requireMailer, wrongCode } from "./email-codes.ts"
import type { Profile } from "./profile.ts"
import { changeUsername, requireUser } from "./users.ts"

const purpose = "email-change"
const lifetimeMinutes = 10

/**
 * Mails a code to the address that the caller wants to have. Whether somebody else has it is not told, nor that a code
 * was sent a moment ago.
 */
export async function requestAddress(
  ctx: SignedInContext,
  input: { newEmail: string; password: string },
): Promise<void> {
  const { actor } = ctx
  const mailer = requireMailer(ctx)
  if (actor.kind !== "user") throw forbidden("Only people have an address")
  const user = await userWithPassword(ctx, { username: actor.username, password: input.password })
  if (user?.id !== actor.userId) throw badRequest("The password is wrong")
  if (input.newEmail === user.username) throw badRequest("This is the address that you have")

  const code = randomDigits(6)
  const { newEmail: address } = input
  const lifetimeSeconds = lifetimeMinutes * 60
  const to = await openCode(ctx, { username: user.username, purpose, address, code, lifetimeSeconds })
  if (to === undefined) return
  ctx.request.afterCommit(() => mailer.send(addressCodeMail({ to, code, lifetimeMinutes })))
}

/**
 * Gives the caller's account the address that the code was mailed to, also as its username and in every organization.
 * Links to set a password that went to the old address end, and the old address is told.
 */
export async function changeAddress(
  ctx: SignedInContext,
  input: { newEmail: string; code: string },
): Promise<Profile> {
  const { actor } = ctx
  if (actor.kind !== "user") throw forbidden("Only people have an address")
  const address = await requireCode(ctx, { userId: actor.userId, purpose, code: input.code })
  if (address !== input.newEmail) throw wrongCode({ keepsChanges: true })

  await changeUsername(ctx.db, actor.userId, address)
  await closeCodes(ctx.db, actor.userId, [purpose, "password-reset"])
  const user = await requireUser(ctx.db, actor.userId)
  for (const orgId of await readdressMember(ctx.db, user)) {
    const source = { request: ctx.request, orgId, actor: auditActor(actor) }
    const metadata = { userId: user.id, oldUsername: actor.username, username: user.username }
    await recordFrom(ctx.db, source, "update-user-email", metadata)
  }
  const { mailer } = ctx.services
  const { email: oldAddress } = actor
  if (mailer && oldAddress) {
    ctx.request.afterCommit(() => mailer.send(addressChangedMail({ to: oldAddress, newAddress: address })))
  }
  return user
}
