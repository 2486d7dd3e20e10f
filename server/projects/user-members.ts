import { authorize } from "../access/access.ts"
import type { RoleHolder } from "../access/boundary.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import { noSuchUser } from "../groups/members.ts"
import { invite } from "../organizations/invitations.ts"
import { getOrganization } from "../organizations/organizations.ts"
import {
  addMember,
  authorizeFor,
  changeRoles,
  removeMember,
  rolesByMembership,
  type AskedRole,
  type GivenRole,
} from "./given-roles.ts"
import { holdProject } from "./projects.ts"
import * as store from "./user-members.store.ts"

export { isRange } from "./given-roles.ts"

type Row = store.UserPlaceRow
/** A person in a project, with the roles that they have there. */
export type UserMember = Row & { project_name: string; is_group_member: boolean; roles: GivenRole[] }

/** The people who are in the project by themselves, as far as the caller may see them. */
export async function listMembers(ctx: ProjectContext): Promise<UserMember[]> {
  const rows = (await store.userPlaces(ctx.db, placeOf(ctx))).filter((row) => maySee(ctx, row))
  return withRoles(ctx, rows)
}

/**
 * Everybody who is in the project, each once: by themselves or, where that is asked for, by groups, with the roles of
 * all of these. With slugs: only who has one of these roles now.
 */
export async function listUsers(
  ctx: ProjectContext,
  { includeGroupMembers, roles: slugs }: { includeGroupMembers: boolean; roles: string[] },
): Promise<UserMember[]> {
  const filter = { withGroups: includeGroupMembers }
  const rows = (await store.userPlaces(ctx.db, placeOf(ctx), filter)).filter((row) => maySee(ctx, row))
  const members: UserMember[] = []
  const ofGroups = await rolesByMembership(
    ctx,
    "group",
    rows.flatMap((row) => (row.source_kind === "group" ? [row.id] : [])),
  )
  const own = await withRoles(
    ctx,
    rows.filter((row) => row.source_kind === "own"),
  )
  const byId = new Map(own.map((member) => [member.id, member]))
  for (const places of Map.groupBy(rows, (row) => row.membership_id).values()) {
    // Their own place comes first, then the group that they have been in the longest.
    const [first] = places
    if (!first) continue
    const groups = places.filter((row) => row.source_kind === "group")
    const roles = [...(byId.get(first.id)?.roles ?? []), ...groups.flatMap(({ id }) => ofGroups(id))]
    members.push({ ...shownIn(ctx, first), roles })
  }
  if (slugs.length === 0) return members
  const isAsked = ({ is_over, custom_role_slug, role }: GivenRole): boolean =>
    !is_over && slugs.includes(custom_role_slug ?? role)
  return members.filter(({ roles }) => roles.some(isAsked))
}

/** How a request names a person's membership in the project. */
type Named = { id: string } | { userId: string } | { username: string }

/** A membership of a person in the project; 404 for one that is not there. */
export async function getMember(ctx: ProjectContext, named: Named): Promise<UserMember> {
  const row = await find(ctx, named)
  if (!row) throw noSuchMembership(named)
  authorizeFor(ctx, ["read", "member"], seenAs(row))
  return withRolesOf(ctx, row)
}

/** Who is to be put into a project: by addresses, which are invited if nobody has them, or by usernames. */
type Names = { emails: readonly string[]; usernames: readonly string[] }
const namesOf = ({ emails, usernames }: Names): string[] => [...new Set([...emails, ...usernames])].toSorted()

/**
 * Puts people into the project with these roles, and returns those who were not in it by themselves before. An address
 * that the organization does not know is invited into it first, with its default role.
 */
export async function addMembers(
  ctx: ProjectContext,
  names: Names,
  slugs: readonly string[],
): Promise<UserMember[]> {
  await holdProject(ctx)
  const asked = slugs.map((role): AskedRole => ({ role, temporary: null }))
  const usernames = namesOf(names)
  const people = await peopleNamed(ctx, names)
  const added: store.Person[] = []
  // In one order for all, so that two who add the same people do not wait for each other crosswise.
  for (const username of usernames) {
    const person = people.get(username)
    if (!person) throw noSuchUser(username)
    const seen = seenAs(person)
    authorizeFor(ctx, ["create", "member"], seen)
    const member = { kind: "user", holderId: person.membership_id, seen } as const
    const what = "You may not add people to the project with these roles"
    const outcome = await addMember(ctx, member, asked, what)
    // They were there a moment ago.
    if (!outcome.holder_exists) throw noSuchUser(username)
    if (outcome.is_added) added.push(person)
  }
  if (added.length === 0) return []
  await record(ctx, "add-project-members", {
    projectId: ctx.project.id,
    members: added.map(({ user_id: userId, username }) => ({ userId, username })),
    roles: [...slugs],
  })
  const filter = { usernames: added.map(({ username }) => username) }
  return withRoles(ctx, await store.userPlaces(ctx.db, placeOf(ctx), filter))
}

/** People of the organization by username, after those whom it does not know have been invited. */
async function peopleNamed(ctx: ProjectContext, names: Names): Promise<Map<string, store.Person>> {
  const { orgId } = ctx.actor
  const load = async () => {
    const people = await store.peopleNamed(ctx.db, orgId, namesOf(names))
    return new Map(people.map((person) => [person.username, person]))
  }
  const known = await load()
  const strangers = names.emails.filter((email) => !known.has(email))
  if (strangers.length === 0) return known
  // Who comes into the organization is the organization's to say, not the project's.
  authorize(ctx.actor, ["create", "member"])
  const { default_role } = await getOrganization(ctx.db, orgId)
  await invite(ctx, {
    inviteeEmails: strangers,
    organizationId: orgId,
    organizationRoleSlug: default_role,
  })
  return load()
}

/** Gives a person in the project these roles in place of those that they have. */
export async function updateMember(
  ctx: ProjectContext,
  id: string,
  asked: readonly AskedRole[],
): Promise<UserMember> {
  await holdProject(ctx)
  const row = await find(ctx, { id })
  if (!row) throw noSuchMembership({ id })
  authorizeFor(ctx, ["edit", "member"], seenAs(row))
  const what = "You may not change the roles of this member"
  if (!(await changeRoles(ctx, memberOf(row), asked, what))) throw noSuchMembership({ id })
  await record(ctx, "update-user-project-role", {
    ...eventOf(ctx, row),
    roles: asked.map(({ role, temporary }) => ({ role, isTemporary: temporary !== null })),
  })
  return withRolesOf(ctx, (await find(ctx, { id })) ?? row)
}

/** Takes a person out of the project; what they have in it by a group stays. */
export async function removeOne(ctx: ProjectContext, id: string): Promise<UserMember> {
  await holdProject(ctx)
  const row = await find(ctx, { id })
  if (!row) throw noSuchMembership({ id })
  const member = await withRolesOf(ctx, row)
  if (!(await remove(ctx, row))) throw noSuchMembership({ id })
  return member
}

/** The same of several by name: of all or, when one of them is not in it by themselves, of none. */
export async function removeMany(ctx: ProjectContext, names: Names): Promise<UserMember[]> {
  await holdProject(ctx)
  const usernames = namesOf(names)
  const rows = await store.userPlaces(ctx.db, placeOf(ctx), { usernames })
  const members = await withRoles(ctx, rows)
  const lacking = usernames.find((name) => !rows.some(({ username }) => username === name))
  if (lacking !== undefined) throw notIn(lacking)
  for (const row of rows.toSorted((one, other) => (one.username < other.username ? -1 : 1))) {
    if (!(await remove(ctx, row))) throw notIn(row.username)
  }
  return members
}

async function remove(ctx: ProjectContext, row: Row): Promise<boolean> {
  authorizeFor(ctx, ["delete", "member"], seenAs(row))
  const what = "You may not remove this member from the project"
  if (!(await removeMember(ctx, memberOf(row), what))) return false
  await record(ctx, "remove-project-member", eventOf(ctx, row))
  return true
}

async function find(ctx: ProjectContext, named: Named): Promise<Row | undefined> {
  const filter: store.UserFilter | undefined =
    "username" in named ? { usernames: [named.username] } : byId(named)
  const [row] = filter ? await store.userPlaces(ctx.db, placeOf(ctx), filter) : []
  return row
}

function byId(named: { id: string } | { userId: string }): store.UserFilter | undefined {
  const id = uuidOrNull("id" in named ? named.id : named.userId)
  if (id === null) return undefined
  return "id" in named ? { id } : { userId: id }
}

async function withRoles(ctx: ProjectContext, rows: Row[]): Promise<UserMember[]> {
  const rolesOf = await rolesByMembership(
    ctx,
    "user",
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({ ...shownIn(ctx, row), roles: rolesOf(row.id) }))
}

async function withRolesOf(ctx: ProjectContext, row: Row): Promise<UserMember> {
  const rolesOf = await rolesByMembership(ctx, "user", [row.id])
  return { ...shownIn(ctx, row), roles: rolesOf(row.id) }
}

const shownIn = ({ project }: ProjectContext, row: Row) => ({
  ...row,
  project_name: project.name,
  is_group_member: row.source_kind === "group",
})
const placeOf = ({ actor, project }: ProjectContext) => ({ orgId: actor.orgId, projectId: project.id })
const seenAs = ({ username }: { username: string }): RoleHolder => ({
  subject: "member",
  fields: { userEmail: username },
})
const maySee = ({ project }: ProjectContext, row: Row): boolean =>
  project.rights.can(["read", "member"], seenAs(row).fields)
const memberOf = (row: Row) =>
  ({ kind: "user", id: row.id, holderId: row.membership_id, seen: seenAs(row) }) as const
const eventOf = (ctx: ProjectContext, { user_id: userId, username }: store.Person) => ({
  projectId: ctx.project.id,
  userId,
  username,
})
function noSuchMembership(named: Named) {
  if ("username" in named)
    return notFound(`There is no member of the project with the username ${named.username}`)
  if ("userId" in named) return notFound(`There is no member of the project with the user ID ${named.userId}`)
  return notFound(`There is no membership with the ID ${named.id} in the project`)
}
const notIn = (username: string) =>
  badRequest(`${username} is not in the project`, { name: "Delete project membership" })
