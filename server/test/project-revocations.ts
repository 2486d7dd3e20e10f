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
    projectPath: `/api/v1/projects/${projectId}`,
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
