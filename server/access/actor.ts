import type { Rights } from "./can.ts"

/** A person or a machine identity whose token was found good in the database for this very request. */
export type SignedInActor = UserActor | MachineActor

/** A caller acting in an organization, with the rights it holds there now. */
export type OrganizationActor = SignedInActor & {
  orgId: string
  /** The caller's place in the organization. */ membershipId: string
  /** False in an organization that still guards grants by comparing roles. */ usesNewPrivilegeSystem: boolean
  rights: Rights
  /** The custom roles among those that give the rights, each named by its id and its content. */
  customRoles: readonly string[]
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
