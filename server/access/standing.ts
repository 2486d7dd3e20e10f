import { DomainError } from "../errors.ts"
import type { OrganizationActor } from "./actor.ts"
import type { Rights } from "./can.ts"
import type { FoundProject, Project } from "./project.ts"

/**
 * Thrown when what a caller was judged by is not true any more at the moment of the deed: nothing is done, and the
 * request is judged anew. Answered only when it changes again and again.
 */
export class StandingChanged extends DomainError {
  constructor() {
    super("Unavailable", "Your rights are being changed at this moment; try again shortly", { retryAfter: 1 })
  }
}

/** Where somebody acts from and by what, for a write that looks at both again. Service tokens make no such writes. */
export const credentialOf = (actor: OrganizationActor) => ({
  kind: actor.kind === "user" ? ("user" as const) : ("machine" as const),
  membershipId: actor.membershipId,
  credentialId: actor.kind === "user" ? actor.sessionId : actor.tokenId,
})

/** Throws `StandingChanged` unless the caller has the same place and the same rights as before. */
export function requireSameStanding(before: OrganizationActor, now: OrganizationActor): void {
  const isSame =
    before.membershipId === now.membershipId &&
    before.isInstanceAdmin === now.isInstanceAdmin &&
    before.usesNewPrivilegeSystem === now.usesNewPrivilegeSystem &&
    areSame(before.rights, now.rights)
  if (!isSame) throw new StandingChanged()
}

/** The same for the project in which the caller acts: still that one, still in it, with the same rights. */
export function requireSameProject(before: Project, now: FoundProject | undefined): void {
  const isSame = now?.isMember && before.id === now.id && areSame(before.rights, now.rights)
  if (!isSame) throw new StandingChanged()
}

const areSame = (before: Rights, now: Rights): boolean =>
  before === now || JSON.stringify(before.rules) === JSON.stringify(now.rules)
