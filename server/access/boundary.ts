import type { OrganizationActor } from "./actor.ts"
import { PermissionBoundaryError, type Holder } from "./access.ts"
import { matches, type SubjectFields } from "./conditions.ts"
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

/**
 * What changing or ending these rules touches: what they allow, and what they forbid, since a prohibition that goes
 * gives as much as a rule that comes.
 */
export const touched = (rules: readonly Rule[]): Rule[] =>
  rules.map(({ subject, action, conditions }) => ({ subject, action, ...(conditions ? { conditions } : {}) }))

/** Whom a role of a project is given to or taken from, as the rules of the project see them. */
export type RoleHolder = { subject: "member" | "groups" | "identity"; fields: SubjectFields }

/**
 * The same for roles of a project. In the current system whoever gives one, or changes who has it, must be allowed to
 * assign exactly this role to exactly this holder; in the legacy one they must hold all that it allows. The role that
 * allows nothing is anybody's to give.
 */
export function requireAssignable(
  actor: Pick<OrganizationActor, "usesNewPrivilegeSystem" | "rights">,
  roles: readonly { slug: string; rules: readonly Rule[] }[],
  { subject, fields }: RoleHolder,
  what: string,
): Granted {
  for (const { slug, rules } of roles) {
    if (slug === "no-access") continue
    if (!actor.usesNewPrivilegeSystem) requireCovers(actor, rules, what)
    else if (!mayAssign(actor, subject, { ...fields, assignableRole: slug })) {
      const message = `${what}: you lack the permission assign-role on ${subject} for the role ${slug}`
      throw new PermissionBoundaryError(message, [{ action: "assign-role", subject }])
    }
  }
  return proof
}

/** One power with two names, the older of which old roles use: either gives it, and what forbids either forbids it. */
function mayAssign({ rights }: Holder, subject: RoleHolder["subject"], object: SubjectFields): boolean {
  const names = [
    ["assign-role", subject],
    ["grant-privileges", subject],
  ] as const
  const refused = names.filter((permission) => !rights.can(permission, object))
  const isForbidden = refused.some((permission) =>
    rights
      .rulesFor(permission)
      .some(({ inverted, conditions }) => inverted && matches(conditions ?? {}, object)),
  )
  return refused.length < names.length && !isForbidden
}
