import { requireOwnOrganization } from "../access/access.ts"
import { packed } from "../access/pack.ts"
import type { Context } from "../context.ts"
import { listRoles } from "../roles/roles.ts"
import { listGroups, type Group } from "./groups.ts"
import * as store from "./group-lists.store.ts"
import { noSuchUser } from "./members.ts"

type CustomRole = {
  id: string
  name: string
  slug: string
  description: string | null
  permissions: unknown[]
}

/**
 * All groups of the caller's organization, each with its custom role if it has one; another organization's id is
 * nobody's.
 */
export async function groupsOfOrganization(
  ctx: Context,
  organizationId: string,
): Promise<(Group & { customRole: CustomRole | undefined })[]> {
  requireOwnOrganization(ctx, organizationId)
  const groups = await listGroups(ctx, {})
  const roles = new Map<string | null, CustomRole>()
  for (const role of await listRoles(ctx)) {
    const { id, name, slug, description } = role
    if (!role.isBuiltIn) roles.set(id, { id, name, slug, description, permissions: packed(role.permissions) })
  }
  return groups.map((group) => ({ ...group, customRole: roles.get(group.custom_role_id) }))
}

/** The groups that a person of the caller's organization is in, also while invited; anybody else is 404. */
export async function groupsOfUser(ctx: Context, username: string): Promise<store.GroupOfUser[]> {
  const { orgId } = ctx.actor
  const membershipId = await store.membershipOf(ctx.db, orgId, username)
  if (membershipId === undefined) throw noSuchUser(username)
  return store.groupsOfMember(ctx.db, orgId, membershipId)
}
