import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { requireAuthMethod } from "./auth-methods.ts"
import { requireNotStronger } from "./guard.ts"
import { getIdentity } from "./identities.ts"
import * as store from "./lockouts.store.ts"

/** Lets every address that was locked out of universal auth try again; how many had failed. */
export async function clearLockouts(ctx: Context, identityId: string): Promise<number> {
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, "You may not decide how this machine identity signs in")
  await requireAuthMethod(ctx, identity, "universal-auth")
  const key = { orgId: identity.org_id, identityId: identity.id, method: "universal-auth" }
  const cleared = await store.clearLockouts(ctx.db, key)
  await record(ctx, "clear-identity-universal-auth-lockouts", { identityId: identity.id })
  return cleared
}
