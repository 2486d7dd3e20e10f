import type { SignedInContext } from "../context.ts"
import { forbidden } from "../errors.ts"
import { renameMember } from "../organizations/members.ts"
import * as store from "./profile.store.ts"
import { changeName, requireUser, type User } from "./users.ts"

/** What an account is shown with; never its password. */
export type Profile = Omit<User, "password_hash">

export const { profileFacts } = store

export const profileOf = (facts: store.ProfileFacts): Profile => ({
  id: facts.fact_id,
  username: facts.fact_username,
  email: facts.fact_email,
  first_name: facts.fact_first_name,
  last_name: facts.fact_last_name,
  is_accepted: facts.fact_is_accepted,
  is_super_admin: facts.fact_is_super_admin,
  is_mfa_enabled: facts.fact_is_mfa_enabled,
  consecutive_failed_mfa_attempts: facts.fact_consecutive_failed_mfa_attempts,
  created_at: facts.fact_created_at,
  updated_at: facts.fact_updated_at,
})

/** Changes the caller's name, also where organizations sort and search by it; "" takes the last name away. */
export async function rename(
  ctx: SignedInContext,
  name: { firstName: string; lastName?: string | undefined },
): Promise<Profile> {
  const { actor } = ctx
  if (actor.kind !== "user") throw forbidden("Only people have a name of their own")
  await changeName(ctx.db, actor.userId, name)
  const user = await requireUser(ctx.db, actor.userId)
  await renameMember(ctx.db, user)
  return user
}
