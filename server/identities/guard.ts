import { requireCovers } from "../access/boundary.ts"
import type { Context } from "../context.ts"
import { forbidden } from "../errors.ts"
import { rulesOfRoles } from "../roles/held.ts"
import type { Identity } from "./identities.ts"
import * as store from "./identities.store.ts"

/**
 * Whoever can act as a machine identity, or decides how it signs in, has its rights: so they must hold all of them
 * already. `what` begins the sentence of the refusal. Throws 403 `PermissionBoundaryError`.
 */
export async function requireNotStronger(ctx: Context, identity: Identity, what: string): Promise<void> {
  requireInstanceAdminFor(ctx, identity, what)
  const { orgId } = ctx.actor
  const keys = await store.roleKeysOfIdentity(ctx.db, orgId, identity.id)
  for (const rules of await rulesOfRoles(ctx.db, orgId, keys)) requireCovers(ctx.actor, rules, what)
}

/** A machine identity that administers the instance is changed by those who administer it themselves. */
export function requireInstanceAdminFor(ctx: Context, identity: Identity, what: string): void {
  if (identity.is_instance_admin && !ctx.actor.isInstanceAdmin) {
    throw forbidden(`${what}: it administers the instance, and you do not`)
  }
}
