import type { OrganizationActor } from "./actor.ts"
import { PermissionBoundaryError } from "./access.ts"
import { builtInRules, type BuiltInRole } from "./roles.ts"
import type { OrganizationPermission } from "./vocabulary.ts"

/**
 * The privilege guard of the current privilege system (v2): whoever hands something out must hold the action
 * that is named for it, whatever the receiver's own level. `what` begins the sentence of the refusal.
 */
export function requireBoundary(
  actor: OrganizationActor,
  permission: OrganizationPermission,
  what: string,
): void {
  if (!actor.rights.can(permission)) throw new PermissionBoundaryError(what, permission)
}

/**
 * Nobody hands out more than they hold: every rule of the role must be covered by the caller's own rights.
 * For grants that have no action of their own, such as the role of an invited member.
 */
export function requireCovers(actor: OrganizationActor, role: BuiltInRole, what: string): void {
  for (const rule of builtInRules[role]) {
    for (const action of [rule.action].flat()) {
      const permission = [action, rule.subject] as unknown as OrganizationPermission
      if (!actor.rights.can(permission)) throw new PermissionBoundaryError(what, permission)
    }
  }
}
