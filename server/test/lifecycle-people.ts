import { type Credential, type Event, type HolderOptions } from "./lifecycle.ts"
import type { MailServer } from "./mail-server.ts"
import * as people from "./people.ts"
import type { Server, TwoServers } from "./two-servers.ts"

/** Where the suites happen: two servers of which the second one sends mail. */
export type Place = TwoServers & { mail: MailServer }

const password = "correct horse battery staple"
/** What they set in its place. */
export const another = "another long password"

/** A person with everything that lets people in, who administers the instance. */
export type Person = {
  organization: people.Organization
  email: string
  userId: string
  membershipId: string
  /** Of the session that passed the second factor. */ signedIn: string
  selected: string
  cookie: { jid: string }
  /** Of another session, in which the second factor is due. */ due: string
  dueCookie: { jid: string }
  halfway: string
  recoveryCode: string
  resetCode: string
  resetToken: string
  changeCode: string
  /** Gives the right to read roles. */ ownRole: string
  /** Its role gives the right to read groups. */ groupId: string
  groupRole: string
  newEmail: string
  /** Of a machine identity that administers the instance. */ instanceToken: string
}

let made = 0
const fresh = (what: string): string => `${what}-${++made}`
export const freshAddress = (): string => `${fresh("somebody")}@example.com`

/** A role that allows one thing. */
export async function addRole(server: Server, token: string, subject: string) {
  const body = { slug: fresh("role"), name: "Role", permissions: [{ subject, action: ["read"] }] }
  const { role } = people.ok(await server.call("POST /api/v1/organization/roles", { token, body }))
  return { id: String(role.id), slug: String(role.slug) }
}

/** A group with a role of its own that gives the right to read groups. */
export async function addGivingGroup(server: Server, organization: people.Organization) {
  const role = await addRole(server, organization.token, "groups")
  const group = await people.addGroup(server, organization, fresh("Givers"), role.slug)
  return { groupId: group.id, groupRole: role.id }
}

/** Another organization of the same admin, with a machine identity that administers it. */
export async function ownOrganization({ left, acme }: Place): Promise<people.Organization> {
  const body = { name: fresh("Own") }
  const created = await left.call("POST /api/v2/organizations", { token: acme.signedInToken, body })
  const { id } = people.ok(created).organization
  const adminToken = await people.select(left, acme.signedInToken, id)
  const token = await people.addMachine(left, { id, token: adminToken }, "admin")
  return { ...acme, id, token, adminToken }
}

/** The code of the mail that came to this address. */
export async function mailedCode({ mail }: Place, address: string, pattern: RegExp): Promise<string> {
  const { text } = await mail.mailTo(address)
  const found = pattern.exec(text.replace(/\r/g, ""))?.[1]
  if (!found) throw new Error(`No code in ${text}`)
  return found
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())

export async function makePerson(place: Place, options: HolderOptions): Promise<Person> {
  const { left, acme } = place
  const organization = options.ownOrganization ? await ownOrganization(place) : acme
  const email = freshAddress()
  const ownRole = await addRole(left, organization.token, "role")
  const factor = await people.addSecondFactor(left, organization, email, ownRole.slug)
  const signedIn = factor.provedToken
  const selecting = { token: signedIn, body: { organizationId: organization.id } }
  const selection = await left.call("POST /api/v3/auth/select-organization", selecting)
  const group = await addGivingGroup(left, organization)
  const admin = { token: organization.token }
  people.ok(await left.call(`POST /api/v1/groups/${group.groupId}/users/${email}`, admin))
  const { userId } = claimsOf(signedIn)
  people.ok(await left.call(`PATCH /api/v1/admin/user-management/users/${userId}/admin-access`, acme))
  return {
    organization,
    email,
    userId,
    membershipId: await people.membershipIdOf(left, organization, email),
    signedIn,
    selected: people.ok(selection).token,
    cookie: { jid: people.cookieOf(selection) },
    due: factor.signedInToken,
    dueCookie: { jid: factor.cookie },
    halfway: await people.select(left, factor.signedInToken, organization.id),
    recoveryCode: factor.recoveryCodes[0] ?? "",
    ownRole: ownRole.id,
    instanceToken: acme.token,
    ...group,
    ...(await mailedCodes(place, email, signedIn)),
  }
}

/** Asks for the mail to set a new password and for that to have another address, and reads them. */
async function mailedCodes(place: Place, email: string, signedIn: string) {
  const { right } = place
  const newEmail = freshAddress()
  people.ok(await right.call("POST /api/v1/password/email/password-reset", { body: { email } }))
  const resetCode = await mailedCode(place, email, /token=([0-9a-f]{64})/)
  const verify = "POST /api/v1/password/email/password-reset-verify"
  const { token: resetToken } = people.ok(await right.call(verify, { body: { email, code: resetCode } }))
  const asked = { token: signedIn, body: { newEmail, password } }
  people.ok(await right.call("POST /api/v2/users/me/email-change/otp", asked))
  return { newEmail, resetCode, resetToken, changeCode: await mailedCode(place, newEmail, /^(\d{6})$/m) }
}

/** A refresh uses its cookie up and sets the next. */
async function refresh(server: Server, cookie: { jid: string }) {
  const answer = await server.call("POST /api/v1/auth/token", { headers: { cookie: cookie.jid } })
  if (answer.status === 200) cookie.jid = people.cookieOf(answer)
  return answer
}

/** What a person holds. What ends something else comes last: a new password ends all sessions. */
export const personCredentials = {
  token: {
    use: (server, { signedIn: token }) => server.call("GET /api/v1/user", { token }),
  },
  "token of an organization": {
    use: (server, { selected: token }) => server.call("GET /api/v2/users/me", { token }),
  },
  "right of a role of their own": {
    use: (server, { selected: token }) => server.call("GET /api/v1/organization/roles", { token }),
  },
  "right of a group": {
    use: (server, { selected: token }) => server.call("GET /api/v1/groups", { token }),
  },
  "right to administer the instance": {
    use: (server, { signedIn: token }) => server.call("GET /api/v1/admin/user-management/users", { token }),
  },
  "cookie of an organization": { use: (server, { cookie }) => refresh(server, cookie) },
  "cookie of another session": { use: (server, { dueCookie }) => refresh(server, dueCookie) },
  "token of the second factor": {
    use: (server, { halfway: token }) => server.call("GET /api/v2/auth/mfa/check/totp", { token }),
  },
  password: {
    use: (server, { email }) => server.call("POST /api/v3/auth/login", { body: { email, password } }),
  },
  "code to set a password": {
    use: (server, { email, resetCode: code }) =>
      server.call("POST /api/v1/password/email/password-reset-verify", { body: { email, code } }),
  },
  "recovery code": {
    isUsedUp: true,
    use: (server, { halfway: token, recoveryCode: mfaToken }) =>
      server.call("POST /api/v2/auth/mfa/verify", { token, body: { mfaToken, mfaMethod: "totp" } }),
  },
  "token to set a password": {
    isUsedUp: true,
    use: (server, { resetToken: token }) =>
      server.call("POST /api/v1/password/password-reset", { token, body: { password: another } }),
  },
} satisfies Record<string, Credential<Person>>

export type PersonCredential = keyof typeof personCredentials
export type PersonEvent = Event<Person, PersonCredential>
