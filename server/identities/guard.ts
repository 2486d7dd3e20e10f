import { requireCovers } from "../access/boundary.ts"
import { isBuiltInRole } from "../access/roles.ts"
import type { Context } from "../context.ts"
import { forbidden } from "../errors.ts"
import type { Identity } from "./identities.ts"
import * as store from "./identities.store.ts"

/**
 * Whoever can act as a machine identity, or decides how it signs in, has its rights: so they must hold all of them
 * already. `what` begins the sentence of the refusal. Throws 403 `PermissionBoundaryError`.
 */
export async function requireNotStronger(ctx: Context, identity: Identity, what: string): Promise<void> {
  requireInstanceAdminFor(ctx, identity, what)
  const roles = await store.rolesOfIdentity(ctx.db, ctx.actor.orgId, identity.id)
  for (const role of roles) {
    if (!isBuiltInRole(role)) throw forbidden(`${what}: what its role ${role} allows is not known`)
    requireCovers(ctx.actor, role, what)
  }
}

/** A machine identity that administers the instance is changed by those who administer it themselves. */
export function requireInstanceAdminFor(ctx: Context, identity: Identity, what: string): void {
  if (identity.is_instance_admin && !ctx.actor.isInstanceAdmin) {
    throw forbidden(`${what}: it administers the instance, and you do not`)
  }
}
