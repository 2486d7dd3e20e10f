import { DomainError } from "../errors.ts"
import type { OrganizationActor } from "./actor.ts"

/**
 * Thrown when what a caller was judged by is not true any more at the moment of the deed: nothing is done, and the
 * request is judged anew. Answered only when it changes again and again.
 */
export class StandingChanged extends DomainError {
  constructor() {
    super("Unavailable", "Your rights are being changed at this moment; try again shortly", { retryAfter: 1 })
  }
}

/** Throws `StandingChanged` unless the caller has the same place and the same rights as before. */
export function requireSameStanding(before: OrganizationActor, now: OrganizationActor): void {
  const isSame =
    before.membershipId === now.membershipId &&
    before.isInstanceAdmin === now.isInstanceAdmin &&
    before.usesNewPrivilegeSystem === now.usesNewPrivilegeSystem &&
    (before.rights === now.rights || JSON.stringify(before.rights.rules) === JSON.stringify(now.rights.rules))
  if (!isSame) throw new StandingChanged()
}
