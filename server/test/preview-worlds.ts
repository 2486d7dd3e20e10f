import type { HolderKind } from "../explain/standing.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { randomProjectRules } from "./random-project-rules.ts"
import type { Choices } from "./random-rights.ts"

/*
 * Small organizations with a bit of everything that gives access, and random changes of it, made by the API alone.
 */

type Folder = { environment: string; path: string }
type Person = { email: string; id: string; membershipId: string }
type Project = { id: string; roles: string[] }
export type World = {
  orgId: string
  token: string
  holders: { kind: HolderKind; id: string }[]
  people: Person[]
  machines: string[]
  groups: string[]
  projects: Project[]
  foldersOf(projectId: string): readonly Folder[]
}

/** A call, as it is previewed and then done. */
export type Call = { method: string; path: string; body?: Record<string, unknown> }

const environments = ["dev", "staging", "prod"]
const inEach = ["/", "/a", "/a/x", "/b"]
const folders = environments.flatMap((environment) => inEach.map((path) => ({ environment, path })))

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

/** An organization of its own, whose admin is a machine identity. */
export async function createWorld(
  harness: Harness,
  organization: people.Organization,
  choices: Choices,
): Promise<World> {
  const body = { name: fresh("World") }
  const founder = organization.signedInToken
  const { organization: own } = people.ok(
    await harness.call("POST /api/v2/organizations", { token: founder, body }),
  )
  const token = await people.select(harness, founder, own.id)
  const world: World = {
    orgId: own.id,
    token,
    holders: [],
    people: [],
    machines: [],
    groups: [],
    projects: [],
    foldersOf: () => folders,
  }
  const place = { ...organization, id: own.id, token }
  for (let count = 0; count < 5; count++) await addPerson(harness, world, place, count > 3)
  for (let count = 0; count < 2; count++) {
    const { id } = await people.addIdentity(harness, place, "no-access")
    world.machines.push(id)
    world.holders.push({ kind: "identity", id })
  }
  for (let count = 0; count < 3; count++)
    world.groups.push(
      (await people.addGroup(harness, place, fresh("group"), choices.one(["no-access", "member"]))).id,
    )
  for (let count = 0; count < 2; count++) await addProject(harness, world, choices)
  await addFounder(harness, world)
  return world
}

async function addPerson(
  harness: Harness,
  world: World,
  place: people.Organization,
  isInvited: boolean,
): Promise<void> {
  const email = `${fresh("person")}@example.com`
  const invitation = await people.invite(harness, place, email)
  if (!isInvited) await people.accept(harness, invitation)
  const membershipId = await people.membershipIdOf(harness, place, email)
  const id = await userOf(harness, membershipId)
  world.people.push({ email, id, membershipId })
  world.holders.push({ kind: "user", id })
}

async function userOf({ db }: Harness, membershipId: string): Promise<string> {
  const row = await db
    .selectFrom("organization_user_memberships")
    .select("user_id")
    .where("id", "=", membershipId)
    .executeTakeFirstOrThrow()
  return row.user_id
}

/** The founder calls, and is one of those who are looked at. */
async function addFounder(harness: Harness, world: World): Promise<void> {
  const founder = people
    .ok(await harness.call(`GET /api/v2/organizations/${world.orgId}/memberships`, { token: world.token }))
    .users.find(({ role }: { role: string }) => role === "admin")
  world.holders.push({ kind: "user", id: founder.userId })
}

async function addProject(harness: Harness, world: World, choices: Choices): Promise<void> {
  const { token } = world
  const body = { projectName: fresh("Project") }
  const { project } = people.ok(await harness.call("POST /api/v1/projects", { token, body }))
  for (const { environment, path } of folders) {
    if (path === "/") continue
    const name = path.split("/").at(-1)
    const parent = path.slice(0, path.lastIndexOf("/")) || "/"
    const folder = { projectId: project.id, environment, name, path: parent }
    people.ok(await harness.call("POST /api/v2/folders", { token, body: folder }))
  }
  const roles: string[] = []
  for (let count = 0; count < 3; count++) {
    const role = { slug: fresh("role"), name: "Role", permissions: randomProjectRules(choices) }
    const answer = await harness.call(`POST /api/v1/projects/${project.id}/roles`, { token, body: role })
    roles.push(people.ok(answer).role.id)
  }
  world.projects.push({ id: project.id, roles })
}

type Draw = (world: World, choices: Choices, slugs: SlugsOf) => Call
type SlugsOf = (project: Project) => string[]

const projectRole = (choices: Choices, slugs: string[]): string =>
  choices.one(["admin", "member", "viewer", "no-access", ...slugs, ...slugs])
const rolesOf = (choices: Choices, slugs: string[]) => {
  const later = { isTemporary: true, temporaryMode: "relative", temporaryRange: "2d" }
  const start = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  const others = choices.list(2, () => {
    const role = projectRole(choices, slugs)
    if (choices.onceIn(2)) return { role }
    return { role, ...later, temporaryAccessStartTime: start(choices.one([-5, -1, 1])) }
  })
  return { roles: [{ role: projectRole(choices, slugs) }, ...others] }
}
const organizationRole = (choices: Choices): string => choices.one(["member", "no-access", "admin"])
const time = (choices: Choices) =>
  choices.onceIn(2)
    ? { isTemporary: false }
    : {
        isTemporary: true,
        temporaryMode: "relative",
        temporaryRange: "2d",
        temporaryAccessStartTime: new Date(Date.now() - choices.one([1, 5]) * 86_400_000).toISOString(),
      }

const draws: readonly Draw[] = [
  (world, choices) => ({
    method: choices.one(["POST", "POST", "DELETE"]),
    path: `/api/v1/groups/${choices.one(world.groups)}/users/${choices.one(world.people).email}`,
  }),
  (world, choices) => ({
    method: choices.one(["POST", "POST", "DELETE"]),
    path: `/api/v1/groups/${choices.one(world.groups)}/machine-identities/${choices.one(world.machines)}`,
  }),
  (world, choices) => ({
    method: "POST",
    path: `/api/v1/groups/${choices.one(world.groups)}/members/bulk?mode=perRow`,
    body: {
      members: [
        ...choices
          .some(world.people)
          .map(({ email: username }) => ({ username, action: choices.one(["add", "remove"]) })),
        ...choices.some(world.machines).map((machineIdentityId) => ({ machineIdentityId })),
        { username: "nobody@example.com" },
      ],
    },
  }),
  (world, choices) => ({
    method: "PATCH",
    path: `/api/v1/groups/${choices.one(world.groups)}`,
    body: { role: organizationRole(choices) },
  }),
  (world, choices, slugs) => {
    const project = choices.one(world.projects)
    return {
      method: "POST",
      path: `/api/v1/projects/${project.id}/memberships`,
      body: {
        usernames: [choices.one(world.people).email, choices.one(world.people).email],
        roleSlugs: [projectRole(choices, slugs(project))],
      },
    }
  },
  (world, choices) => ({
    method: "DELETE",
    path: `/api/v1/projects/${choices.one(world.projects).id}/memberships`,
    body: { usernames: [choices.one(world.people).email] },
  }),
  ...(["identities", "groups"] as const).map((what): Draw => (world, choices, slugs) => {
    const project = choices.one(world.projects)
    const id = choices.one(what === "groups" ? world.groups : world.machines)
    const method = choices.one(["POST", "POST", "PATCH", "DELETE"])
    return {
      method,
      path: `/api/v1/projects/${project.id}/memberships/${what}/${id}`,
      ...(method === "DELETE" ? {} : { body: rolesOf(choices, slugs(project)) }),
    }
  }),
  (world, choices) => {
    const project = choices.one(world.projects)
    return {
      method: "PATCH",
      path: `/api/v1/projects/${project.id}/roles/${choices.one(project.roles)}`,
      body: { permissions: randomProjectRules(choices) },
    }
  },
  (world, choices) => {
    const metadata = [{ key: "team", value: choices.one(["red", "blue", "a/x"]) }]
    return {
      method: "PATCH",
      path: `/api/v2/organizations/${world.orgId}/memberships/${choices.one(world.people).membershipId}`,
      body: choices.one<Record<string, unknown>>([
        { role: organizationRole(choices) },
        { isActive: choices.onceIn(2) },
        { isActive: true },
        { metadata },
      ]),
    }
  },
  (world, choices) => ({
    method: "PATCH",
    path: `/api/v1/identities/${choices.one(world.machines)}`,
    body: choices.onceIn(2)
      ? { role: organizationRole(choices) }
      : { metadata: [{ key: "team", value: choices.one(["red", "blue"]) }] },
  }),
  (world, choices) => ({
    method: "POST",
    path: "/api/v1/user-project-additional-privilege",
    body: {
      projectId: choices.one(world.projects).id,
      userId: choices.one(world.people).id,
      permissions: randomProjectRules(choices),
      type: time(choices),
    },
  }),
  (world, choices) => ({
    method: "POST",
    path: "/api/v2/identity-project-additional-privilege",
    body: {
      projectId: choices.one(world.projects).id,
      identityId: choices.one(world.machines),
      permissions: randomProjectRules(choices),
      type: time(choices),
    },
  }),
]

/** What ends things for good, now and then. */
const endings: readonly Draw[] = [
  (world, choices) => ({ method: "DELETE", path: `/api/v1/groups/${choices.one(world.groups)}` }),
  (world, choices) => ({ method: "DELETE", path: `/api/v1/projects/${choices.one(world.projects).id}` }),
  (world, choices) => ({ method: "DELETE", path: `/api/v1/identities/${choices.one(world.machines)}` }),
  (world, choices) => ({
    method: "DELETE",
    path: `/api/v2/organizations/${world.orgId}/memberships/${choices.one(world.people).membershipId}`,
  }),
]

/** A change that somebody might make. */
export async function randomCall({ db }: Harness, world: World, choices: Choices): Promise<Call> {
  const rows = await db
    .selectFrom("project_roles")
    .select(["project_id", "slug"])
    .where("org_id", "=", world.orgId)
    .execute()
  const slugs = (project: Project) =>
    rows.filter((row) => row.project_id === project.id).map(({ slug }) => slug)
  return choices.one(choices.onceIn(25) ? endings : draws)(world, choices, slugs)
}
