import { builtInProjectRoles, isBuiltInProjectRole } from "../access/project-roles.ts"
import type { AccessClaims } from "../auth/token.ts"
import { newId } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { columnsOf, dated, interval, type Dated } from "./dated.ts"
import type { Grant, Interval, OracleRule } from "./oracle.ts"
import type { Named, Privilege, ProjectMember, ProjectWay, Question } from "./project-oracle.ts"
import { randomProjectRules, randomQuestion, teams } from "./random-project-rules.ts"
import type { Choices } from "./random-rights.ts"
import { addAccount, addMachine, Rows } from "./rows.ts"

/*
 * Organizations with projects and everybody in them, at random: written straight into the database, and told as the
 * oracle sees them.
 */

/** Somebody, a project of their organization, and what is asked about them there. */
export type ProjectCase = {
  name: string
  kind: Kind
  claims: AccessClaims
  place: { orgId: string; projectId: string; membershipId: string }
  /** Nobody finds a deleted project. */ isDeleted: boolean
  member: ProjectMember
  questions: readonly Question[]
}
type Kind = "user" | "identity"

/** How much of each there is; the first project is deleted. */
export type Size = { projects: number; groups: number; people: number; machines: number; questions: number }

type Placement = { when: Interval; grants: Grant[] }
type Group = { id: string; /** By project. */ placements: Map<string, Placement[]> }
type Project = { id: string; isDeleted: boolean; customRoles: Map<string, OracleRule[]> }
type Making = {
  choices: Choices
  now: number
  rows: Rows
  org_id: string
  /** The groups of somebody who has nothing else, for the next who shall have the same. */ twin?:
    Joined | undefined
}
type Joined = readonly Dated<Group>[]

const day = 86_400_000

/** An id that comes again with the seed, since later rules win by their ids. */
const drawId = (choices: Choices): string => {
  const digits = (count: number): string =>
    Array.from({ length: count }, () => choices.below(16).toString(16)).join("")
  return [digits(8), digits(4), `7${digits(3)}`, `8${digits(3)}`, digits(12)].join("-")
}

/** In the forms and ages in which the API gives them: a role for a time has its end from the beginning. */
const temporaryColumns = ({ from, until, isClosed }: Interval) => {
  const isTemporary = until !== null && !isClosed
  return {
    is_temporary: isTemporary,
    temporary_mode: isTemporary ? "relative" : null,
    temporary_range: isTemporary ? "2d" : null,
    temporary_access_start_time: isTemporary ? new Date(from) : null,
    temporary_access_end_time: isTemporary ? new Date(until) : null,
  }
}

/** An organization of its own with all that was drawn for it; `now` is the moment that its cases are judged at. */
export async function createProjectCases(
  db: Queries,
  choices: Choices,
  now: number,
  size: Size,
): Promise<ProjectCase[]> {
  const making: Making = { choices, now, rows: new Rows(), org_id: drawId(choices) }
  const { rows, org_id } = making
  rows.add("organizations", { id: org_id, name: "Random", slug: org_id })
  const projects = Array.from({ length: size.projects }, (_, number) => addProject(making, number === 0))
  const groups = Array.from({ length: size.groups }, () => addGroup(making, projects))
  const cases = [
    ...Array.from({ length: size.people }, () => addPerson(making, { projects, groups })),
    ...Array.from({ length: size.machines }, () => addIdentity(making, { projects, groups })),
  ].flat()
  await rows.write(db)
  return cases.map((one) => {
    const rules = everRules(one.member)
    const draw = () => randomQuestion(choices, rules, one.member.named)
    return { ...one, questions: Array.from({ length: size.questions }, draw) }
  })
}

/** All rules that somebody has, had, or will have, but for those of built-in roles. */
export const everRules = ({ ways, customRoles, privileges }: ProjectMember): OracleRule[] => [
  ...ways.flatMap(({ grants }) => grants.flatMap(({ role }) => customRoles.get(role) ?? [])),
  ...privileges.flatMap(({ rules }) => rules),
]

function addProject({ choices, rows, org_id }: Making, isDeleted: boolean): Project {
  const id = drawId(choices)
  const deleted_at = isDeleted ? new Date() : null
  rows.add("projects", {
    org_id,
    id,
    name: "Random",
    slug: id,
    sort_key: "Random",
    type: "secret-manager",
    deleted_at,
  })
  const customRoles = new Map(
    Array.from({ length: 4 }, () => [drawId(choices), randomProjectRules(choices)] as const),
  )
  for (const [roleId, permissions] of customRoles) {
    rows.add("project_roles", { org_id, project_id: id, id: roleId, slug: roleId, name: "Role", permissions })
  }
  return { id, isDeleted, customRoles }
}

function addGroup(making: Making, projects: readonly Project[]): Group {
  const { choices, rows, org_id } = making
  const id = drawId(choices)
  rows.add("groups", { org_id, id, name: id, slug: id, sort_key: id })
  const placements = new Map<string, Placement[]>()
  for (const project of projects) {
    const holder = { table: "group", column: "group_id", id } as const
    placements.set(project.id, addPlacements(making, project, holder))
  }
  return { id, placements }
}

type Holder = { table: "user" | "identity" | "group"; column: "membership_id" | "group_id"; id: string }

/** Times that somebody, or a group, was, is or will be in a project, each with roles of all ages. */
function addPlacements(making: Making, project: Project, holder: Holder): (Placement & { id: string })[] {
  const { choices, rows, org_id } = making
  const custom = [...project.customRoles.keys()]
  const roles = [...builtInProjectRoles, ...custom, ...custom, ...custom, ...custom]
  const memberships = dated(
    making,
    2,
    () => drawId(choices),
    () => "one",
  )
  return memberships.map(({ made: id, when }) => {
    const place = { org_id, project_id: project.id, id, [holder.column]: holder.id }
    rows.add(`project_${holder.table}_memberships`, { ...place, ...columnsOf(when) })
    const grants = choices.list(4, () => ({ role: choices.one(roles), when: interval(choices, making.now) }))
    for (const { role, when } of grants) {
      const isBuiltIn = isBuiltInProjectRole(role)
      rows.add(`project_${holder.table}_role_grants`, {
        org_id,
        project_id: project.id,
        id: newId(),
        project_membership_id: id,
        role: isBuiltIn ? role : "custom",
        custom_role_id: isBuiltIn ? null : role,
        ...columnsOf(when),
        ...temporaryColumns(when),
      })
    }
    return { id, when, grants }
  })
}

type Around = { projects: readonly Project[]; groups: readonly Group[] }

function addPerson(making: Making, around: Around): ProjectCase[] {
  const { choices, now, rows, org_id } = making
  const username = `person-${drawId(choices)}@acme.example`
  const { id, claims } = addAccount(rows, org_id, username)
  const metadata = randomMetadata(choices)
  const membership_id = newId()
  rows.add("organization_user_memberships", {
    org_id,
    id: membership_id,
    user_id: id,
    username,
    search_key: username,
    accepted_at: new Date(now - 9 * day),
    metadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  })
  const who = { kind: "user", membership_id, name: username, claims } as const
  return addToAll(making, { ...who, named: { id, username, metadata } }, around)
}

function addIdentity(making: Making, around: Around): ProjectCase[] {
  const { choices, rows, org_id } = making
  const name = choices.onceIn(3) ? "machine" : choices.one(teams)
  const { id, claims } = addMachine(rows, org_id, name)
  const metadata = randomMetadata(choices)
  const noted = Object.entries(metadata).map(([key, value]) => ({
    key,
    value,
    removed_at: null as Date | null,
  }))
  // What was noted before counts for nothing.
  const before = choices.list(2, () => ({ key: "team", value: choices.one(teams), removed_at: new Date() }))
  for (const [position, each] of [...before, ...noted].entries()) {
    rows.add("identity_metadata", { org_id, id: newId(), identity_id: id, position, ...each })
  }
  const membership_id = newId()
  rows.add("organization_identity_memberships", { org_id, id: membership_id, identity_id: id })
  const who = { kind: "identity", membership_id, name: `${name} ${id}`, claims } as const
  return addToAll(making, { ...who, named: { id, username: name, metadata } }, around)
}

function randomMetadata(choices: Choices): Record<string, string> {
  return {
    ...(choices.onceIn(4) ? {} : { team: choices.one(teams) }),
    ...(choices.onceIn(2) ? {} : { region: choices.one(["eu", "us"]) }),
  }
}

type Who = { kind: Kind; membership_id: string; name: string; claims: AccessClaims; named: Named }

/** What somebody has in each project, by themselves and by groups. */
function addToAll(making: Making, who: Who, { projects, groups }: Around): ProjectCase[] {
  const { choices, rows, org_id } = making
  const { kind, membership_id } = who
  // Whatever they may do in the organization, it gives nothing in a project.
  const role = choices.one(["admin", "member", "no-access"])
  rows.add(`organization_${kind}_role_grants`, { org_id, id: newId(), membership_id, role })
  const drawn = dated(
    making,
    4,
    () => choices.one(groups),
    ({ id }) => id,
  )
  const joined = making.twin ?? drawn
  const isTwin = making.twin !== undefined || choices.onceIn(2)
  making.twin = making.twin === undefined && isTwin ? drawn : undefined
  for (const { made: group, when } of joined) {
    const row = { org_id, id: newId(), group_id: group.id, membership_id, ...columnsOf(when) }
    rows.add(`group_${kind}_memberships`, row)
  }
  return projects.map((project) => {
    const holder = { table: kind, column: "membership_id", id: membership_id } as const
    const own = isTwin || choices.onceIn(4) ? [] : addPlacements(making, project, holder)
    const ways: ProjectWay[] = [
      ...own.map(({ id, when, grants }) => ({ kind: "own" as const, sourceId: id, when: [when], grants })),
      ...waysBy(joined, project),
    ]
    return {
      name: `${who.name} in ${project.id}`,
      kind,
      claims: who.claims,
      place: { orgId: org_id, projectId: project.id, membershipId: membership_id },
      isDeleted: project.isDeleted,
      member: {
        named: who.named,
        ways,
        privileges: isTwin ? [] : addPrivileges(making, who, project),
        customRoles: project.customRoles,
      },
      questions: [],
    }
  })
}

const waysBy = (joined: Joined, project: Project): ProjectWay[] =>
  joined.flatMap(({ made: group, when }) =>
    (group.placements.get(project.id) ?? []).map((placement) => ({
      kind: "group" as const,
      sourceId: group.id,
      when: [when, placement.when],
      grants: placement.grants,
    })),
  )

function addPrivileges({ choices, now, rows, org_id }: Making, who: Who, project: Project): Privilege[] {
  const privileges = choices.list(3, () => ({
    id: drawId(choices),
    when: interval(choices, now),
    givenAt: now - (0.5 + choices.below(3)) * day,
    rules: randomProjectRules(choices),
  }))
  for (const { id, when, givenAt, rules } of privileges) {
    rows.add(`project_${who.kind}_privileges`, {
      org_id,
      project_id: project.id,
      id,
      membership_id: who.membership_id,
      slug: id,
      permissions: rules,
      given_at: new Date(givenAt),
      ...columnsOf(when),
      ...temporaryColumns(when),
    })
  }
  return privileges
}
