import assert from "node:assert/strict"
import { codeOf } from "./authenticator.ts"
import type { Answer } from "./http.ts"
import type { Harness } from "./harness.ts"

type Caller = Pick<Harness, "call">

export type Organization = {
  id: string
  name: string
  /** A machine identity's token with the role admin. */ token: string
  /** The token of its first admin, a person. */ adminToken: string
  /** The same person's token without an organization. */ signedInToken: string
  adminUsername: string
}

/** Fails with what was answered unless it is 200; returns the body. */
export function ok(answer: Answer): any /* eslint-disable-line typescript/no-explicit-any */ {
  assert.equal(answer.status, 200, answer.text)
  return answer.body
}

const password = "correct horse battery staple"

/** Sets the instance up and signs its admin in. */
export async function bootstrap(harness: Caller, email = "ada@example.com"): Promise<Organization> {
  const body = { email, password, organization: "Acme" }
  const { organization, identity } = ok(await harness.call("POST /api/v1/admin/bootstrap", { body }))
  const signedInToken = await signIn(harness, email)
  return {
    id: organization.id,
    name: organization.name,
    token: identity.credentials.token,
    adminToken: await select(harness, signedInToken, organization.id),
    signedInToken,
    adminUsername: email,
  }
}

export async function signIn(harness: Caller, email: string): Promise<string> {
  return ok(await harness.call("POST /api/v3/auth/login", { body: { email, password } })).accessToken
}

/** Signs in as a browser does: the access token, and the cookie as it is sent back. */
export async function signInWithCookie(
  harness: Caller,
  email: string,
  secret = password,
): Promise<{ token: string; cookie: string }> {
  const answer = await harness.call("POST /api/v3/auth/login", { body: { email, password: secret } })
  return { token: ok(answer).accessToken, cookie: cookieOf(answer) }
}

/** The id of the session that a token belongs to. */
export const sessionOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).tokenVersionId

/** The cookie `jid` that an answer sets, as a browser sends it back; empty when it sets none. */
export function cookieOf({ headers }: Answer): string {
  const set = [headers["set-cookie"] ?? []].flat().find((text) => text.startsWith("jid="))
  return set?.split(";")[0] ?? ""
}

export async function select(harness: Caller, token: string, organizationId: string): Promise<string> {
  const answer = await harness.call("POST /api/v3/auth/select-organization", {
    token,
    body: { organizationId },
  })
  return ok(answer).token
}

export type Invitation = { email: string; organizationId: string; code: string }

/** Invites an address and leaves the invitation open. */
export async function invite(
  harness: Caller,
  organization: Organization,
  email: string,
  role = "member",
): Promise<Invitation> {
  const body = { inviteeEmails: [email], organizationId: organization.id, organizationRoleSlug: role }
  const answer = await harness.call("POST /api/v1/invite-org/signup", { token: organization.token, body })
  const [{ link }] = ok(answer).completeInviteLinks
  return { email, organizationId: organization.id, code: new URL(link).searchParams.get("token") ?? "" }
}

/** Makes so many people members who have no account yet, a hundred at a time; returns their usernames. */
export async function inviteMany(
  harness: Caller,
  { id, token }: Pick<Organization, "id" | "token">,
  count: number,
): Promise<string[]> {
  const usernames = Array.from({ length: count }, (_, index) => `person-${index}@example.com`)
  for (let first = 0; first < count; first += 100) {
    const inviteeEmails = usernames.slice(first, first + 100)
    const body = { inviteeEmails, organizationId: id, organizationRoleSlug: "member" }
    ok(await harness.call("POST /api/v1/invite-org/signup", { token, body }))
  }
  return usernames
}

/** Completes the account of an invitation; returns a token without an organization. */
export async function accept(harness: Caller, invitation: Invitation, firstName = "Grace"): Promise<string> {
  const { token } = ok(await harness.call("POST /api/v1/invite-org/verify", { body: invitation }))
  const body = { type: "email", email: invitation.email, firstName, lastName: "Hopper", password }
  return ok(await harness.call("POST /api/v3/signup/complete-account", { token, body })).token
}

/** A person of the organization with an account, and a token for it. */
export async function addPerson(
  harness: Caller,
  organization: Organization,
  { email, role = "member", firstName = "Grace" }: { email: string; role?: string; firstName?: string },
): Promise<string> {
  const token = await accept(harness, await invite(harness, organization, email, role), firstName)
  return select(harness, token, organization.id)
}

export type SecondFactor = {
  email: string
  otpUrl: string
  recoveryCodes: string[]
  /** Of a session begun after the second factor was turned on, which is due in it. */ signedInToken: string
  /** The cookie of that session. */ cookie: string
  /** Of the session in which it was turned on. */ provedToken: string
}

/** A member of the organization who has turned the second factor on, and used the present code up by it. */
export async function addSecondFactor(
  harness: Caller,
  organization: Organization,
  email: string,
  role = "member",
): Promise<SecondFactor> {
  const token = await accept(harness, await invite(harness, organization, email, role))
  const { otpUrl, recoveryCodes } = ok(await harness.call("POST /api/v1/user/me/totp/register", { token }))
  const totp = codeOf(otpUrl)
  ok(await harness.call("POST /api/v1/user/me/totp/verify", { token, body: { totp } }))
  ok(await harness.call("PATCH /api/v2/users/me/mfa", { token, body: { isMfaEnabled: true } }))
  const { token: signedInToken, cookie } = await signInWithCookie(harness, email)
  return { email, otpUrl, recoveryCodes, signedInToken, cookie, provedToken: token }
}

/** Another organization of its own, with an admin, on the same instance. */
export async function addOrganization(
  harness: Caller,
  organization: Organization,
  email = "eve@elsewhere.example",
): Promise<Organization> {
  const signedInToken = await accept(harness, await invite(harness, organization, email, "no-access"))
  const name = "Elsewhere"
  const created = await harness.call("POST /api/v2/organizations", { token: signedInToken, body: { name } })
  const { id } = ok(created).organization
  const adminToken = await select(harness, signedInToken, id)
  const token = await addMachine(harness, { id, token: adminToken }, "admin")
  return { id, name, token, adminToken, signedInToken, adminUsername: email }
}

/** A machine identity with a role, and a token for it. */
export async function addMachine(
  harness: Caller,
  organization: Pick<Organization, "id" | "token">,
  role: string,
): Promise<string> {
  return (await addIdentity(harness, organization, role)).token
}

export async function addIdentity(
  harness: Caller,
  { id, token }: Pick<Organization, "id" | "token">,
  role: string,
): Promise<{ id: string; token: string; tokenId: string }> {
  const body = { name: `${role} machine`, organizationId: id, role }
  const { identity } = ok(await harness.call("POST /api/v1/identities", { token, body }))
  const route = `POST /api/v1/auth/token-auth/identities/${identity.id}`
  ok(await harness.call(route, { token, body: {} }))
  const made = ok(await harness.call(`${route}/tokens`, { token, body: { name: "test" } }))
  const claims = JSON.parse(Buffer.from(made.accessToken.split(".")[1], "base64url").toString())
  return { id: identity.id, token: made.accessToken, tokenId: claims.identityAccessTokenId }
}

/** Universal auth for a machine identity that has none, and a client secret of it. */
export async function addClientSecret(
  harness: Caller,
  { token }: Pick<Organization, "token">,
  identityId: string,
  { settings = {}, secret = {} }: { settings?: object; secret?: object } = {},
): Promise<{ clientId: string; clientSecret: string; clientSecretId: string }> {
  const route = `POST /api/v1/auth/universal-auth/identities/${identityId}`
  const { identityUniversalAuth } = ok(await harness.call(route, { token, body: settings }))
  const made = ok(await harness.call(`${route}/client-secrets`, { token, body: secret }))
  return {
    clientId: identityUniversalAuth.clientId,
    clientSecret: made.clientSecret,
    clientSecretId: made.clientSecretData.id,
  }
}

/** A group of the organization. */
export async function addGroup(
  harness: Caller,
  organization: Pick<Organization, "token">,
  name: string,
  role = "no-access",
): Promise<{ id: string; name: string; slug: string }> {
  return ok(await harness.call("POST /api/v1/groups", { token: organization.token, body: { name, role } }))
}

/** The id of somebody's place in the organization. */
export async function membershipIdOf(
  harness: Caller,
  { id, token }: Pick<Organization, "id" | "token">,
  email: string,
): Promise<string> {
  const answer = await harness.call(`GET /api/v2/organizations/${id}/memberships`, { token })
  const users = ok(answer).users as { id: string; user: { username: string } }[]
  const place = users.find(({ user }) => user.username === email)
  assert.ok(place, `${email} is no member`)
  return place.id
}
