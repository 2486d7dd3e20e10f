import type { OrganizationActor, SecondFactor, SignedInActor } from "../access/actor.ts"
import type { CallerKind } from "../access/access.ts"
import { rightsOf, type Rights } from "../access/can.ts"
import type { FoundProject } from "../access/project.ts"
import { rightsOfServiceToken, type ServiceTokenPermission } from "../access/service-tokens.ts"
import type { Named } from "../access/templates.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { hashOfCode, sameText } from "../crypto/keys.ts"
import type { Queries } from "../db/database.ts"
import { badRequest, DomainError, forbidden, notFound, unauthorized } from "../errors.ts"
import { isTrusted } from "../identities/trusted-ips.ts"
import { projectRights } from "../projects/held.ts"
import { rightsOfRoles } from "../roles/held.ts"
import * as store from "./callers.store.ts"
import { noteUse as noteSessionUse } from "./sessions.store.ts"
import { holdStanding } from "./standing.store.ts"
import type { AccessClaims, MachineClaims, ServiceClaims, Tokens, UserClaims } from "./token.ts"

export type Headers = { authorization?: string | undefined; "x-api-key"?: string | string[] | undefined }

/** A caller as the database knows it at this moment, and the row that also has the facts read beside it. */
export type Caller = {
  actor: SignedInActor | OrganizationActor
  facts: unknown
  /** The project that the request is about, if there is one. */ project?: FoundProject
  /** Notes that the session or service token was used; absent where that was noted a moment ago. */
  noteUse?: (db: Queries) => Promise<void>
  /** The token has a limit of uses, and this one is still to be counted. */ isLimited?: boolean
}

export type { Beside } from "./callers.store.ts"

/**
 * Keeps all that the caller acts by as it is until the transaction ends, in the project, too, if they act in one. What
 * has changed before shows when the caller is looked up once more outside of it.
 */
export const holdCaller = (db: Queries, actor: OrganizationActor, projectId?: string): Promise<void> =>
  holdStanding(db, {
    kind: actor.kind,
    orgId: actor.orgId,
    membershipId: actor.membershipId,
    credentialId: actor.kind === "user" ? actor.sessionId : actor.tokenId,
    projectId,
  })

export const isInOrganization = (actor: SignedInActor | OrganizationActor): actor is OrganizationActor =>
  "orgId" in actor

/**
 * Reads the claims of the caller's token without touching the database (spec 3.1). Throws 401 when there is none,
 * 403 `TokenError` when it is not one of ours, 400 for the API keys of old.
 */
export function identify(headers: Headers, tokens: Tokens): AccessClaims {
  if (headers["x-api-key"] !== undefined) {
    throw badRequest("API keys are no longer supported: use the token of a machine identity")
  }
  const token = bearerToken(headers.authorization)
  if (token === undefined) throw unauthorized("Token missing")
  if (token.startsWith("st.")) return serviceClaims(token)
  const claims = tokens.verifyAccess(token)
  if (!claims) throw unauthorized("Token missing")
  return claims
}

/** `st.<id>.<secret>`; what a client has put behind that is a key of its own. */
function serviceClaims(token: string): ServiceClaims {
  const [, id = "", secret = ""] = token.split(".")
  const tokenId = uuidOrNull(id)
  if (tokenId === null) throw noSuchServiceToken()
  return { authTokenType: "serviceToken", tokenId, secretHash: hashOfCode(secret) }
}

const noSuchServiceToken = () => notFound("There is no such service token")

/** What kind of caller brings such a token. */
export const kindOf = ({ authTokenType }: AccessClaims): CallerKind => kinds[authTokenType]
const kinds = { accessToken: "user", identityAccessToken: "machine", serviceToken: "service" } as const

/** The token of an `Authorization: Bearer …` header; what is not of that form counts as no token. */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1]

/**
 * Asks the database who the caller is now: token, account, membership and roles in one statement, together with
 * the facts that the endpoint wants. What a token once said about them counts for nothing. Throws 401 while a second
 * factor is due, unless the caller is to be heard before it. `ip` is where the token came from.
 */
export const lookUp = (
  db: Queries,
  claims: AccessClaims,
  beside: store.Beside | undefined,
  { ip, beforeSecondFactor }: { ip: string; beforeSecondFactor: boolean },
): Promise<Caller> => {
  const also = beside ?? nothing
  if (claims.authTokenType === "serviceToken") return lookUpService(db, claims, also)
  if (claims.authTokenType !== "accessToken") return lookUpMachine(db, claims, also, ip)
  return beforeSecondFactor ? lookUpUser(db, claims, also) : lookUpWholeUser(db, claims, also)
}

const nothing: store.Beside = { facts: undefined, values: [], project: undefined }

/** The person, unless a second factor is still due. */
async function lookUpWholeUser(db: Queries, claims: UserClaims, beside: store.Beside): Promise<Caller> {
  const caller = await lookUpUser(db, claims, beside)
  if (caller.actor.kind === "user" && caller.actor.secondFactor === "due") {
    throw unauthorized("Your second factor is due: select the organization and give a code", {
      name: "SecondFactorDue",
    })
  }
  return caller
}

async function lookUpUser(db: Queries, claims: UserClaims, beside: store.Beside): Promise<Caller> {
  const { userId, tokenVersionId: sessionId, organizationId } = claims
  const row = await store.userCaller(db, { orgId: organizationId ?? null, sessionId, userId }, beside)
  if (!row) throw notFound("Your session has ended: log in again", { name: "Session not found" })
  if (row.is_ended || row.access_version !== claims.accessVersion) {
    throw unauthorized("Your session has ended: log in again", { name: "StaleSession" })
  }
  if (!row.is_accepted) throw notFound("The account has not completed its sign-up")
  const actor: SignedInActor = {
    kind: "user",
    userId,
    username: row.username,
    email: row.email,
    sessionId,
    accessVersion: row.access_version,
    secondFactor: secondFactorOf(row),
    isInstanceAdmin: row.is_super_admin,
    authMethod: claims.authMethod,
  }
  const used = row.is_use_due ? { noteUse: (pool: Queries) => noteSessionUse(pool, sessionId) } : {}
  if (!organizationId) return { actor, facts: row, ...used }
  if (!row.membership_id)
    throw forbidden("You are no member of the organization that your token was made for")
  if (row.is_inactive) throw forbidden("Your membership in the organization is inactive: ask an admin of it")
  const usesNewPrivilegeSystem = row.uses_new_privilege_system
  const place = { orgId: organizationId, membershipId: row.membership_id, usesNewPrivilegeSystem }
  const pairs = (row.metadata ?? []).map(({ key, value }) => [key, value] as const)
  const named = { id: userId, username: row.username, metadata: Object.fromEntries(pairs) }
  const project = await projectOf(db, { orgId: organizationId, named }, row)
  return { actor: await withRights(db, actor, place, row.roles), facts: row, ...project, ...used }
}

async function lookUpMachine(
  db: Queries,
  claims: MachineClaims,
  beside: store.Beside,
  ip: string,
): Promise<Caller> {
  const { identityId, identityAccessTokenId: tokenId, orgId } = claims
  const row = await store.machineCaller(db, { orgId, tokenId, identityId }, beside)
  if (!row || row.is_revoked || row.is_expired) throw unauthorized("Your access token is not valid any more")
  if (row.trusted_ips && !isTrusted(row.trusted_ips, ip)) {
    throw forbidden("Your access token may not be used from your address")
  }
  if (!row.membership_id) throw forbidden("The machine identity is no member of its organization any more")
  const { authMethod } = claims
  const isInstanceAdmin = row.is_instance_admin
  const actor: SignedInActor = {
    kind: "machine",
    identityId,
    name: row.name,
    tokenId,
    isInstanceAdmin,
    authMethod,
  }
  const usesNewPrivilegeSystem = row.uses_new_privilege_system
  const place = { orgId, membershipId: row.membership_id, usesNewPrivilegeSystem }
  const named = { id: identityId, username: row.name, metadata: Object.fromEntries(row.metadata ?? []) }
  const project = await projectOf(db, { orgId, named }, row)
  const whole = await withRights(db, actor, place, row.roles)
  return { actor: whole, facts: row, ...project, isLimited: row.is_limited }
}

/** A service token: what it may do in its project is what its places and permissions are at this moment. */
async function lookUpService(db: Queries, claims: ServiceClaims, beside: store.Beside): Promise<Caller> {
  const row = await store.serviceCaller(db, claims.tokenId, beside)
  if (!row) throw noSuchServiceToken()
  if (!sameText(row.secret_hash, claims.secretHash))
    throw unauthorized("The secret part of the service token is wrong")
  if (row.is_expired) throw new DomainError("TokenError", "Your service token has expired")
  const { org_id: orgId, id: tokenId, name } = row
  const actor: OrganizationActor = {
    kind: "service",
    tokenId,
    name,
    isInstanceAdmin: false,
    authMethod: "serviceToken",
    orgId,
    membershipId: tokenId,
    usesNewPrivilegeSystem: true,
    roleKeys: [],
    rights: rightsOf("nothing", () => []),
  }
  const scopes = row.scopes.map(([environment, secretPath]) => ({ environment, secretPath }))
  const rights = rightsOfServiceToken(scopes, row.permissions as ServiceTokenPermission[])
  const project = projectOfRow(row, rights)
  const used = row.is_use_due
    ? { noteUse: (pool: Queries) => store.noteServiceUse(pool, orgId, tokenId) }
    : {}
  return { actor, facts: row, ...(project ? { project } : {}), ...used }
}

/** The project of the row with the caller's rights in it, if there is one. */
async function projectOf(
  db: Queries,
  caller: { orgId: string; named: Named },
  row: store.ProjectColumns,
): Promise<{ project?: FoundProject }> {
  if (!row.project_id) return {}
  const project = projectOfRow(row, await projectRights(db, caller, row.project_rules ?? []))
  return project ? { project } : {}
}

function projectOfRow(row: store.ProjectColumns, rights: Rights): FoundProject | undefined {
  const { project_id: id, project_name: name = "", project_slug: slug = "", project_type: type = "" } = row
  const { is_in_project: isMember = false, project_rules: ruleKeys = [] } = row
  return id ? { id, name, slug, type, isMember, rights, ruleKeys } : undefined
}

function secondFactorOf(row: store.UserRow): SecondFactor {
  if (row.is_mfa_verified) return "passed"
  return row.is_mfa_enabled ? "due" : "none"
}

type Place = { orgId: string; membershipId: string; usesNewPrivilegeSystem: boolean }

const withRights = async (
  db: Queries,
  actor: SignedInActor,
  place: Place,
  roles: string[],
): Promise<OrganizationActor> => ({
  ...actor,
  ...place,
  roleKeys: roles,
  rights: await rightsOfRoles(db, place.orgId, roles),
})
