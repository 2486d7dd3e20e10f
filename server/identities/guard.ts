import { requireCovers } from "../access/boundary.ts"
import type { Rule } from "../access/roles.ts"
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
  for (const rules of await rulesOfIdentity(ctx, identity)) requireCovers(ctx.actor, rules, what)
}

/** What each role of a machine identity allows, its own and those of its groups. */
export async function rulesOfIdentity(ctx: Context, identity: Identity): Promise<(readonly Rule[])[]> {
  const { orgId } = ctx.actor
  return rulesOfRoles(ctx.db, orgId, await store.roleKeysOfIdentity(ctx.db, orgId, identity.id))
}

/** A machine identity that administers the instance is changed by those who administer it themselves. */
export function requireInstanceAdminFor(ctx: Context, identity: Identity, what: string): void {
  if (identity.is_instance_admin && !ctx.actor.isInstanceAdmin) {
    throw forbidden(`${what}: it administers the instance, and you do not`)
  }
}
