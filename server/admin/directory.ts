import { auditActor, recordFrom } from "../audit/audit.ts"
import type { SignedInContext } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import { deleteAccount } from "../users/deletion.ts"
import type { Profile } from "../users/profile.ts"
import { lockUser, requireUser } from "../users/users.ts"
import { requireAnotherInstanceAdmin } from "./admins.ts"
import * as admins from "./admins.store.ts"

export { identities, organizations, users } from "./directory.store.ts"
export type { IdentityRow, OrganizationRow, UserRow } from "./directory.store.ts"

/** Deletes anybody's account; each of their organizations has it in its audit log. */
export async function deleteUser(ctx: SignedInContext, userId: string): Promise<Profile> {
  const id = uuidOrNull(userId)
  if (!id) throw noSuchUser(userId)
  return deleteAccount(ctx, id)
}

/** Lets somebody with an account administer the instance, or no more; one who does always stays. */
export async function setUserAdmin(ctx: SignedInContext, userId: string, isAdmin: boolean): Promise<Profile> {
  const id = uuidOrNull(userId)
  const user = id && (await lockUser(ctx.db, id))
  if (!user) throw noSuchUser(userId)
  if (isAdmin && !user.is_accepted) throw badRequest(`${user.username} has not completed the sign-up yet`)
  if (!isAdmin && user.is_super_admin) await requireAnotherInstanceAdmin(ctx.db, user.id)
  await admins.setUserAdmin(ctx.db, user.id, isAdmin)
  return requireUser(ctx.db, user.id)
}

/** The same for a machine identity, which its organization has in its audit log. */
export async function setIdentityAdmin(
  ctx: SignedInContext,
  identityId: string,
  isAdmin: boolean,
): Promise<admins.AdminIdentityRow> {
  const id = uuidOrNull(identityId)
  const identity = id && (await admins.setIdentityAdmin(ctx.db, id, isAdmin))
  if (!identity) throw notFound(`There is no machine identity with the ID ${identityId}`)
  const source = { request: ctx.request, orgId: identity.org_id, actor: auditActor(ctx.actor) }
  const metadata = { identityId: identity.id, name: identity.name, isInstanceAdmin: isAdmin }
  await recordFrom(ctx.db, source, "update-identity-instance-admin", metadata)
  return identity
}

const noSuchUser = (userId: string) => notFound(`There is no user with the ID ${userId}`)
