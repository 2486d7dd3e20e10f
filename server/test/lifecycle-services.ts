import { as, only as onlyOf, type Credential, type Event, type HolderOptions } from "./lifecycle.ts"
import { freshAddress, ownOrganization, type Place } from "./lifecycle-people.ts"
import * as people from "./people.ts"

/** A service token with all that it opens, and the person who has made it. */
type Service = {
  organization: people.Organization
  projectId: string
  environmentId: string
  tokenId: string
  token: string
  makerToken: string
  makerSignedIn: string
  makerEmail: string
}

export async function makeService(place: Place, options: HolderOptions): Promise<Service> {
  const { left, acme } = place
  const organization = options.ownOrganization ? await ownOrganization(place) : acme
  const makerEmail = freshAddress()
  const makerSignedIn = await people.accept(
    left,
    await people.invite(left, organization, makerEmail, "admin"),
  )
  const makerToken = await people.select(left, makerSignedIn, organization.id)
  const made = await left.call("POST /api/v1/projects", {
    token: organization.token,
    body: { projectName: "Served" },
  })
  const { project } = people.ok(made)
  const members = `/api/v1/projects/${project.id}/memberships`
  await as(left, organization.token, `POST ${members}`, { usernames: [makerEmail], roleSlugs: ["member"] })
  const body = {
    name: "Service",
    workspaceId: project.id,
    scopes: [{ environment: "dev", secretPath: "/**" }],
    permissions: ["read", "write"],
    expiresIn: null,
  }
  const answer = await left.call("POST /api/v2/service-token", { token: makerToken, body })
  const { serviceToken, serviceTokenData } = people.ok(answer)
  return {
    organization,
    projectId: project.id,
    environmentId: project.environments[0].id,
    tokenId: serviceTokenData.id,
    token: serviceToken,
    makerToken,
    makerSignedIn,
    makerEmail,
  }
}

let written = 0

/** What a service token opens. */
export const serviceCredentials = {
  "what it says of itself": {
    use: (server, { token }) => server.call("GET /api/v2/service-token", { token }),
  },
  "reading secrets": {
    use: (server, { token, projectId }) =>
      server.call(`GET /api/v3/secrets/raw?workspaceId=${projectId}&environment=dev`, { token }),
  },
  "writing secrets": {
    use: (server, { token, projectId }) =>
      server.call(`POST /api/v3/secrets/raw/NAME_${++written}`, {
        token,
        body: { workspaceId: projectId, environment: "dev", secretValue: "value" },
      }),
  },
} satisfies Record<string, Credential<Service>>

type ServiceEvent = Event<Service, keyof typeof serviceCredentials>

const only = onlyOf(serviceCredentials)
const allGone = only("", {
  "what it says of itself": "404 NotFound",
  "reading secrets": "404 NotFound",
  "writing secrets": "404 NotFound",
})
const ofProject = "it is the project's from when it was made, and goes on without who has made it"

/** Whatever takes something from a service token. */
export const serviceEvents: Record<string, ServiceEvent> = {
  "nothing happens": { happens: async () => {}, cells: only("nothing has happened", {}) },
  deleted: {
    happens: (server, { organization, tokenId }) =>
      as(server, organization.token, `DELETE /api/v2/service-token/${tokenId}`),
    cells: allGone,
  },
  "the project is deleted": {
    happens: (server, { organization, projectId }) =>
      as(server, organization.token, `DELETE /api/v1/projects/${projectId}`),
    cells: allGone,
  },
  "the organization is deleted": {
    holder: { ownOrganization: true },
    happens: (server, { organization }) =>
      as(server, organization.adminToken, `DELETE /api/v2/organizations/${organization.id}`),
    cells: allGone,
  },
  "its environment is deleted": {
    happens: (server, { organization, projectId, environmentId }) =>
      as(server, organization.token, `DELETE /api/v1/projects/${projectId}/environments/${environmentId}`),
    cells: only("it is a token of the project still", {
      "reading secrets": "403 PermissionDenied",
      "writing secrets": "403 PermissionDenied",
    }),
  },
  "its maker is taken out of the project": {
    happens: (server, { organization, projectId, makerEmail }) =>
      as(server, organization.token, `DELETE /api/v1/projects/${projectId}/memberships`, {
        usernames: [makerEmail],
      }),
    cells: only(ofProject, {}),
  },
  "its maker deletes their account": {
    happens: (server, { makerSignedIn }) => as(server, makerSignedIn, "DELETE /api/v2/users/me"),
    cells: only(ofProject, {}),
  },
}
