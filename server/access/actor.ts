import type { Rights } from "./can.ts"

/** Whoever brought a token that was found good in the database for this very request. */
export type SignedInActor = UserActor | MachineActor | ServiceActor

/** A caller acting in an organization, with the rights it holds there now. */
export type OrganizationActor = SignedInActor & {
  orgId: string
  /** The caller's place in the organization; a service token has none but itself. */ membershipId: string
  /** False in an organization that still guards grants by comparing roles. */ usesNewPrivilegeSystem: boolean
  rights: Rights
  /** The roles that give the rights: built-in ones by slug, custom ones by id and content. */
  roleKeys: readonly string[]
}

/**
 * `due`: the person has one and has not proved it in this session, which therefore opens next to nothing. `passed`
 * counts for the session, also once the person has turned it off.
 */
export type SecondFactor = "none" | "due" | "passed"

export type UserActor = {
  kind: "user"
  userId: string
  username: string
  email: string | null
  sessionId: string
  accessVersion: number
  /** Whether the person has to prove a second factor, and has in this session. */ secondFactor: SecondFactor
  /** Administers the server itself, whatever the organization. */ isInstanceAdmin: boolean
  authMethod: string
}

export type MachineActor = {
  kind: "machine"
  identityId: string
  name: string
  tokenId: string
  isInstanceAdmin: boolean
  authMethod: string
}

/** A service token, which stands for nobody else and is for one project alone. */
export type ServiceActor = {
  kind: "service"
  tokenId: string
  name: string
  isInstanceAdmin: false
  authMethod: "serviceToken"
}

/** As whom the caller is written down where something tells who made it. */
export function authorOf(actor: SignedInActor): { kind: "user" | "identity" | "service"; id: string } {
  if (actor.kind === "user") return { kind: "user", id: actor.userId }
  if (actor.kind === "machine") return { kind: "identity", id: actor.identityId }
  return { kind: "service", id: actor.tokenId }
}
