import { authorize } from "../access/access.ts"
import type { RoleHolder } from "../access/boundary.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import { listUsers } from "../groups/members.ts"
import {
  addMember,
  authorizeFor,
  changeRoles,
  removeMember,
  rolesByMembership,
  type AskedRole,
  type GivenRole,
  type Member,
} from "./given-roles.ts"
import * as store from "./group-members.store.ts"
import { holdProject } from "./projects.ts"

export { isRange } from "./given-roles.ts"

/** A group in a project, with the roles that it has there. */
export type GroupMember = store.GroupMemberRow & { roles: GivenRole[] }

/** The groups in the project that the caller may see, by name. */
export async function listGroups(ctx: ProjectContext): Promise<GroupMember[]> {
  const rows = await store.groupsIn(ctx.db, placeOf(ctx))
  const { rights } = ctx.project
  const seen = rows.filter(({ group_name: groupName }) => rights.can(["read", "groups"], { groupName }))
  const rolesOf = await rolesByMembership(
    ctx,
    "group",
    seen.map(({ id }) => id),
  )
  return seen.map((row) => ({ ...row, roles: rolesOf(row.id) }))
}

/** A group in the project; 404 for one that is not in it. */
export async function getGroup(ctx: ProjectContext, groupId: string): Promise<GroupMember> {
  const row = await find(ctx, groupId)
  if (!row) throw notFound(`There is no group with the ID ${groupId} in the project`)
  authorizeFor(ctx, ["read", "groups"], seenAs(row.group_name))
  return withRoles(ctx, row)
}

/** Puts a group of the organization, by its id or its name, into the project with these roles. */
export async function addGroup(
  ctx: ProjectContext,
  idOrName: string,
  asked: readonly AskedRole[],
): Promise<GroupMember> {
  await holdProject(ctx)
  requireSuited(ctx, asked)
  const id = uuidOrNull(idOrName)
  const group = await store.findGroup(ctx.db, ctx.actor.orgId, id ? { id } : { name: idOrName })
  if (!group) throw noSuchGroup(idOrName)
  authorizeFor(ctx, ["create", "groups"], seenAs(group.name))
  const what = "You may not add this group to the project"
  const member = { kind: "group", holderId: group.id, seen: seenAs(group.name) } as const
  const outcome = await addMember(ctx, member, asked, what)
  // It was there a moment ago.
  if (!outcome.holder_exists) throw noSuchGroup(idOrName)
  if (!outcome.is_added) throw badRequest(`The group ${group.slug} is already in the project`)
  await record(ctx, "add-project-group", eventOf(ctx, group, asked))
  return withRoles(ctx, await requireMember(ctx, group.id))
}

/** Gives a group in the project these roles in place of those that it has. */
export async function updateGroup(
  ctx: ProjectContext,
  groupId: string,
  asked: readonly AskedRole[],
): Promise<GroupMember> {
  await holdProject(ctx)
  requireSuited(ctx, asked)
  const row = await requireMember(ctx, groupId)
  authorizeFor(ctx, ["edit", "groups"], seenAs(row.group_name))
  const what = "You may not change the roles of this group"
  if (!(await changeRoles(ctx, memberOf(row), asked, what))) throw notIn(groupId)
  const group = { id: row.group_id, name: row.group_name }
  await record(ctx, "update-project-group", eventOf(ctx, group, asked))
  return withRoles(ctx, await requireMember(ctx, groupId))
}

/** Takes a group out of the project: what its members had there by it alone is gone with their next request. */
export async function removeGroup(ctx: ProjectContext, groupId: string): Promise<GroupMember> {
  await holdProject(ctx)
  const row = await requireMember(ctx, groupId)
  authorizeFor(ctx, ["delete", "groups"], seenAs(row.group_name))
  const removed = await withRoles(ctx, row)
  const what = "You may not remove this group from the project"
  if (!(await removeMember(ctx, memberOf(row), what))) throw notIn(groupId)
  const { group_id, group_name } = row
  await record(ctx, "remove-project-group", {
    projectId: ctx.project.id,
    groupId: group_id,
    groupName: group_name,
  })
  return removed
}

type UserQuery = Omit<Parameters<typeof listUsers>[2], "filter"> & {
  filter?: "existingMembers" | "nonMembers" | undefined
}

/**
 * The people of a group that is in the project. Who is not in it is shown to those alone who may see the people of the
 * organization.
 */
export async function listGroupUsers(ctx: ProjectContext, groupId: string, query: UserQuery) {
  const { group_id } = await getGroup(ctx, groupId)
  const filter = query.filter ?? "existingMembers"
  if (filter === "nonMembers") authorize(ctx.actor, ["read", "member"])
  return listUsers(ctx, group_id, { ...query, filter })
}

const find = async (ctx: ProjectContext, groupId: string): Promise<store.GroupMemberRow | undefined> => {
  const id = uuidOrNull(groupId)
  return id === null ? undefined : store.groupIn(ctx.db, placeOf(ctx), id)
}

async function requireMember(ctx: ProjectContext, groupId: string): Promise<store.GroupMemberRow> {
  const row = await find(ctx, groupId)
  if (!row) throw notIn(groupId)
  return row
}

async function withRoles(ctx: ProjectContext, row: store.GroupMemberRow): Promise<GroupMember> {
  const rolesOf = await rolesByMembership(ctx, "group", [row.id])
  return { ...row, roles: rolesOf(row.id) }
}

/** A project of certificates knows two roles. */
function requireSuited({ project }: ProjectContext, asked: readonly AskedRole[]): void {
  const unsuited = asked.find(({ role }) => role !== "admin" && role !== "member")
  if (project.type !== "cert-manager" || !unsuited) return
  throw badRequest(`In a project of certificates a group is admin or member, not ${unsuited.role}`)
}

const placeOf = ({ actor, project }: ProjectContext) => ({ orgId: actor.orgId, projectId: project.id })
const seenAs = (groupName: string): RoleHolder => ({ subject: "groups", fields: { groupName } })
const memberOf = (row: store.GroupMemberRow): Member => ({
  kind: "group",
  id: row.id,
  holderId: row.group_id,
  seen: seenAs(row.group_name),
})
const eventOf = (ctx: ProjectContext, group: { id: string; name: string }, asked: readonly AskedRole[]) => ({
  projectId: ctx.project.id,
  groupId: group.id,
  groupName: group.name,
  roles: asked.map(({ role, temporary }) => ({ role, isTemporary: temporary !== null })),
})
const noSuchGroup = (idOrName: string) => badRequest(`There is no group ${idOrName} in the organization`)
const notIn = (groupId: string) => badRequest(`The group ${groupId} is not in the project`)
