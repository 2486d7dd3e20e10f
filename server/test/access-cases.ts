import type { Endpoint } from "../http/endpoint.ts"
import type { Harness } from "./harness.ts"
import type { Call } from "./http.ts"
import { freshIdentity, identityCases } from "./identity-cases.ts"
import { adminCases } from "./admin-cases.ts"
import { explainCases } from "./explain-cases.ts"
import { folderCases } from "./folder-cases.ts"
import { historyCases } from "./history-cases.ts"
import { importCases } from "./import-cases.ts"
import { accountCases } from "./account-cases.ts"
import { passwordCases } from "./password-cases.ts"
import * as people from "./people.ts"
import { privilegeCases } from "./privilege-cases.ts"
import { projectCases } from "./project-cases.ts"
import { projectMemberCases } from "./project-member-cases.ts"
import { projectRoleCases } from "./project-role-cases.ts"
import { roleCases } from "./role-cases.ts"
import { addProject } from "./projects.ts"
import { secretCases } from "./secret-cases.ts"
import { serviceTokenCases } from "./service-token-cases.ts"
import { addServiceToken } from "./service-tokens.ts"
import { signUpCases } from "./sign-up-cases.ts"
import { tagCases } from "./tag-cases.ts"

/** What an endpoint is sent: a request that it answers with 200, or a variation of one. */
export type Request = {
  /** Values of the names in the path. */ path?: Record<string, string>
  /** Values of the query. */ query?: Record<string, string>
  /** Every field that the body may have. */ body?: Record<string, unknown>
  /** The token it must be sent with: the endpoint reads the header itself, or changes who sends it. */ token?: string
  /** The cookie, for endpoints of access "public" that read one. */ headers?: { cookie: string }
}

/** The callers and organizations that the tests over the list of endpoints share. */
export type World = {
  harness: Harness
  acme: people.Organization
  elsewhere: people.Organization
  /** An admin of `elsewhere` whom nobody else knows; `elsewhere`'s first admin is also a member of `acme`. */
  stranger: { token: string; signedInToken: string; username: string }
  /** People and machine identities of `acme`, by role. */
  holders: { role: "member" | "no-access"; kind: "user" | "machine"; token: string }[]
  /** A service token that opens all of a project of `acme`. */ serviceToken: string
}

export async function createWorld(harness: Harness): Promise<World> {
  const acme = await people.bootstrap(harness)
  const elsewhere = await people.addOrganization(harness, acme)
  const username = "mallory@elsewhere.example"
  const signedInToken = await people.accept(
    harness,
    await people.invite(harness, elsewhere, username, "admin"),
  )
  const token = await people.select(harness, signedInToken, elsewhere.id)
  const holders: World["holders"] = []
  for (const role of ["member", "no-access"] as const) {
    const person = await people.addPerson(harness, acme, { email: `${role}@example.com`, role })
    holders.push({ role, kind: "user", token: person })
    holders.push({ role, kind: "machine", token: await people.addMachine(harness, acme, role) })
  }
  const { token: serviceToken } = await addServiceToken(harness, await addProject(harness, acme))
  return { harness, acme, elsewhere, stranger: { token, signedInToken, username }, holders, serviceToken }
}

/**
 * Endpoints whose case is not answered 200 in these tests: setting up succeeds once, and has; the others need a mail
 * server, which would keep the invitations' links from the answers. They have tests of their own.
 */
export const withoutSuccess: ReadonlySet<string> = new Set([
  "bootstrapInstance",
  "signUpAdmin",
  "requestPasswordReset",
  "requestMyEmail",
  "requestSignUp",
])

let made = 0
const fresh = (what: string): string => `${what}-${++made}`
const freshAddress = (): string => `${fresh("guest")}@example.com`

async function freshInvited(harness: Harness, organization: people.Organization): Promise<string> {
  return (await people.invite(harness, organization, freshAddress())).email
}

async function freshMember(harness: Harness, organization: people.Organization) {
  const { id } = await people.addGroup(harness, organization, fresh("group"))
  const username = await freshInvited(harness, organization)
  people.ok(await harness.call(`POST /api/v1/groups/${id}/users/${username}`, { token: organization.token }))
  return { id, username }
}

const toCome = { from: "2997-01-01T00:00:00Z" }

async function freshMemberToCome(harness: Harness, organization: people.Organization) {
  const { id } = await people.addGroup(harness, organization, fresh("group"))
  const username = await freshInvited(harness, organization)
  const route = `POST /api/v1/groups/${id}/users/${username}`
  people.ok(await harness.call(route, { token: organization.token, body: toCome }))
  return { id, username }
}

async function freshIdentityBesideGroup(harness: Harness, organization: people.Organization) {
  const { id } = await people.addGroup(harness, organization, fresh("group"))
  return { id, machineIdentityId: await freshIdentity(harness, organization) }
}

async function freshCookie(harness: Harness, { adminUsername }: people.Organization) {
  const { cookie } = await people.signInWithCookie(harness, adminUsername)
  return { cookie }
}

async function freshPlace(harness: Harness, organization: people.Organization) {
  const { email } = await people.invite(harness, organization, freshAddress())
  // Not from the list of members, which these tests make long.
  const place = await harness.db
    .selectFrom("active_organization_user_memberships")
    .select("id")
    .where("org_id", "=", organization.id)
    .where("username", "=", email)
    .executeTakeFirstOrThrow()
  return { organizationId: organization.id, membershipId: place.id ?? "" }
}

/** A token of a person whom nobody else speaks for. */
const freshToken = (harness: Harness, organization: people.Organization): Promise<string> =>
  people.addPerson(harness, organization, { email: freshAddress() })

export type Make = (harness: Harness, organization: people.Organization) => Promise<Request>

/**
 * One line an endpoint: a request of that organization's admin that is answered 200, made anew by each call since
 * most succeed only once. An endpoint without a line fails the access test.
 */
export const cases: Record<string, Make> = {
  getStatus: async () => ({}),
  bootstrapInstance: async () => ({
    body: { email: "first@example.com", password: "correct horse battery staple", organization: "First" },
  }),
  signUpAdmin: async () => ({
    body: {
      email: "first@example.com",
      password: "correct horse battery staple",
      firstName: "First",
      lastName: "Admin",
    },
  }),
  // For an account of its own: wrong passwords are counted.
  async login(harness, organization) {
    const invitation = await people.invite(harness, organization, freshAddress())
    await people.accept(harness, invitation)
    return { body: { email: invitation.email, password: "correct horse battery staple" } }
  },
  ...passwordCases,
  refreshToken: async (harness, organization) => ({ headers: await freshCookie(harness, organization) }),
  checkAuthentication: async () => ({}),
  logOut: async (harness, organization) => ({ headers: await freshCookie(harness, organization) }),
  listSessions: async () => ({}),
  removeSessions: async (harness, organization) => ({ token: await freshToken(harness, organization) }),
  removeSession: async (harness, { adminUsername }) => ({
    path: { sessionId: people.sessionOf(await people.signIn(harness, adminUsername)) },
  }),
  deleteMe: async (harness, organization) => ({
    token: await people.accept(harness, await people.invite(harness, organization, freshAddress())),
  }),
  getCurrentUser: async () => ({}),
  getMe: async () => ({}),
  updateMyName: async () => ({ body: { firstName: "Ada", lastName: fresh("Lovelace") } }),
  updateMyAuthMethods: async () => ({ body: { authMethods: ["email"] } }),
  ...accountCases,
  ...adminCases,
  ...projectCases,
  ...folderCases,
  ...projectMemberCases,
  ...projectRoleCases,
  ...privilegeCases,
  ...secretCases,
  ...tagCases,
  ...importCases,
  ...serviceTokenCases,
  ...historyCases,
  ...explainCases,
  listOwnOrganizations: async () => ({}),
  listMyOrganizations: async () => ({}),
  getOwnPermissions: async (_harness, { id }) => ({ path: { organizationId: id } }),
  listAccessibleOrganizations: async () => ({}),
  upgradePrivilegeSystem: async ({ db }, { id }) => {
    await db
      .updateTable("organizations")
      .set({ uses_new_privilege_system: false })
      .where("id", "=", id)
      .execute()
    return {}
  },
  createOrganization: async () => ({ body: { name: fresh("organization") } }),
  getOrganization: async (_harness, { id }) => ({ path: { organizationId: id } }),
  updateOrganization: async (_harness, { id }) => ({
    path: { organizationId: id },
    body: {
      name: fresh("Organization"),
      slug: fresh("organization-slug"),
      defaultMembershipRoleSlug: "no-access",
      enforceMfa: false,
      userTokenExpiration: "30d",
      scimEnabled: false,
      authEnforced: false,
      googleSsoAuthEnforced: false,
      bypassOrgAuthEnabled: false,
    },
  }),
  getOrganizationPlan: async (_harness, { id }) => ({ path: { organizationId: id } }),
  async deleteOrganization(harness, { signedInToken }) {
    const { id, token } = await ownOrganization(harness, signedInToken)
    return { path: { organizationId: id }, token }
  },
  selectOrganization: async (_harness, { id }) => ({ body: { organizationId: id, userAgent: "cli" } }),
  listOrganizationMemberships: async (_harness, { id }) => ({ path: { organizationId: id } }),
  listOrganizationUsers: async (_harness, { id }) => ({ path: { organizationId: id } }),
  getOrganizationMembership: async (harness, organization) => ({
    path: await freshPlace(harness, organization),
  }),
  updateOrganizationMembership: async (harness, organization) => ({
    path: await freshPlace(harness, organization),
    body: { role: "admin", isActive: false, metadata: [{ key: "team", value: "blue" }] },
  }),
  deleteOrganizationMembership: async (harness, organization) => ({
    path: await freshPlace(harness, organization),
  }),
  listProjectMembershipsOfMember: async (harness, organization) => ({
    path: await freshPlace(harness, organization),
  }),
  inviteToOrganization: async (_harness, { id }) => ({
    body: {
      inviteeEmails: [freshAddress()],
      organizationId: id,
      organizationRoleSlug: "no-access",
      projects: [],
    },
  }),
  resendInvitation: async (harness, organization) => ({
    body: { membershipId: (await freshPlace(harness, organization)).membershipId },
  }),
  declineInvitation: async (harness, organization) => ({
    body: await people.invite(harness, organization, freshAddress()),
  }),
  // For an account that is complete: the call that changes something.
  async verifyInvitation(harness, organization) {
    const first = await people.invite(harness, organization, freshAddress())
    const token = await people.accept(harness, first)
    const maker = { ...organization, ...(await ownOrganization(harness, token)) }
    return {
      token: organization.signedInToken,
      body: await people.invite(harness, maker, organization.adminUsername),
    }
  },
  ...signUpCases,
  ...identityCases,
  ...roleCases,
  createGroup: async () => ({ body: { name: fresh("Group"), slug: fresh("group-slug"), role: "member" } }),
  listGroups: async () => ({}),
  getGroupById: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
  }),
  updateGroup: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
    body: { name: fresh("Renamed"), slug: fresh("renamed"), role: "member" },
  }),
  listGroupMemberships: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
    query: { state: "active", endsBefore: "2999-01-01T00:00:00Z" },
  }),
  updateGroupUser: async (harness, organization) => ({
    path: await freshMemberToCome(harness, organization),
    body: { from: "2998-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z" },
  }),
  async updateGroupMachineIdentity(harness, organization) {
    const path = await freshIdentityBesideGroup(harness, organization)
    const { token } = organization
    const route = `POST /api/v1/groups/${path.id}/machine-identities/${path.machineIdentityId}`
    people.ok(await harness.call(route, { token, body: toCome }))
    return { path, body: { from: "2998-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z" } }
  },
  getGroupMembershipSettings: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
  }),
  updateGroupMembershipSettings: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
    body: { defaultLifetime: "30d" },
  }),
  deleteGroup: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
  }),
  listGroupUsers: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
  }),
  addUserToGroup: async (harness, organization) => ({
    path: {
      id: (await people.addGroup(harness, organization, fresh("group"))).id,
      username: await freshInvited(harness, organization),
    },
  }),
  removeUserFromGroup: async (harness, organization) => ({ path: await freshMember(harness, organization) }),
  changeGroupMembers: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
    query: { mode: "perRow" },
    body: { members: [{ action: "add", username: await freshInvited(harness, organization) }] },
  }),
  listGroupMachineIdentities: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
  }),
  listGroupMembers: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
  }),
  listGroupProjects: async (harness, organization) => ({
    path: { id: (await people.addGroup(harness, organization, fresh("group"))).id },
  }),
  listOrganizationGroups: async (_harness, { id }) => ({ path: { organizationId: id } }),
  listGroupsOfUser: async (harness, organization) => ({
    path: { username: await freshInvited(harness, organization) },
  }),
  addMachineIdentityToGroup: async (harness, organization) => ({
    path: await freshIdentityBesideGroup(harness, organization),
  }),
  async removeMachineIdentityFromGroup(harness, organization) {
    const path = await freshIdentityBesideGroup(harness, organization)
    const route = `POST /api/v1/groups/${path.id}/machine-identities/${path.machineIdentityId}`
    people.ok(await harness.call(route, { token: organization.token }))
    return { path }
  },
  listAuditLogs: async () => ({}),
}

async function ownOrganization(harness: Harness, signedInToken: string) {
  const answer = await harness.call("POST /api/v2/organizations", {
    token: signedInToken,
    body: { name: fresh("organization") },
  })
  const { id } = people.ok(answer).organization
  const token = await people.select(harness, signedInToken, id)
  return { id, token }
}

/**
 * The line of an endpoint, with no more names in its path than the route has: routes that name one thing in several
 * ways share a line. Throws when there is none.
 */
export function caseOf(endpoint: Endpoint): Make {
  const make = cases[endpoint.id]
  if (!make) throw new Error(`The endpoint ${endpoint.id} needs a line in server/test/access-cases.ts.`)
  return async (harness, organization) => {
    const { path, ...request } = await make(harness, organization)
    const inRoute = Object.entries(path ?? {}).filter(([name]) => endpoint.path.includes(`{${name}}`))
    return inRoute.length > 0 ? { ...request, path: Object.fromEntries(inRoute) } : request
  }
}

const kept = new Map<string, Promise<Request>>()

/** One request of the endpoint for all who ask: for refusals alone, which leave it as good as it was. */
export function keptCaseOf(
  endpoint: Endpoint,
  harness: Harness,
  organization: people.Organization,
): Promise<Request> {
  const key = `${endpoint.id} ${organization.id}`
  const request = kept.get(key) ?? caseOf(endpoint)(harness, organization)
  kept.set(key, request)
  return request
}

/** The token of an organization's admin that the endpoint takes. */
export function adminTokenFor(
  endpoint: Endpoint,
  organization: Pick<people.Organization, "token" | "adminToken" | "signedInToken">,
): string {
  if (endpoint.access === "signedIn" && endpoint.callers.includes("user")) return organization.signedInToken
  return endpoint.callers.includes("machine") ? organization.token : organization.adminToken
}

/** Method and path of a request, every value of the path percent-encoded. */
export function routeOf(endpoint: Endpoint, request: Request): string {
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(request.path?.[name] ?? ""),
  )
  const query = request.query ? `?${new URLSearchParams(request.query).toString()}` : ""
  return `${endpoint.method} ${path}${query}`
}

/** Sends a request; `options` replaces what the request would send. */
export const send = (
  { call }: Harness,
  endpoint: Endpoint,
  { request, ...options }: { request: Request } & Call,
) =>
  call(routeOf(endpoint, request), {
    body: request.body,
    token: request.token,
    ...(request.headers ? { headers: request.headers } : {}),
    ...options,
  })
