import { as, only as onlyOf, type Credential, type Event, type HolderOptions } from "./lifecycle.ts"
import { addGivingGroup, addRole, ownOrganization, type Place } from "./lifecycle-people.ts"
import * as people from "./people.ts"
import type { Server } from "./two-servers.ts"

/** A machine identity with every way to sign in that there is, and a token of each. */
type Machine = {
  organization: people.Organization
  id: string
  /** Of token auth. */ token: string
  tokenId: string
  /** Of universal auth. */ loginToken: string
  clientId: string
  clientSecret: string
  clientSecretId: string
  /** Gives the right to read roles. */ ownRole: string
  /** Its role gives the right to read groups. */ groupId: string
  groupRole: string
}

const login = "POST /api/v1/auth/universal-auth/login"

export async function makeMachine(place: Place, options: HolderOptions): Promise<Machine> {
  const { left, acme } = place
  const organization = options.ownOrganization ? await ownOrganization(place) : acme
  const admin = { token: organization.token }
  const ownRole = await addRole(left, organization.token, "role")
  const made = await people.addIdentity(left, organization, ownRole.slug)
  // Its tokens can be renewed: they live shorter than they may.
  const settings = { accessTokenTTL: 600 }
  const secret = await people.addClientSecret(left, organization, made.id, { settings })
  const { clientId, clientSecret } = secret
  const group = await addGivingGroup(left, organization)
  people.ok(await left.call(`POST /api/v1/groups/${group.groupId}/machine-identities/${made.id}`, admin))
  const loggedIn = await left.call(login, { body: { clientId, clientSecret } })
  return {
    ...made,
    ...secret,
    ...group,
    organization,
    ownRole: ownRole.id,
    loginToken: people.ok(loggedIn).accessToken,
  }
}

/** What a machine identity holds. */
export const machineCredentials = {
  "token of token auth": {
    use: (server, { token }) => server.call("GET /api/v1/identities/details", { token }),
  },
  "token of universal auth": {
    use: (server, { loginToken: token }) => server.call("GET /api/v1/identities/details", { token }),
  },
  "right of a role of its own": {
    use: (server, { token }) => server.call("GET /api/v1/organization/roles", { token }),
  },
  "right of a group": {
    use: (server, { token }) => server.call("GET /api/v1/groups", { token }),
  },
  "renewal of a token": {
    use: (server, { loginToken: accessToken }) =>
      server.call("POST /api/v1/auth/token/renew", { body: { accessToken } }),
  },
  "client secret": {
    use: (server, { clientId, clientSecret }) => server.call(login, { body: { clientId, clientSecret } }),
  },
} satisfies Record<string, Credential<Machine>>

type MachineEvent = Event<Machine, keyof typeof machineCredentials>

const only = onlyOf(machineCredentials)
const otherRight = "the event takes another right away, and no more than that"
const otherMethod = "it comes from the other way to sign in"
const gone = "401 UnauthorizedError"

const allGone = only("", {
  "token of token auth": gone,
  "token of universal auth": gone,
  "right of a role of its own": gone,
  "right of a group": gone,
  "renewal of a token": gone,
  "client secret": gone,
})
const ofTokenAuth = {
  "token of token auth": gone,
  "right of a role of its own": gone,
  "right of a group": gone,
} as const
const ofUniversalAuth = {
  "token of universal auth": gone,
  "renewal of a token": gone,
} as const

const methodOf = ({ id }: Machine, method: "token-auth" | "universal-auth"): string =>
  `/api/v1/auth/${method}/identities/${id}`
/** Where no test comes from. */
const nowhere = [{ ipAddress: "192.0.2.1" }]

const narrow = (server: Server, { organization }: Machine, roleId: string): Promise<unknown> =>
  as(server, organization.token, `PATCH /api/v1/organization/roles/${roleId}`, { permissions: [] })

const placeEvents: Record<string, MachineEvent> = {
  deleted: {
    happens: (server, { organization, id }) =>
      as(server, organization.token, `DELETE /api/v1/identities/${id}`),
    cells: allGone,
  },
  "the organization is deleted": {
    holder: { ownOrganization: true },
    happens: (server, { organization }) =>
      as(server, organization.adminToken, `DELETE /api/v2/organizations/${organization.id}`),
    cells: allGone,
  },
  "gets a role that allows nothing": {
    happens: (server, { organization, id }) =>
      as(server, organization.token, `PATCH /api/v1/identities/${id}`, { role: "no-access" }),
    cells: only(otherRight, { "right of a role of its own": "403 PermissionDenied" }),
  },
  "its role is narrowed": {
    happens: (server, machine) => narrow(server, machine, machine.ownRole),
    cells: only(otherRight, { "right of a role of its own": "403 PermissionDenied" }),
  },
  "taken out of the group": {
    happens: (server, { organization, groupId, id }) =>
      as(server, organization.token, `DELETE /api/v1/groups/${groupId}/machine-identities/${id}`),
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
    happens: (server, machine) => narrow(server, machine, machine.groupRole),
    cells: only(otherRight, { "right of a group": "403 PermissionDenied" }),
  },
}

const methodEvents: Record<string, MachineEvent> = {
  "its token is revoked": {
    happens: (server, { organization, tokenId }) =>
      as(server, organization.token, `POST /api/v1/auth/token-auth/tokens/${tokenId}/revoke`),
    cells: only(otherMethod, ofTokenAuth),
  },
  "gives its token up": {
    happens: async (server, { token: accessToken }) =>
      people.ok(await server.call("POST /api/v1/auth/token/revoke", { body: { accessToken } })),
    cells: only(otherMethod, ofTokenAuth),
  },
  "gives the token of its login up": {
    happens: async (server, { loginToken: accessToken }) =>
      people.ok(await server.call("POST /api/v1/auth/token/revoke", { body: { accessToken } })),
    cells: only("one token less is no other token or secret less", ofUniversalAuth),
  },
  "token auth is taken away": {
    happens: (server, machine) =>
      as(server, machine.organization.token, `DELETE ${methodOf(machine, "token-auth")}`),
    cells: only(otherMethod, ofTokenAuth),
  },
  "universal auth is taken away": {
    happens: (server, machine) =>
      as(server, machine.organization.token, `DELETE ${methodOf(machine, "universal-auth")}`),
    cells: only(otherMethod, { ...ofUniversalAuth, "client secret": gone }),
  },
  "its client secret is revoked": {
    happens: (server, machine) =>
      as(
        server,
        machine.organization.token,
        `POST ${methodOf(machine, "universal-auth")}/client-secrets/${machine.clientSecretId}/revoke`,
      ),
    cells: only("a secret is for signing in: tokens that it gave go on until they are revoked or end", {
      "client secret": gone,
    }),
  },
  "tokens of token auth may come from elsewhere only": {
    happens: (server, machine) =>
      as(server, machine.organization.token, `PATCH ${methodOf(machine, "token-auth")}`, {
        accessTokenTrustedIps: nowhere,
      }),
    cells: only(otherMethod, {
      "token of token auth": "403 ForbiddenError",
      "right of a role of its own": "403 ForbiddenError",
      "right of a group": "403 ForbiddenError",
    }),
  },
  "tokens of universal auth may come from elsewhere only": {
    happens: (server, machine) =>
      as(server, machine.organization.token, `PATCH ${methodOf(machine, "universal-auth")}`, {
        accessTokenTrustedIps: nowhere,
      }),
    cells: only("it is no token of universal auth", {
      "token of universal auth": "403 ForbiddenError",
      "renewal of a token": "403 ForbiddenError",
    }),
  },
  "client secrets may come from elsewhere only": {
    happens: (server, machine) =>
      as(server, machine.organization.token, `PATCH ${methodOf(machine, "universal-auth")}`, {
        clientSecretTrustedIps: nowhere,
      }),
    cells: only("it is no client secret", { "client secret": "403 ForbiddenError" }),
  },
}

/** Whatever takes something from a machine identity. */
export const machineEvents: Record<string, MachineEvent> = {
  "nothing happens": { happens: async () => {}, cells: only("nothing has happened", {}) },
  ...placeEvents,
  ...methodEvents,
}
