import { packed } from "../access/pack.ts"
import { notInProject } from "../access/project.ts"
import type { ProjectContext } from "../context.ts"
import { rolesByMembership, type GivenRole } from "./given-roles.ts"
import { userPlaces, type UserPlaceRow } from "./user-members.store.ts"

/** A way in which the caller is in a project, with the roles that it brings. */
export type OwnMembership = UserPlaceRow & { roles: GivenRole[] }
/** What a person has in a project: the first of the ways is their own, if they have one. */
export type OwnPlace = {
  memberships: [OwnMembership, ...OwnMembership[]]
  /** All that they may do, in the packed form; later rules win. */ permissions: unknown[]
}

/** The caller's own place in the request's project: every way in which they are in it, and what comes of all of them. */
export async function ownPlace(ctx: ProjectContext): Promise<OwnPlace> {
  const { orgId, membershipId } = ctx.actor
  const place = { orgId, projectId: ctx.project.id }
  const rows = await userPlaces(ctx.db, place, { membershipId, withGroups: true })
  const idsOf = (kind: UserPlaceRow["source_kind"]) =>
    rows.flatMap(({ source_kind, id }) => (source_kind === kind ? [id] : []))
  const own = await rolesByMembership(ctx, "user", idsOf("own"))
  const ofGroups = await rolesByMembership(ctx, "group", idsOf("group"))
  const [first, ...others] = rows.map((row) => ({ ...row, roles: [...own(row.id), ...ofGroups(row.id)] }))
  // They have left it since they were judged.
  if (!first) throw notInProject(ctx.actor, ctx.project)
  return { memberships: [first, ...others], permissions: packed(ctx.project.rights.rules) }
}
