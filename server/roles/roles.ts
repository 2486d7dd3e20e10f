import { requireCovers, touched } from "../access/boundary.ts"
import {
  builtInRoleNames,
  builtInRoles,
  builtInRules,
  isBuiltInRole,
  storedRole,
  type Rule,
  type StoredRole,
} from "../access/roles.ts"
import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import * as store from "./roles.store.ts"

export { requireOwnOrganization } from "../access/access.ts"
export { globFault } from "../access/globs.ts"
export { packed } from "../access/pack.ts"
export { organizationActions } from "../access/vocabulary.ts"

export type CustomRole = store.RoleRow

/** A role as lists show it: a custom one, or a built-in one, which belongs to no organization. */
export type Role = Omit<CustomRole, "permissions"> & { permissions: readonly Rule[]; isBuiltIn: boolean }

/** A role that may be given to somebody: how a grant stores it, and what it allows. */
export type Grantable = {
  slug: string
  stored: StoredRole
  rules: readonly Rule[]
}

/**
 * The role of the caller's organization with this slug, built in or custom, or undefined. A custom one is held as it
 * is until the transaction ends. Throws 400 for the literal `custom`, which is how a custom role is shown.
 */
export async function findRole(ctx: Context, slug: string): Promise<Grantable | undefined> {
  if (isBuiltInRole(slug)) {
    return { slug, stored: storedRole(slug), rules: builtInRules[slug] }
  }
  if (slug === "custom") {
    throw badRequest('"custom" is not the slug of a role: send the slug of the custom role')
  }
  const role = await store.heldRoleBySlug(ctx.db, ctx.actor.orgId, slug)
  return role && { slug, stored: { role: "custom", custom_role_id: role.id }, rules: role.permissions }
}

/** The same, but 404 when there is none. */
export async function requireRole(ctx: Context, slug: string): Promise<Grantable> {
  const role = await findRole(ctx, slug)
  if (!role) throw notFound(`There is no role ${slug} in the organization ${ctx.actor.orgId}`)
  return role
}

/** Built-in roles first, then the custom ones by slug. */
export async function listRoles(ctx: Context): Promise<Role[]> {
  const custom = await store.rolesInOrg(ctx.db, ctx.actor.orgId)
  return [
    ...builtInRoles.map((slug) => builtIn(ctx.actor.orgId, slug)),
    ...custom.map((role) => ({ ...role, isBuiltIn: false })),
  ]
}

export async function getRole(ctx: Context, roleId: string): Promise<Role> {
  const slug = builtInRoles.find((each) => builtInRoleNames[each].id === roleId.toLowerCase())
  if (slug) return builtIn(ctx.actor.orgId, slug)
  const id = uuidOrNull(roleId)
  const role = id && (await store.roleById(ctx.db, ctx.actor.orgId, id))
  if (!role) throw noSuchRole(roleId)
  return { ...role, isBuiltIn: false }
}

export async function getRoleBySlug(ctx: Context, slug: string): Promise<Role> {
  if (isBuiltInRole(slug)) return builtIn(ctx.actor.orgId, slug)
  const role = await store.roleBySlug(ctx.db, ctx.actor.orgId, slug)
  if (!role) throw notFound(`There is no role with the slug ${slug}`)
  return { ...role, isBuiltIn: false }
}

type RoleInput = { slug: string; name: string; description: string | null; permissions: store.StoredRule[] }

/** Makes a role. Nobody makes one that allows more than they may do themselves. */
export async function createRole(ctx: Context, input: RoleInput): Promise<CustomRole> {
  requireCovers(ctx.actor, input.permissions, "You may not make a role that may do more than you")
  const role = await store.insertRole(ctx.db, { org_id: ctx.actor.orgId, id: newId(), ...input })
  await record(ctx, "create-org-role", { roleId: role.id, ...input })
  return role
}

type RoleChanges = { [K in keyof RoleInput]?: RoleInput[K] | undefined }

/**
 * Changes a role for all who hold it, from their next request on. Nobody gives it more than they may do themselves,
 * nor changes what a role allows or forbids that is beyond what they may do.
 */
export async function updateRole(ctx: Context, roleId: string, changes: RoleChanges): Promise<CustomRole> {
  const role = await lockRole(ctx, roleId)
  const sent = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  if (Object.keys(sent).length === 0) return role
  if (changes.permissions) {
    requireCovers(ctx.actor, touched(role.permissions), "You may not change a role that may do more than you")
    requireCovers(ctx.actor, changes.permissions, "You may not give a role more than you may do yourself")
  }
  const updated = await store.updateRole(ctx.db, { orgId: ctx.actor.orgId, id: role.id }, sent)
  await record(ctx, "update-org-role", { roleId: role.id, ...sent })
  return updated
}

/** Deletes a role that nobody holds. */
export async function deleteRole(ctx: Context, roleId: string): Promise<CustomRole> {
  const role = await lockRole(ctx, roleId)
  if (await store.isAssigned(ctx.db, ctx.actor.orgId, role.id)) {
    throw badRequest(`The role ${role.slug} is still held: give its holders another role first`)
  }
  await store.deleteRole(ctx.db, ctx.actor.orgId, role.id)
  await record(ctx, "delete-org-role", { roleId: role.id, slug: role.slug, name: role.name })
  return role
}

/** A role that the organization has made, locked against every change until the transaction ends. */
export async function lockRole(ctx: Context, roleId: string): Promise<CustomRole> {
  if (builtInRoles.some((each) => builtInRoleNames[each].id === roleId.toLowerCase())) {
    throw badRequest("Built-in roles are the same in every organization and cannot be changed")
  }
  const id = uuidOrNull(roleId)
  const role = id && (await store.lockRole(ctx.db, ctx.actor.orgId, id))
  if (!role) throw noSuchRole(roleId)
  return role
}

const noSuchRole = (roleId: string) => notFound(`There is no role with the ID ${roleId}`)

// Clients want times; a built-in role is older than any organization.
const always = new Date(0)

const builtIn = (orgId: string, slug: (typeof builtInRoles)[number]): Role => ({
  ...builtInRoleNames[slug],
  slug,
  org_id: orgId,
  permissions: builtInRules[slug],
  created_at: always,
  updated_at: always,
  isBuiltIn: true,
})
