import { builtInProjectRules, isBuiltInProjectRole } from "../access/project-roles.ts"
import type { Rule, StoredRole } from "../access/roles.ts"
import type { ProjectContext } from "../context.ts"
import { badRequest, notFound } from "../errors.ts"
import * as store from "./roles.store.ts"

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

const placeOf = ({ actor, project }: ProjectContext): store.Place => ({
  orgId: actor.orgId,
  projectId: project.id,
})
