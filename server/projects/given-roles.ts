import { requireAssignable, requireCovers, type Granted, type RoleHolder } from "../access/boundary.ts"
import { authorizeInProject } from "../access/access.ts"
import { noSuchProject } from "../access/project.ts"
import { builtInProjectRules, isBuiltInProjectRole } from "../access/project-roles.ts"
import type { Rule } from "../access/roles.ts"
import type { ProjectPermission } from "../access/vocabulary.ts"
import type { Context, ProjectContext } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import * as store from "./given-roles.store.ts"
import {
  joinProject,
  replaceProjectRoles,
  type AddOutcome,
  type NewProjectRole,
} from "../grants/project-grants.ts"
import { endPlaces, lockMember, type MemberKind } from "./places.store.ts"
import { requireProjectRole } from "./roles.ts"
import { rangeMs, writtenDown, type Temporary } from "./temporary.ts"

export type { GivenRole } from "./given-roles.store.ts"

/*
 * What giving and taking roles of a project have in common, whether a person, a machine identity or a group has them.
 */

/** A role that is asked for, for good or for a time. */
export type AskedRole = { role: string; temporary: Temporary | null }

/** Whether a text says for how long. */
export const isRange = (text: string): boolean => rangeMs(text) !== undefined

/** A membership in the request's project: of whom, and how the rules of the project see them. */
export type Member = { kind: MemberKind; id: string; holderId: string; seen: RoleHolder }

/**
 * The roles that are asked for, as they are given. Throws 404 for one that is not there, and 403 for one that the caller
 * may not give to this holder.
 */
async function toGive(
  ctx: ProjectContext,
  asked: readonly AskedRole[],
  seen: RoleHolder,
  what: string,
): Promise<{ granted: Granted; roles: NewProjectRole[] }> {
  const found = []
  // In one order for all, so that two who give the same roles do not wait for each other crosswise.
  for (const slug of [...new Set(asked.map(({ role }) => role))].toSorted()) {
    found.push(await requireProjectRole(ctx, slug))
  }
  const granted = requireAssignable(actorIn(ctx), found, seen, what)
  const stored = new Map(found.map((role) => [role.slug, role.stored]))
  const roles = asked.flatMap(({ role, temporary }) => {
    const named = stored.get(role)
    return named ? [{ ...named, temporary: temporary && writtenDown(temporary) }] : []
  })
  return { granted, roles }
}

/** Puts somebody, or a group, into the request's project with these roles; says what stood in the way if anything. */
export async function addMember(
  ctx: ProjectContext,
  { kind, holderId, seen }: Omit<Member, "id">,
  asked: readonly AskedRole[],
  what: string,
): Promise<AddOutcome & { id: string }> {
  const { granted, roles } = await toGive(ctx, asked, seen, what)
  const id = newId()
  const place = { kind, orgId: ctx.actor.orgId, projectId: ctx.project.id, holderId }
  const outcome = await joinProject(ctx.db, granted, place, { id, roles })
  if (!outcome.project_exists) throw noSuchProject({ id: ctx.project.id })
  return { ...outcome, id }
}

/**
 * Gives a member these roles in place of all that they have. Whoever could not give a role may not take it away either.
 * False when the membership has ended meanwhile.
 */
export async function changeRoles(
  ctx: ProjectContext,
  { kind, id, seen }: Member,
  asked: readonly AskedRole[],
  what: string,
): Promise<boolean> {
  const membership = { orgId: ctx.actor.orgId, projectId: ctx.project.id, id }
  if (!(await lockMember(ctx.db, kind, membership))) return false
  const { granted, roles } = await toGive(ctx, asked, seen, what)
  requireAssignable(actorIn(ctx), await rolesHeldBy(ctx, kind, id), seen, what)
  await replaceProjectRoles(ctx.db, granted, { kind, ...membership }, roles)
  return true
}

/**
 * Takes a member out of the project, with all that they had in it by themselves. In the legacy privilege system nobody
 * takes out who holds more. False when the membership has ended meanwhile.
 */
export async function removeMember(
  ctx: ProjectContext,
  { kind, id, holderId }: Member,
  what: string,
): Promise<boolean> {
  const place = { orgId: ctx.actor.orgId, projectId: ctx.project.id }
  if (!(await lockMember(ctx.db, kind, { ...place, id }))) return false
  if (!ctx.actor.usesNewPrivilegeSystem) {
    for (const { rules } of await rolesHeldBy(ctx, kind, id)) requireCovers(ctx.project, rules, what)
  }
  return endPlaces(ctx.db, kind, { ...place, holderId })
}

/** Throws 403 unless the caller may do this with exactly this holder. */
export const authorizeFor = (
  ctx: ProjectContext,
  permission: ProjectPermission,
  { fields }: RoleHolder,
): void => authorizeInProject(ctx.project, permission, fields)

/** The roles that these memberships have been given, by membership; also those whose time is over. */
export async function rolesByMembership(
  ctx: Context,
  kind: MemberKind,
  projectMembershipIds: string[],
): Promise<(id: string) => store.GivenRole[]> {
  const of = { orgId: ctx.actor.orgId, projectMembershipIds }
  const roles = Map.groupBy(
    await store.givenRoles(ctx.db, kind, of),
    ({ project_membership_id }) => project_membership_id,
  )
  return (id) => roles.get(id) ?? []
}

async function rolesHeldBy(
  ctx: ProjectContext,
  kind: MemberKind,
  id: string,
): Promise<{ slug: string; rules: readonly Rule[] }[]> {
  const held = await store.heldRoles(ctx.db, kind, {
    orgId: ctx.actor.orgId,
    projectMembershipIds: [id],
  })
  return held.map(({ slug, permissions }) => ({
    slug,
    rules: permissions ?? (isBuiltInProjectRole(slug) ? builtInProjectRules[slug] : []),
  }))
}

const actorIn = ({ actor, project }: ProjectContext) => ({ ...actor, rights: project.rights })
