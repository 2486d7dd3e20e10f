import { as, only as onlyOf, type Credential, type Event } from "./lifecycle.ts"
import { freshAddress, mailedCode, ownOrganization, type Place } from "./lifecycle-people.ts"
import * as people from "./people.ts"
import type { Server } from "./two-servers.ts"

const password = "correct horse battery staple"
const wrong = "400 BadRequest"

const complete = (server: Server, token: string, email: string) =>
  server.call("POST /api/v3/signup/complete-account", {
    token,
    body: { email, firstName: "Grace", password },
  })

const verifyInvitation = "POST /api/v1/invite-org/verify"

/** Two invitations into an organization, by one of its admins: of somebody new, and of somebody with an account. */
type Invited = {
  organization: people.Organization
  inviter: { email: string; token: string; signedIn: string; membershipId: string }
  newcomer: people.Invitation & { signUpToken: string }
  known: people.Invitation & { token: string }
}

export async function makeInvited(place: Place): Promise<Invited> {
  const { left, acme } = place
  const organization = await ownOrganization(place)
  const email = freshAddress()
  const signedIn = await people.accept(left, await people.invite(left, organization, email, "admin"))
  const token = await people.select(left, signedIn, organization.id)
  const account = freshAddress()
  const known = await people.accept(left, await people.invite(left, acme, account, "no-access"))
  const byInviter = { ...organization, token }
  const newcomer = await people.invite(left, byInviter, freshAddress())
  return {
    organization,
    inviter: {
      email,
      token,
      signedIn,
      membershipId: await people.membershipIdOf(left, organization, email),
    },
    newcomer: {
      ...newcomer,
      signUpToken: people.ok(await left.call(verifyInvitation, { body: newcomer })).token,
    },
    known: { ...(await people.invite(left, byInviter, account)), token: known },
  }
}

export const invitationCredentials = {
  "code of an invitation": {
    use: (server, { newcomer: { email, organizationId, code } }) =>
      server.call(verifyInvitation, { body: { email, organizationId, code } }),
  },
  "sign-up token of an invitation": {
    isUsedUp: true,
    use: (server, { newcomer }) => complete(server, newcomer.signUpToken, newcomer.email),
  },
  "invitation of an account": {
    isUsedUp: true,
    use: (server, { known: { token, email, organizationId, code } }) =>
      server.call(verifyInvitation, { token, body: { email, organizationId, code } }),
  },
} satisfies Record<string, Credential<Invited>>

type InvitationEvent = Event<Invited, keyof typeof invitationCredentials>

const onlyInvitations = onlyOf(invitationCredentials)
const allInvitations = onlyInvitations("", {
  "code of an invitation": wrong,
  "sign-up token of an invitation": wrong,
  "invitation of an account": wrong,
})

/** Does something about the place of each of the two who are invited. */
async function forBoth(
  server: Server,
  { organization, newcomer, known }: Invited,
  act: (membershipId: string, invitation: people.Invitation) => Promise<unknown>,
): Promise<void> {
  for (const invitation of [newcomer, known]) {
    await act(await people.membershipIdOf(server, organization, invitation.email), invitation)
  }
}

const placeOf = (organization: people.Organization, membershipId: string): string =>
  `/api/v2/organizations/${organization.id}/memberships/${membershipId}`

/** Changes or ends the place of the inviter. */
const inviterEvent = (method: "PATCH" | "DELETE", body?: object): InvitationEvent => ({
  happens: (server, { organization, inviter }) =>
    as(server, organization.token, `${method} ${placeOf(organization, inviter.membershipId)}`, body),
  cells: allInvitations,
})

export const invitationEvents: Record<string, InvitationEvent> = {
  "nothing happens": { happens: async () => {}, cells: onlyInvitations("nothing has happened", {}) },
  "taken back": {
    happens: (server, invited) =>
      forBoth(server, invited, (membershipId) =>
        as(server, invited.organization.token, `DELETE ${placeOf(invited.organization, membershipId)}`),
      ),
    cells: allInvitations,
  },
  // Here, and so in a row of an even number, because the other server waits a minute between two mails.
  "sent again": {
    happens: (server, invited) =>
      forBoth(server, invited, (membershipId) =>
        as(server, invited.organization.token, "POST /api/v1/invite-org/signup-resend", { membershipId }),
      ),
    cells: allInvitations,
  },
  declined: {
    happens: (server, invited) =>
      forBoth(server, invited, async (_membershipId, { email, organizationId, code }) =>
        people.ok(
          await server.call("POST /api/v1/invite-org/decline", { body: { email, organizationId, code } }),
        ),
      ),
    cells: allInvitations,
  },
  accepted: {
    async happens(server, invited) {
      people.ok(await invitationCredentials["sign-up token of an invitation"].use(server, invited))
      people.ok(await invitationCredentials["invitation of an account"].use(server, invited))
    },
    cells: allInvitations,
  },
  "the inviter is removed": inviterEvent("DELETE"),
  "the inviter is set inactive": inviterEvent("PATCH", { isActive: false }),
  "the inviter gets a lesser role": inviterEvent("PATCH", { role: "member" }),
  "the inviter leaves": {
    happens: (server, { organization, inviter }) =>
      as(server, inviter.token, `DELETE ${placeOf(organization, inviter.membershipId)}`),
    cells: allInvitations,
  },
  "the inviter deletes the account": {
    happens: (server, { inviter }) => as(server, inviter.signedIn, "DELETE /api/v2/users/me"),
    cells: allInvitations,
  },
  "the inviter logs out": {
    happens: (server, { inviter }) => as(server, inviter.token, "POST /api/v1/auth/logout"),
    cells: onlyInvitations("who has left for today still stands by the invitation", {}),
  },
  "the organization is deleted": {
    happens: (server, { organization }) =>
      as(server, organization.adminToken, `DELETE /api/v2/organizations/${organization.id}`),
    cells: allInvitations,
  },
  "the invited account is deleted": {
    happens: (server, { known }) => as(server, known.token, "DELETE /api/v2/users/me"),
    cells: onlyInvitations("it is an invitation of somebody else", { "invitation of an account": wrong }),
  },
}

/** Two who sign up: one has not brought the mailed code yet, the other has. */
type SigningUp = {
  admin: people.Organization
  /** Shows the links of invitations. */ links: Server
  email: string
  code: string
  verified: string
  token: string
}

const verifySignUp = "POST /api/v3/signup/email/verify"

async function signUpCode(place: Place): Promise<{ email: string; code: string }> {
  const email = freshAddress()
  people.ok(await place.right.call("POST /api/v3/signup/email/signup", { body: { email } }))
  return { email, code: await mailedCode(place, email, /^(\d{6})$/m) }
}

export async function makeSigningUp(place: Place): Promise<SigningUp> {
  const shown = await signUpCode(place)
  const { token } = people.ok(await place.left.call(verifySignUp, { body: shown }))
  return { admin: place.acme, links: place.left, ...(await signUpCode(place)), verified: shown.email, token }
}

export const signUpCredentials = {
  "code of a sign-up": {
    isUsedUp: true,
    use: (server, { email, code }) => server.call(verifySignUp, { body: { email, code } }),
  },
  "token of a sign-up": {
    isUsedUp: true,
    use: (server, { verified, token }) => complete(server, token, verified),
  },
} satisfies Record<string, Credential<SigningUp>>

type SignUpEvent = Event<SigningUp, keyof typeof signUpCredentials>

const onlySignUps = onlyOf(signUpCredentials)
const allSignUps = onlySignUps("", { "code of a sign-up": wrong, "token of a sign-up": wrong })
const closed = "403 ForbiddenError"

export const signUpEvents: Record<string, SignUpEvent> = {
  "nothing happens": { happens: async () => {}, cells: onlySignUps("nothing has happened", {}) },
  "used before": {
    async happens(server, holder) {
      for (const { use } of Object.values(signUpCredentials)) people.ok(await use(server, holder))
    },
    cells: allSignUps,
  },
  "the account is completed by an invitation": {
    async happens(server, { admin, email, verified, links }) {
      for (const address of [email, verified]) {
        await people.accept(server, await people.invite(links, admin, address))
      }
    },
    cells: allSignUps,
  },
  // The last one: sign-ups are closed from here on.
  "sign-ups are closed": {
    happens: (server, { admin }) =>
      as(server, admin.token, "PATCH /api/v1/admin/config", { allowSignUp: false }),
    cells: onlySignUps("", { "code of a sign-up": closed, "token of a sign-up": closed }),
  },
}

/** Somebody who was mailed a code to have another address. */
type Moving = { admin: people.Organization; token: string; other: string; newEmail: string; otpCode: string }

export async function makeMoving(place: Place): Promise<Moving> {
  const { left, right, acme } = place
  const newEmail = freshAddress()
  const email = freshAddress()
  const token = await people.accept(left, await people.invite(left, acme, email))
  people.ok(
    await right.call("POST /api/v2/users/me/email-change/otp", { token, body: { newEmail, password } }),
  )
  const otpCode = await mailedCode(place, newEmail, /^(\d{6})$/m)
  return { admin: acme, token, other: await people.signIn(left, email), newEmail, otpCode }
}

export const moveCredentials = {
  "code to change the address": {
    isUsedUp: true,
    use: (server, { token, newEmail, otpCode }) =>
      server.call("PATCH /api/v2/users/me/email", { token, body: { newEmail, otpCode } }),
  },
} satisfies Record<string, Credential<Moving>>

type MoveEvent = Event<Moving, keyof typeof moveCredentials>

const onlyMoves = onlyOf(moveCredentials)
const change = (server: Server, token: string) =>
  as(server, token, "POST /api/v1/password/change-password", {
    currentPassword: password,
    password: "another long password",
  })

export const moveEvents: Record<string, MoveEvent> = {
  "nothing happens": { happens: async () => {}, cells: onlyMoves("nothing has happened", {}) },
  "used before": {
    async happens(server, holder) {
      people.ok(await moveCredentials["code to change the address"].use(server, holder))
    },
    cells: { "code to change the address": wrong },
  },
  "logs out": {
    happens: (server, { token }) => as(server, token, "POST /api/v1/auth/logout"),
    cells: { "code to change the address": "401 StaleSession" },
  },
  "removes all sessions": {
    happens: (server, { other }) => as(server, other, "DELETE /api/v2/users/me/sessions"),
    cells: { "code to change the address": "404 Session not found" },
  },
  "changes the password in another session": {
    happens: (server, { other }) => change(server, other),
    cells: { "code to change the address": "401 StaleSession" },
  },
  "changes the password in this session": {
    happens: (server, { token }) => change(server, token),
    cells: onlyMoves("the session goes on, and whoever reads the new address has the code", {}),
  },
  "deletes the account": {
    happens: (server, { other }) => as(server, other, "DELETE /api/v2/users/me"),
    cells: { "code to change the address": "404 Session not found" },
  },
}
