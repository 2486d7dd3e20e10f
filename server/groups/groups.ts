import { requireBoundary, ungoverned, type Granted } from "../access/boundary.ts"
import type { Rule } from "../access/roles.ts"
import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { newId, randomAlphanumerics, uuidOrNull } from "../crypto/ids.ts"
import { notFound } from "../errors.ts"
import { giveRole } from "../grants/grants.ts"
import { sortKey } from "../names.ts"
import { endProjectsOfGroup } from "../projects/places.ts"
import { rulesOfRoles } from "../roles/held.ts"
import { requireRole, type Grantable } from "../roles/roles.ts"
import * as store from "./groups.store.ts"

export { groupFacts } from "./groups.store.ts"

export type Group = store.GroupRow

export const noSuchGroup = (groupId: string) => notFound(`There is no group with the ID ${groupId}`)

type ListQuery = { offset?: number | undefined; limit?: number | undefined; search?: string | undefined }

/** The groups of the caller's organization, by name, then id: all of them, or a part that is asked for. */
export function listGroups(ctx: Context, { offset, limit, search }: ListQuery): Promise<Group[]> {
  const { orgId } = ctx.actor
  const isPart = offset !== undefined || limit !== undefined || search !== undefined
  if (!isPart) return store.groupsInOrg(ctx.db, orgId)
  return store.pageOfGroups(ctx.db, {
    orgId,
    offset: offset ?? 0,
    limit,
    search: sortKey(search ?? null) ?? "",
  })
}

/** A group of the caller's organization; anything else is 404, also what is no id at all. */
export async function getGroup(ctx: Context, groupId: string): Promise<Group> {
  const id = uuidOrNull(groupId)
  const group = id && (await store.groupInOrg(ctx.db, ctx.actor.orgId, id))
  if (!group) throw noSuchGroup(groupId)
  return group
}

/** The values of `groupFacts` for a group's id as it was sent. */
export const groupFactValues = (groupId: string): unknown[] => [uuidOrNull(groupId)]

/** The same group as `getGroup` finds, where it was read together with the caller. */
export function readGroup(facts: store.GroupFacts, groupId: string): Group {
  const group = store.groupOfFacts(facts)
  if (!group) throw noSuchGroup(groupId)
  return group
}

/** Makes a group with its organization role; whoever gives a role that means anything must be allowed to. */
export async function createGroup(
  ctx: Context,
  input: { name: string; slug?: string | undefined; role: string },
): Promise<Group> {
  const role = await requireRole(ctx, input.role)
  const what = "You may not give a group a role"
  const granted =
    role.slug === "no-access"
      ? ungoverned("the role gives nothing")
      : await requireBoundary(ctx.actor, ["grant-privileges", "groups"], what, async () => [role.rules])
  const { orgId } = ctx.actor
  const { name } = input
  const slug = input.slug ?? generatedSlug(name)
  const id = newId()
  await store.insertGroup(ctx.db, { org_id: orgId, id, name, slug, sort_key: sortKey(name) ?? "" })
  await giveRole(ctx.db, granted, { kind: "group", orgId, id }, role.stored)
  await record(ctx, "create-group", { groupId: id, name, slug, role: role.slug })
  return getGroup(ctx, id)
}

/** Changes name, slug or role; without any of them the group stays as it is. */
export async function updateGroup(
  ctx: Context,
  groupId: string,
  changes: { name?: string | undefined; slug?: string | undefined; role?: string | undefined },
): Promise<Group> {
  const group = await lockGroup(ctx, groupId)
  const { name, slug } = changes
  const role = changes.role === undefined ? undefined : await requireRole(ctx, changes.role)
  const granted = role && (await requireMayChangeRole(ctx, group, role))
  if (name === undefined && slug === undefined && role === undefined) return group

  const { orgId } = ctx.actor
  const named = name === undefined ? {} : { name, sort_key: sortKey(name) ?? "" }
  await store.updateGroup(ctx.db, orgId, group.id, { ...named, ...(slug === undefined ? {} : { slug }) })
  if (granted && role.slug !== (group.custom_role_slug ?? group.role)) {
    await store.endRoleGrants(ctx.db, orgId, group.id)
    await giveRole(ctx.db, granted, { kind: "group", orgId, id: group.id }, role.stored)
  }
  const sent = Object.entries({ name, slug, role: role?.slug }).filter(([, value]) => value !== undefined)
  await record(ctx, "update-group", { groupId: group.id, ...Object.fromEntries(sent) })
  return getGroup(ctx, group.id)
}

/** Also for a role that takes away: giving and taking are one power. */
function requireMayChangeRole(ctx: Context, group: Group, role: Grantable): Promise<Granted> {
  const what = "You may not change the role of a group"
  const roles = async () => [...(await rulesOfGroup(ctx, group.id)), role.rules]
  return requireBoundary(ctx.actor, ["grant-privileges", "groups"], what, roles)
}

/** Ends the group: whatever its members had only through it is gone with their next request. */
export async function deleteGroup(ctx: Context, groupId: string): Promise<Group> {
  const group = await lockGroup(ctx, groupId)
  await store.deleteGroup(ctx.db, ctx.actor.orgId, group.id)
  await endProjectsOfGroup(ctx.db, ctx.actor.orgId, group.id)
  await record(ctx, "delete-group", { groupId: group.id, name: group.name, slug: group.slug })
  return group
}

/** Ends every group of an organization, when the organization ends. */
export const endGroups = (db: Context["db"], orgId: string): Promise<void> => store.endGroups(db, orgId)

/** The group, locked against every change until the transaction ends; 404 when there is none. */
export async function lockGroup(ctx: Context, groupId: string): Promise<Group> {
  const id = uuidOrNull(groupId)
  const group = id && (await store.lockGroup(ctx.db, ctx.actor.orgId, id))
  if (!group) throw noSuchGroup(groupId)
  return group
}

/** What each role of the group in the organization allows. */
export async function rulesOfGroup(ctx: Context, groupId: string): Promise<(readonly Rule[])[]> {
  const keys = await store.roleKeysOfGroup(ctx.db, ctx.actor.orgId, groupId)
  return rulesOfRoles(ctx.db, ctx.actor.orgId, keys)
}

/** The name in kebab case and four random letters, for who gives no slug; may be shorter than a given one. */
function generatedSlug(name: string): string {
  const words = (sortKey(name) ?? "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "")
  const tail = randomAlphanumerics(4).toLowerCase()
  return words === "" ? tail : `${words.slice(0, 250)}-${tail}`.replace(/-+/g, "-")
}
