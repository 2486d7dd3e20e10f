import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject, addProjectRole, type Project } from "./projects.ts"
import { Choices } from "./random-rights.ts"

/*
 * Random changes of who has what, through HTTP, and what the lists of that time tell of it: one line for each place and
 * each role, the same as what is told of that time later.
 */

type Kind = "user" | "identity" | "group"
export type Thing = { kind: Kind | "project"; id: string }

const projectRoles = ["admin", "member", "viewer", "no-access", "cook"]
const organizationRoles = ["member", "no-access", "clerk"]

export class PastWorld {
  readonly harness: Harness
  readonly acme: people.Organization
  readonly choices: Choices
  readonly emails = Array.from({ length: 5 }, (_, index) => `past-${index}@example.com`)
  /** Everybody and everything that ever was. */ readonly known = new Map<string, Thing>()
  identities: string[] = []
  groups: string[] = []
  projects: Project[] = []
  #made = 0

  constructor(harness: Harness, acme: people.Organization, seed: number) {
    this.harness = harness
    this.acme = acme
    this.choices = new Choices(seed)
  }

  async fill(): Promise<void> {
    const permissions = [{ subject: "groups", action: ["read"] }]
    await this.#send("POST", "/api/v1/organization/roles", { slug: "clerk", name: "Clerk", permissions })
    for (const email of this.emails) await people.addPerson(this.harness, this.acme, { email })
    for (let made = 0; made < 3; made++) {
      await this.#addIdentity()
      await this.#addGroup()
      await this.#addProject()
    }
  }

  /** Tries one change, and says which; one that is refused changes nothing. */
  async change(): Promise<string> {
    const { choices } = this
    const [name, change] = choices.one([
      ["join", () => this.#joinOrLeave("POST")],
      ["join", () => this.#joinOrLeave("POST")],
      ["leave", () => this.#joinOrLeave("DELETE")],
      ["enter", () => this.#enter()],
      ["enter", () => this.#enter()],
      ["exit", () => this.#exit()],
      ["roles", () => this.#changeRoles()],
      ["roles", () => this.#changeRoles()],
      [
        "role of a group",
        () => this.#send("PATCH", `/api/v1/groups/${choices.one(this.groups)}`, this.#role()),
      ],
      [
        "role of a machine",
        () => this.#send("PATCH", `/api/v1/identities/${choices.one(this.identities)}`, this.#role()),
      ],
      ["role of a person", () => this.#changeMember("PATCH", this.#role())],
      ["rare", () => (choices.onceIn(3) ? this.#rarely() : this.#joinOrLeave("POST"))],
    ] as const)
    const answer = await change()
    return `${name} ${answer.status}`
  }

  /** What somebody can be given but once in a while, since much ends by it. */
  #rarely() {
    return this.choices.one([
      () => this.#changeMember("DELETE"),
      () => this.#invite(),
      () => this.#invite(),
      async () => {
        const [gone = ""] = this.groups.splice(this.choices.below(this.groups.length), 1)
        const answer = await this.#send("DELETE", `/api/v1/groups/${gone}`)
        await this.#addGroup()
        return answer
      },
      async () => {
        const [gone] = this.projects.splice(this.choices.below(this.projects.length), 1)
        const answer = await this.#send("DELETE", `/api/v1/projects/${gone?.id}`)
        await this.#addProject()
        return answer
      },
      async () => {
        const [gone = ""] = this.identities.splice(this.choices.below(this.identities.length), 1)
        const answer = await this.#send("DELETE", `/api/v1/identities/${gone}`)
        await this.#addIdentity()
        return answer
      },
    ])()
  }

  #send(method: string, path: string, body?: unknown) {
    const { token } = this.acme
    return this.harness.call(`${method} ${path}`, { token, ...(body === undefined ? {} : { body }) })
  }

  async #read(path: string): Promise<any> /* eslint-disable-line typescript/no-explicit-any */ {
    return people.ok(await this.#send("GET", path))
  }

  async #addIdentity() {
    const { id } = await people.addIdentity(
      this.harness,
      this.acme,
      this.choices.one(["member", "no-access"]),
    )
    this.identities.push(id)
    this.known.set(id, { kind: "identity", id })
  }

  async #addGroup() {
    const { id } = await people.addGroup(this.harness, this.acme, `Past ${++this.#made}`)
    this.groups.push(id)
    this.known.set(id, { kind: "group", id })
  }

  async #addProject() {
    const project = await addProject(this.harness, this.acme)
    await addProjectRole(this.harness, project, "cook", [{ subject: "tags", action: ["read"] }])
    this.projects.push(project)
    this.known.set(project.id, { kind: "project", id: project.id })
  }

  #role = () => ({ role: this.choices.one(organizationRoles) })

  /** One role at least for good, and perhaps one that is over soon, or still to come. */
  #roles() {
    const { choices } = this
    const roles: object[] = [{ role: choices.one(projectRoles) }]
    if (choices.onceIn(2)) roles.push({ role: choices.one(projectRoles) })
    if (choices.onceIn(2)) {
      const temporaryAccessStartTime = new Date(Date.now() - 200 + choices.below(600)).toISOString()
      const temporaryRange = `${100 + choices.below(900)}ms`
      const role = choices.one(projectRoles)
      roles.push({
        role,
        isTemporary: true,
        temporaryMode: "relative",
        temporaryRange,
        temporaryAccessStartTime,
      })
    }
    return { roles }
  }

  #way(): string {
    const isPerson = this.choices.onceIn(2)
    return isPerson
      ? `users/${this.choices.one(this.emails)}`
      : `machine-identities/${this.choices.one(this.identities)}`
  }

  #joinOrLeave(method: "POST" | "DELETE") {
    return this.#send(method, `/api/v1/groups/${this.choices.one(this.groups)}/${this.#way()}`)
  }

  #projectPath = (): string => `/api/v1/projects/${this.choices.one(this.projects).id}/memberships`
  #holderPath = (): string =>
    this.choices.onceIn(2)
      ? `groups/${this.choices.one(this.groups)}`
      : `identities/${this.choices.one(this.identities)}`

  #enter() {
    if (this.choices.onceIn(3))
      return this.#send("POST", `${this.#projectPath()}/${this.#holderPath()}`, this.#roles())
    const usernames = [this.choices.one(this.emails)]
    return this.#send("POST", this.#projectPath(), { usernames, roleSlugs: [this.choices.one(projectRoles)] })
  }

  #exit() {
    if (this.choices.onceIn(2)) return this.#send("DELETE", `${this.#projectPath()}/${this.#holderPath()}`)
    return this.#send("DELETE", this.#projectPath(), { usernames: [this.choices.one(this.emails)] })
  }

  async #changeRoles() {
    const path = this.#projectPath()
    if (this.choices.onceIn(2)) return this.#send("PATCH", `${path}/${this.#holderPath()}`, this.#roles())
    const { memberships } = await this.#read(path)
    const { id } = this.choices.one<{ id: string }>(memberships)
    return this.#send("PATCH", `${path}/${id}`, this.#roles())
  }

  async #changeMember(method: string, body?: object) {
    const path = `/api/v2/organizations/${this.acme.id}/memberships`
    const { users } = await this.#read(path)
    const email = this.choices.one(this.emails)
    const found = users.find(({ user }: { user: { username: string } }) => user.username === email)
    return this.#send(method, `${path}/${found?.id ?? "none"}`, body)
  }

  #invite() {
    return this.#send("POST", "/api/v1/invite-org/signup", {
      inviteeEmails: [this.choices.one(this.emails)],
      organizationId: this.acme.id,
      organizationRoleSlug: "member",
    })
  }

  /** What the lists tell now of who has what, `at` being a time since the last change. */
  async record(at: Date): Promise<Set<string>> {
    const lines = new Set<string>()
    await Promise.all([
      this.#recordOrganization(lines),
      ...this.groups.map((id) => this.#recordGroup(id, lines)),
      ...this.projects.map(({ id }) => this.#recordProject(id, at, lines)),
    ])
    return lines
  }

  async #recordOrganization(lines: Set<string>) {
    const place = `organization ${this.acme.id}`
    const note = (kind: Kind, id: string, { role, roleId }: { role: string; roleId: string | null }) => {
      this.known.set(id, { kind, id })
      lines.add(`${kind} ${id} in ${place}`)
      lines.add(`${kind} ${id} ${roleId === null ? role : "clerk"} in ${place}`)
    }
    const { users } = await this.#read(`/api/v2/organizations/${this.acme.id}/memberships`)
    for (const each of users) note("user", each.userId, each)
    const found = await this.#read(`/api/v2/organizations/${this.acme.id}/identity-memberships?limit=100`)
    for (const each of found.identityMemberships) note("identity", each.identity.id, each)
  }

  async #recordGroup(id: string, lines: Set<string>) {
    const { role, customRoleSlug } = await this.#read(`/api/v1/groups/${id}`)
    lines.add(`group ${id} ${customRoleSlug ?? role} in organization ${this.acme.id}`)
    const { members } = await this.#read(`/api/v1/groups/${id}/members?limit=100`)
    for (const { user, machineIdentity } of members)
      lines.add(`${user ? `user ${user.id}` : `identity ${machineIdentity.id}`} in group ${id}`)
  }

  async #recordProject(id: string, at: Date, lines: Set<string>) {
    const path = `/api/v1/projects/${id}/memberships`
    const note = (holder: string, roles: GivenRole[]) => {
      lines.add(`${holder} in project ${id}`)
      for (const role of roles) {
        if (isHeld(role, at)) lines.add(`${holder} ${role.customRoleSlug ?? role.role} in project ${id}`)
      }
    }
    for (const { userId, roles } of (await this.#read(path)).memberships) note(`user ${userId}`, roles)
    for (const { identityId, roles } of (await this.#read(`${path}/identities`)).identityMemberships)
      note(`identity ${identityId}`, roles)
    for (const { group, roles } of (await this.#read(`${path}/groups`)).groupMemberships)
      note(`group ${group.id}`, roles)
  }
}

type GivenRole = {
  role: string
  customRoleSlug: string | null
  isTemporary: boolean
  temporaryAccessStartTime: string | null
  temporaryAccessEndTime: string | null
}

const isHeld = (role: GivenRole, at: Date): boolean =>
  !role.isTemporary ||
  (Date.parse(role.temporaryAccessStartTime ?? "") <= at.getTime() &&
    Date.parse(role.temporaryAccessEndTime ?? "") > at.getTime())

/** What of the lines is about somebody or something: what a group has, everybody in it has by it, too. */
export function linesAbout({ kind, id }: Thing, lines: ReadonlySet<string>): string[] {
  const own = [...lines].filter((line) =>
    kind === "project" ? line.endsWith(` in project ${id}`) : line.startsWith(`${kind} ${id} `),
  )
  if (kind === "project") return own.toSorted()
  if (kind === "group")
    return [...own, ...[...lines].filter((line) => line.endsWith(` in group ${id}`))].toSorted()
  const byGroups = own.flatMap((line) => {
    const [, groupId] = / in group (\S+)$/.exec(line) ?? []
    if (groupId === undefined) return []
    return linesAbout({ kind: "group", id: groupId }, lines)
      .filter((each) => each.startsWith(`group ${groupId} `))
      .map((each) => `${each.replace(`group ${groupId}`, `${kind} ${id}`)} by ${groupId}`)
  })
  return [...own, ...byGroups].toSorted()
}
