import type { OrganizationActor } from "./actor.ts"
import { PermissionBoundaryError, type Holder } from "./access.ts"
import { missingFrom } from "./covers.ts"
import type { Rule } from "./roles.ts"
import type { Permission } from "./vocabulary.ts"

/** Shows that the guard was asked: whatever gives a place or a role wants one. Nothing but this file makes them. */
export type Granted = InstanceType<typeof Proof>
class Proof {
  // Keeps TypeScript from taking any other object for one.
  readonly #isProof = true

  static has(value: Proof): boolean {
    return value.#isProof
  }
}
const proof = new Proof()

/** Why nobody has to be asked. */
export type Exemption =
  | "the role gives nothing"
  | "whoever founds an organization is its admin"
  | "whoever makes a project is its admin"
  | "the guard was asked when the person was put into the groups"

/** For what is given without asking the guard; `server/test/grants.test.ts` lists every use. */
export const ungoverned = (_reason: Exemption): Granted => proof

/**
 * The privilege guard (spec 1.17). In an organization of the current privilege system whoever hands something out must
 * hold the action that is named for it, whatever the receiver's own level. In one of the legacy system they must hold
 * every right of each role that is handed out or reached. `what` begins the sentence of the refusal. In a project the
 * caller's rights are those in it: `{ ...ctx.actor, rights: ctx.project.rights }`.
 */
export async function requireBoundary(
  actor: Pick<OrganizationActor, "usesNewPrivilegeSystem" | "rights">,
  permission: Permission,
  what: string,
  /** The rules of each role that is handed out or reached; asked for in the legacy system only. */
  roles: () => Promise<readonly (readonly Rule[])[]>,
): Promise<Granted> {
  if (!actor.usesNewPrivilegeSystem) {
    for (const rules of await roles()) requireCovers(actor, rules, what)
    return proof
  }
  if (actor.rights.can(permission)) return proof
  const [action, subject] = permission
  const message = `${what}: you lack the permission ${action} on ${subject}`
  throw new PermissionBoundaryError(message, [{ action, subject }])
}

/**
 * Nobody hands out more than they hold: everything that the rules allow must be covered by the caller's own rights.
 * For grants that have no action of their own, such as the role of an invited member.
 */
export function requireCovers({ rights }: Holder, rules: readonly Rule[], what: string): Granted {
  const missing = missingFrom(rights.rules, rules)
  const [first] = missing
  if (!first) return proof
  const message = `${what}: you lack the permission ${first.action} on ${first.subject}`
  throw new PermissionBoundaryError(message, missing)
}
