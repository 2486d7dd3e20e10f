import type { Context } from "../context.ts"
import { getIdentityMembership, type IdentityMembership } from "../identities/identity-memberships.ts"
import { getMember, type Member } from "../organizations/members.ts"
import { rolesByMembership, type GivenRole } from "./given-roles.ts"
import * as store from "./projects-of-members.store.ts"

/** A membership in a project with its roles, those whose time is over or yet to come, too. */
export type ProjectMembership = store.ProjectMembershipRow & { roles: GivenRole[] }

/** The projects that a machine identity is in by itself; 404 for one that is not in the organization. */
export async function projectsOfIdentity(
  ctx: Context,
  identityId: string,
): Promise<{ identity: IdentityMembership; memberships: ProjectMembership[] }> {
  const identity = await getIdentityMembership(ctx, identityId)
  return { identity, memberships: await membershipsOf(ctx, "identity", identity.id) }
}

/** The projects that a person is in by themselves; 404 for a membership that is not in the organization. */
export async function projectsOfUser(
  ctx: Context,
  { organizationId, membershipId }: { organizationId: string; membershipId: string },
): Promise<{ member: Member; memberships: ProjectMembership[] }> {
  const member = await getMember(ctx, organizationId, membershipId)
  return { member, memberships: await membershipsOf(ctx, "user", member.id) }
}

async function membershipsOf(
  ctx: Context,
  kind: "user" | "identity",
  membershipId: string,
): Promise<ProjectMembership[]> {
  const rows = await store.projectMemberships(ctx.db, kind, { orgId: ctx.actor.orgId, membershipId })
  const rolesOf = await rolesByMembership(
    ctx,
    kind,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({ ...row, roles: rolesOf(row.id) }))
}
