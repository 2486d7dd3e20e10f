import { requireCovers, touched } from "../access/boundary.ts"
import {
  builtInProjectRoleNames,
  builtInProjectRoles,
  builtInProjectRules,
  isBuiltInProjectRole,
} from "../access/project-roles.ts"
import type { Rule, StoredRole } from "../access/roles.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import { builtInRolesOf, holdProject, type ListedRole } from "./projects.ts"
import * as store from "./roles.store.ts"

export { vocabulary } from "./rules.ts"

/** A role that may be given to somebody in a project: how a grant stores it, and what it allows. */
export type GrantableRole = {
  slug: string
  stored: StoredRole
  rules: readonly Rule[]
}

/**
 * The role of the request's project with this slug, built in or custom, or undefined. A custom one is held as it is
 * until the transaction ends, so that whoever is given it is given what was judged. Throws 400 for the literal
 * `custom`, which is how a custom role is shown.
 */
export async function findProjectRole(ctx: ProjectContext, slug: string): Promise<GrantableRole | undefined> {
  if (isBuiltInProjectRole(slug)) {
    return { slug, stored: { role: slug, custom_role_id: null }, rules: builtInProjectRules[slug] }
  }
  if (slug === "custom") {
    throw badRequest('"custom" is not the slug of a role: send the slug of the custom role')
  }
  const role = await store.heldRoleBySlug(ctx.db, placeOf(ctx), slug)
  return role && { slug, stored: { role: "custom", custom_role_id: role.id }, rules: role.permissions }
}

/** The same, but 404 when there is none. */
export async function requireProjectRole(ctx: ProjectContext, slug: string): Promise<GrantableRole> {
  const role = await findProjectRole(ctx, slug)
  if (!role) throw notFound(`There is no role ${slug} in the project ${ctx.project.id}`)
  return role
}

/** Built-in roles first, then those of the project by slug. */
export async function listRoles(ctx: ProjectContext): Promise<ListedRole[]> {
  return [...builtInRolesOf(ctx.project.id), ...(await store.rolesIn(ctx.db, placeOf(ctx)))]
}

/** A role that the project has made for itself, by its id. */
export async function getRole(ctx: ProjectContext, roleId: string): Promise<store.RoleRow> {
  const id = uuidOrNull(roleId)
  const role = id && (await store.roleById(ctx.db, placeOf(ctx), id))
  if (!role) throw noSuchRole(roleId)
  return role
}

export async function getRoleBySlug(ctx: ProjectContext, slug: string): Promise<ListedRole> {
  const builtIn = builtInRolesOf(ctx.project.id).find((role) => role.slug === slug)
  const role = builtIn ?? (await store.roleBySlug(ctx.db, placeOf(ctx), slug))
  if (!role) throw notFound(`There is no role with the slug ${slug}`)
  return role
}

type RoleInput = { slug: string; name: string; description: string | null; permissions: store.StoredRule[] }

/** Makes a role of the project. Nobody makes one that allows more in it than they may do themselves. */
export async function createRole(ctx: ProjectContext, input: RoleInput): Promise<store.RoleRow> {
  requireCovers(ctx.project, input.permissions, "You may not make a role that may do more than you")
  await holdProject(ctx)
  const role = await store.insertRole(ctx.db, placeOf(ctx), { id: newId(), ...input })
  await record(ctx, "create-project-role", { projectId: ctx.project.id, roleId: role.id, ...input })
  return role
}

type RoleChanges = { [K in keyof RoleInput]?: RoleInput[K] | undefined }

/**
 * Changes a role for all who hold it, from their next request on. Nobody gives it more than they may do themselves, nor
 * changes what a role allows, or lifts what it forbids, that goes beyond what they may do.
 */
export async function updateRole(
  ctx: ProjectContext,
  roleId: string,
  changes: RoleChanges,
): Promise<store.RoleRow> {
  const role = await lockRole(ctx, roleId)
  const sent = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  if (Object.keys(sent).length === 0) return role
  if (changes.permissions) {
    requireCovers(
      ctx.project,
      touched(role.permissions),
      "You may not change a role that may do more than you",
    )
    requireCovers(ctx.project, changes.permissions, "You may not give a role more than you may do yourself")
  }
  const updated = await store.updateRole(ctx.db, { orgId: ctx.actor.orgId, id: role.id }, sent)
  await record(ctx, "update-project-role", { projectId: ctx.project.id, roleId: role.id, ...sent })
  return updated
}

/** Deletes a role that nobody holds. */
export async function deleteRole(ctx: ProjectContext, roleId: string): Promise<store.RoleRow> {
  const role = await lockRole(ctx, roleId)
  if (await store.isHeld(ctx.db, ctx.actor.orgId, role.id)) {
    throw badRequest(`The role ${role.slug} is still held: give its holders another role first`, {
      name: "Delete role",
    })
  }
  await store.deleteRole(ctx.db, ctx.actor.orgId, role.id)
  const { slug, name } = role
  await record(ctx, "delete-project-role", { projectId: ctx.project.id, roleId: role.id, slug, name })
  return role
}

/** A role that the project has made, locked against every change until the transaction ends. */
export async function lockRole(ctx: ProjectContext, roleId: string): Promise<store.RoleRow> {
  if (builtInProjectRoles.some((each) => builtInProjectRoleNames[each].id === roleId.toLowerCase())) {
    throw badRequest("Built-in roles are the same in every project and cannot be changed")
  }
  const id = uuidOrNull(roleId)
  const role = id && (await store.lockRole(ctx.db, placeOf(ctx), id))
  if (!role) throw noSuchRole(roleId)
  return role
}

const noSuchRole = (roleId: string) => notFound(`There is no role of the project with the ID ${roleId}`)

const placeOf = ({ actor, project }: ProjectContext): store.Place => ({
  orgId: actor.orgId,
  projectId: project.id,
})
