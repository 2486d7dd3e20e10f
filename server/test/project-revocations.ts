import { setTimeout as sleep } from "node:timers/promises"
import * as people from "./people.ts"
import type { Way, World } from "./revocations.ts"
import type { Server } from "./two-servers.ts"

/*
 * The ways to lose a right in a project, for `revocations.ts`. Everybody is in the project by a group, unless the way
 * says otherwise.
 */

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

const notInIt = "403 User not a part of the specified project"
const readGroups = [{ subject: "groups", action: ["read"] }]

/** A project that a group opens to a person who may do nothing in the organization. */
async function openProject({ left, acme }: World) {
  const email = `${fresh("in-project")}@example.com`
  const token = await people.addPerson(left, acme, { email, role: "no-access" })
  const projectId = await addProject({ left, acme })
  const group = await people.addGroup(left, acme, fresh("Openers"))
  const put = (path: string, body?: object) => (server: Server) =>
    server.call(`POST ${path}`, { token: acme.token, ...(body ? { body } : {}) })
  const take = (path: string) => (server: Server) => server.call(`DELETE ${path}`, { token: acme.token })
  const inGroup = `/api/v1/groups/${group.id}/users/${email}`
  const inProject = `/api/v1/projects/${projectId}/memberships/groups/${group.id}`
  people.ok(await put(inGroup)(left))
  people.ok(await put(inProject, { role: "viewer" })(left))
  return {
    rolesPath: `/api/v1/projects/${projectId}/roles`,
    inGroup,
    inProject,
    put,
    take,
    setRoles: (roles: object[]) => (server: Server) =>
      server.call(`PATCH ${inProject}`, { token: acme.token, body: { roles } }),
    read: (server: Server) => server.call(`GET /api/v1/projects/${projectId}`, { token }),
    /** Needs a right, where `read` needs only to be in the project. */
    listGroups: (server: Server) =>
      server.call(`GET /api/v1/projects/${projectId}/memberships/groups`, { token }),
  }
}

async function addProject({ left, acme }: Pick<World, "left" | "acme">): Promise<string> {
  const body = { projectName: fresh("Project") }
  return people.ok(await left.call("POST /api/v1/projects", { token: acme.token, body })).project.id
}

/** A project with somebody in it by themselves, with a role that allows nothing. */
async function joinProject({ left, acme }: World, kind: "person" | "machine") {
  const projectId = await addProject({ left, acme })
  const memberships = `/api/v1/projects/${projectId}/memberships`
  const listGroups = (token: string) => (server: Server) =>
    server.call(`GET ${memberships}/groups`, { token })
  const admin = (route: string, body?: object) => (server: Server) =>
    server.call(route, { token: acme.token, ...(body ? { body } : {}) })
  const common = { projectId, admin, read: `GET /api/v1/projects/${projectId}` }
  if (kind === "machine") {
    const { id, token } = await people.addIdentity(left, acme, "no-access")
    const place = `${memberships}/identities/${id}`
    const join = admin(`POST ${place}`, { role: "no-access" })
    people.ok(await join(left))
    const holder = { identityId: id, projectId }
    return { ...common, token, join, leave: admin(`DELETE ${place}`), holder, listGroups: listGroups(token) }
  }
  const email = `${fresh("direct")}@example.com`
  const token = await people.addPerson(left, acme, { email, role: "no-access" })
  const join = admin(`POST ${memberships}`, { usernames: [email], roleSlugs: ["no-access"] })
  const [{ id: projectMembershipId }] = people.ok(await join(left)).memberships
  const leave = admin(`DELETE ${memberships}`, { usernames: [email] })
  return { ...common, token, join, leave, holder: { projectMembershipId }, listGroups: listGroups(token) }
}

/** Somebody who is in a project by themselves, and is not any more. */
const placeEnded = (kind: "person" | "machine", refusal: Way["refusal"]): Way => ({
  name: `own place of a ${kind} in the project ended`,
  refusal,
  async prepare(world) {
    const { token, read, leave, join } = await joinProject(world, kind)
    const use = (server: Server) => server.call(read, { token })
    return async () => ({ use, revoke: leave, restore: join })
  },
})

/** Somebody whose only right in a project is by a privilege, which is new in each trial. */
const privilegeEnded = (kind: "person" | "machine", path: string): Way => ({
  name: `privilege of a ${kind} taken away`,
  refusal: "403 PermissionDenied",
  async prepare(world) {
    const { admin, holder, listGroups } = await joinProject(world, kind)
    const body = { ...holder, permissions: readGroups, type: { isTemporary: false } }
    return async (server) => {
      const { privilege } = people.ok(await admin(`POST ${path}`, body)(server))
      return { use: listGroups, revoke: admin(`DELETE ${path}/${privilege.id}`) }
    }
  },
})

/** A service token, which is new in each trial. */
const serviceTokenDeleted: Way = {
  name: "service token deleted",
  refusal: "404 NotFound",
  async prepare({ left, acme }) {
    const body = { projectName: fresh("Project") }
    const made = await left.call("POST /api/v1/projects", { token: acme.adminToken, body })
    const workspaceId: string = people.ok(made).project.id
    const scopes = [{ environment: "dev", secretPath: "/**" }]
    const wanted = { workspaceId, scopes, permissions: ["read"] }
    return async (server) => {
      const answer = await server.call("POST /api/v2/service-token", { token: acme.adminToken, body: wanted })
      const { serviceToken, serviceTokenData } = people.ok(answer)
      return {
        use: (other) => other.call("GET /api/v3/secrets/raw?environment=dev", { token: serviceToken }),
        revoke: (other) =>
          other.call(`DELETE /api/v2/service-token/${serviceTokenData.id}`, { token: acme.adminToken }),
      }
    }
  },
}

/** How long a temporary role lasts: enough for what comes before its end. */
const rangeMs = 1_500

export const projectWays: readonly Way[] = [
  {
    name: "person out of the group in the project",
    refusal: notInIt,
    async prepare(world) {
      const { inGroup, put, take, read } = await openProject(world)
      return async () => ({ use: read, revoke: take(inGroup), restore: put(inGroup) })
    },
  },
  {
    name: "group taken out of the project",
    refusal: notInIt,
    async prepare(world) {
      const { inProject, put, take, read } = await openProject(world)
      const restore = put(inProject, { role: "viewer" })
      return async () => ({ use: read, revoke: take(inProject), restore })
    },
  },
  {
    name: "role in the project changed",
    refusal: "403 PermissionDenied",
    async prepare(world) {
      const { setRoles, listGroups } = await openProject(world)
      return async () => ({
        use: listGroups,
        revoke: setRoles([{ role: "no-access" }]),
        restore: setRoles([{ role: "viewer" }]),
      })
    },
  },
  {
    name: "role of the project narrowed",
    refusal: "403 PermissionDenied",
    async prepare(world) {
      const { left, acme } = world
      const { rolesPath, setRoles, listGroups } = await openProject(world)
      const body = { slug: "narrowed", name: "Narrowed", permissions: readGroups }
      const { role } = people.ok(await left.call(`POST ${rolesPath}`, { token: acme.token, body }))
      people.ok(await setRoles([{ role: role.slug }])(left))
      const setRules = (permissions: object[]) => (server: Server) =>
        server.call(`PATCH ${rolesPath}/${role.id}`, { token: acme.token, body: { permissions } })
      return async () => ({ use: listGroups, revoke: setRules([]), restore: setRules(readGroups) })
    },
  },
  placeEnded("person", notInIt),
  placeEnded("machine", "403 Identity is not a member of the specified project with ID '<id>'"),
  privilegeEnded("person", "/api/v1/user-project-additional-privilege"),
  privilegeEnded("machine", "/api/v2/identity-project-additional-privilege"),
  serviceTokenDeleted,
  {
    name: "temporary role in the project over",
    refusal: "403 PermissionDenied",
    async prepare(world) {
      const { inProject, setRoles, listGroups } = await openProject(world)
      return async (server) => {
        const endsAt = Date.now() + rangeMs
        const hourMs = 3_600_000
        const temporary = {
          role: "viewer",
          isTemporary: true,
          temporaryMode: "relative",
          temporaryRange: "1h",
          temporaryAccessStartTime: new Date(endsAt - hourMs).toISOString(),
        }
        people.ok(await setRoles([{ role: "no-access" }, temporary])(server))
        return {
          use: listGroups,
          // Nobody takes it away: its time passes.
          async revoke(other) {
            await sleep(Math.max(0, endsAt - Date.now()) + 1)
            return other.call(`GET ${inProject}`, { token: world.acme.token })
          },
        }
      }
    },
  },
  {
    name: "project deleted",
    refusal: "404 NotFound",
    async prepare(world) {
      const { acme, left } = world
      const email = `${fresh("in-project")}@example.com`
      const own = await people.addPerson(left, acme, { email, role: "no-access" })
      const group = await people.addGroup(left, acme, fresh("Openers"))
      people.ok(await left.call(`POST /api/v1/groups/${group.id}/users/${email}`, { token: acme.token }))
      return async (server) => {
        const path = `/api/v1/projects/${await addProject({ left: server, acme })}`
        const body = { role: "viewer" }
        people.ok(
          await server.call(`POST ${path}/memberships/groups/${group.id}`, { token: acme.token, body }),
        )
        return {
          use: (other) => other.call(`GET ${path}`, { token: own }),
          revoke: (other) => other.call(`DELETE ${path}`, { token: acme.token }),
        }
      }
    },
  },
]
