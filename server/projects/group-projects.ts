import { authorOf } from "../access/actor.ts"
import { requireCovers } from "../access/boundary.ts"
import type { Context } from "../context.ts"
import { projectRights, rulesOfKeys } from "./held.ts"
import * as store from "./group-projects.store.ts"

export type { ProjectOfGroup } from "./group-projects.store.ts"

type Query = {
  search?: string | undefined
  filter?: "assignedProjects" | "unassignedProjects" | undefined
  orderDirection: "asc" | "desc"
  limit: number
  offset: number
}

/** All projects of the organization, each with since when the group is in it. */
export const projectsOfGroup = (
  ctx: Context,
  groupId: string,
  { search, filter, orderDirection, limit, offset }: Query,
): Promise<{ projects: store.ProjectOfGroup[]; totalCount: number }> =>
  store.projectsOfGroup(ctx.db, {
    orgId: ctx.actor.orgId,
    groupId,
    search,
    filter,
    order: orderDirection,
    limit,
    offset,
  })

/**
 * Joining a group means receiving its roles in projects, too: in an organization of the legacy privilege system
 * whoever lets somebody in must hold all of them there. In one of the current system the action on the group decides.
 */
export async function requireCoversProjectsOfGroup(
  ctx: Context,
  groupId: string,
  what: string,
): Promise<void> {
  const { actor } = ctx
  if (actor.usesNewPrivilegeSystem) return
  const { orgId, membershipId } = actor
  const isPerson = actor.kind === "user"
  // Without metadata: rules that name it stay as they are, and cover less.
  const named = { id: authorOf(actor).id, username: isPerson ? actor.username : actor.name, metadata: {} }
  const place = { orgId, groupId, membershipId }
  for (const held of await store.heldBeside(ctx.db, isPerson ? "user" : "identity", place)) {
    const rights = await projectRights(ctx.db, { orgId, named }, held.own_keys)
    for (const rules of await rulesOfKeys(ctx.db, orgId, held.group_keys))
      requireCovers({ rights }, rules, what)
  }
}
