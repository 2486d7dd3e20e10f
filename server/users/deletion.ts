import { requireAnotherInstanceAdmin } from "../admin/admins.ts"
import { auditActor, recordFrom } from "../audit/audit.ts"
import { forgetSessions } from "../auth/sessions.ts"
import { removeAuthenticator } from "../auth/totp.ts"
import type { SignedInContext } from "../context.ts"
import { forbidden, notFound } from "../errors.ts"
import { endMembershipsOf } from "../organizations/departures.ts"
import { forgetMember } from "../organizations/members.ts"
import { forgetCodes } from "./email-codes.ts"
import type { Profile } from "./profile.ts"
import { eraseUser, lockUser } from "./users.ts"

/** Deletes the caller's own account. */
export async function deleteOwnAccount(ctx: SignedInContext): Promise<Profile> {
  if (ctx.actor.kind !== "user") throw forbidden("Only people have an account")
  return deleteAccount(ctx, ctx.actor.userId)
}

/**
 * Deletes an account: its places in all organizations end, its sessions, second factor and codes with it, and nothing
 * of the person stays but what audit logs tell. Its address may sign up anew. Throws 400 for the last admin of an
 * organization, and of the instance. Returns the account as it was.
 */
export async function deleteAccount(ctx: SignedInContext, userId: string): Promise<Profile> {
  const user = await lockUser(ctx.db, userId)
  if (!user) throw notFound(`There is no user with the ID ${userId}`)
  if (user.is_super_admin) await requireAnotherInstanceAdmin(ctx.db, user.id)
  const places = await endMembershipsOf(ctx.db, user.id)
  for (const { orgId, membershipId } of places) {
    const source = { request: ctx.request, orgId, actor: auditActor(ctx.actor) }
    await recordFrom(ctx.db, source, "delete-user", {
      membershipId,
      userId: user.id,
      username: user.username,
    })
  }
  await forgetMember(ctx.db, user.id)
  await forgetSessions(ctx.db, user.id)
  await removeAuthenticator(ctx.db, user.id)
  await forgetCodes(ctx.db, user.id)
  await eraseUser(ctx.db, user.id)
  return user
}
