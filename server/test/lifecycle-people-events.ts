import { as, only as onlyOf, type Refused } from "./lifecycle.ts"
import {
  personCredentials,
  type Person,
  type PersonCredential,
  type PersonEvent,
} from "./lifecycle-people.ts"
import * as people from "./people.ts"
import type { Server } from "./two-servers.ts"

type Cells = Partial<Record<PersonCredential, Refused>>

const only = onlyOf(personCredentials)

const theirs = "it belongs to the person, not to a place in an organization"
const otherRight = "the event takes another right away, and no more than that"

const placeEnded = only(theirs, {
  "token of an organization": "403 ForbiddenError",
  "right of a role of their own": "403 ForbiddenError",
  "right of a group": "403 ForbiddenError",
  "cookie of an organization": "403 ForbiddenError",
})

/** All that hangs on sessions; how an access token is refused depends on how its session ended. */
const withSessions = (refusal: Refused): Cells => ({
  token: refusal,
  "token of an organization": refusal,
  "right of a role of their own": refusal,
  "right of a group": refusal,
  "right to administer the instance": refusal,
  "cookie of an organization": "401 InvalidToken",
  "cookie of another session": "401 InvalidToken",
  "token of the second factor": refusal,
  "recovery code": refusal,
})

const ofPassword: Cells = {
  password: "400 BadRequest",
  "code to set a password": "400 BadRequest",
  "token to set a password": "400 BadRequest",
}

const withoutSession = "it does not hang on a session"
const removed = withSessions("404 Session not found")

const placeOf = ({ organization, membershipId }: Person): string =>
  `/api/v2/organizations/${organization.id}/memberships/${membershipId}`

const narrow = (server: Server, { organization }: Person, roleId: string): Promise<unknown> =>
  as(server, organization.token, `PATCH /api/v1/organization/roles/${roleId}`, { permissions: [] })

const placeEvents: Record<string, PersonEvent> = {
  "set inactive in the organization": {
    happens: (server, person) =>
      as(server, person.organization.token, `PATCH ${placeOf(person)}`, { isActive: false }),
    cells: placeEnded,
  },
  "removed from the organization": {
    happens: (server, person) => as(server, person.organization.token, `DELETE ${placeOf(person)}`),
    cells: placeEnded,
  },
  "leaves the organization": {
    happens: (server, person) => as(server, person.selected, `DELETE ${placeOf(person)}`),
    cells: placeEnded,
  },
  "the organization is deleted": {
    holder: { ownOrganization: true },
    happens: (server, { organization }) =>
      as(server, organization.adminToken, `DELETE /api/v2/organizations/${organization.id}`),
    cells: placeEnded,
  },
}

const rightEvents: Record<string, PersonEvent> = {
  "gets a role that allows nothing": {
    happens: (server, person) =>
      as(server, person.organization.token, `PATCH ${placeOf(person)}`, { role: "no-access" }),
    cells: only(otherRight, { "right of a role of their own": "403 PermissionDenied" }),
  },
  "their role is narrowed": {
    happens: (server, person) => narrow(server, person, person.ownRole),
    cells: only(otherRight, { "right of a role of their own": "403 PermissionDenied" }),
  },
  "taken out of the group": {
    happens: (server, { organization, groupId, email }) =>
      as(server, organization.token, `DELETE /api/v1/groups/${groupId}/users/${email}`),
    cells: only(otherRight, { "right of a group": "403 PermissionDenied" }),
  },
  "the group is deleted": {
    happens: (server, { organization, groupId }) =>
      as(server, organization.token, `DELETE /api/v1/groups/${groupId}`),
    cells: only(otherRight, { "right of a group": "403 PermissionDenied" }),
  },
  "the group gets a role that allows nothing": {
    happens: (server, { organization, groupId }) =>
      as(server, organization.token, `PATCH /api/v1/groups/${groupId}`, { role: "no-access" }),
    cells: only(otherRight, { "right of a group": "403 PermissionDenied" }),
  },
  "the role of the group is narrowed": {
    happens: (server, person) => narrow(server, person, person.groupRole),
    cells: only(otherRight, { "right of a group": "403 PermissionDenied" }),
  },
  "administers the instance no more": {
    happens: (server, { userId, instanceToken }) =>
      as(server, instanceToken, `DELETE /api/v1/admin/user-management/users/${userId}/admin-access`),
    cells: only(otherRight, { "right to administer the instance": "403 ForbiddenError" }),
  },
}

const sessionEvents: Record<string, PersonEvent> = {
  "logs out of every session": {
    async happens(server, { signedIn, due }) {
      for (const token of [signedIn, due]) await as(server, token, "POST /api/v1/auth/logout")
    },
    cells: only(withoutSession, withSessions("401 StaleSession")),
  },
  "logs out of the other session": {
    happens: (server, { due }) => as(server, due, "POST /api/v1/auth/logout"),
    cells: only("it is of the session that goes on, or of none", {
      "cookie of another session": "401 InvalidToken",
      "token of the second factor": "401 StaleSession",
      "recovery code": "401 StaleSession",
    }),
  },
  "removes one session after the other": {
    async happens(server, { signedIn, due }) {
      for (const session of [due, signedIn]) {
        await as(server, signedIn, `DELETE /api/v2/users/me/sessions/${people.sessionOf(session)}`)
      }
    },
    cells: only(withoutSession, removed),
  },
  "removes all sessions": {
    happens: (server, { signedIn }) => as(server, signedIn, "DELETE /api/v2/users/me/sessions"),
    cells: only(withoutSession, removed),
  },
}

const accountEvents: Record<string, PersonEvent> = {
  "changes the password": {
    happens: (server, { signedIn }) =>
      as(server, signedIn, "POST /api/v1/password/change-password", {
        currentPassword: "correct horse battery staple",
        password: "another long password",
      }),
    cells: only("it is of the session in which the password was changed", {
      ...ofPassword,
      "cookie of another session": "401 InvalidToken",
      "token of the second factor": "401 StaleSession",
      "recovery code": "401 StaleSession",
    }),
  },
  "sets a password by a mailed link": {
    happens: (server, { resetToken }) =>
      as(server, resetToken, "POST /api/v1/password/password-reset", { password: "another long password" }),
    cells: only(withoutSession, { ...withSessions("401 StaleSession"), ...ofPassword }),
  },
  "changes the address": {
    happens: (server, { signedIn, newEmail, changeCode: otpCode }) =>
      as(server, signedIn, "PATCH /api/v2/users/me/email", { newEmail, otpCode }),
    cells: only("the account is the same under its new address", ofPassword),
  },
  "removes the authenticator": {
    happens: (server, { signedIn }) => as(server, signedIn, "DELETE /api/v1/user/me/totp"),
    cells: only("it does not come from the authenticator", { "recovery code": "403 ForbiddenError" }),
  },
  "gets new recovery codes": {
    happens: (server, { signedIn }) => as(server, signedIn, "POST /api/v1/user/me/totp/recovery-codes"),
    cells: only("it is no recovery code", { "recovery code": "403 ForbiddenError" }),
  },
  "deletes the account": {
    happens: (server, { signedIn }) => as(server, signedIn, "DELETE /api/v2/users/me"),
    cells: only(withoutSession, { ...removed, ...ofPassword }),
  },
  "the account is deleted by an admin of the instance": {
    happens: (server, { userId, instanceToken }) =>
      as(server, instanceToken, `DELETE /api/v1/admin/user-management/users/${userId}`),
    cells: only(withoutSession, { ...removed, ...ofPassword }),
  },
}

/** Whatever takes something from a person. */
export const personEvents: Record<string, PersonEvent> = {
  "nothing happens": { happens: async () => {}, cells: only("nothing has happened", {}) },
  ...placeEvents,
  ...rightEvents,
  ...sessionEvents,
  ...accountEvents,
}
