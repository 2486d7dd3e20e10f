import type { RoleHolder } from "../access/boundary.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import { noSuchIdentity } from "../identities/identities.ts"
import { identityMembershipsOf, type IdentityMembership } from "../identities/identity-memberships.ts"
import { sortKey } from "../names.ts"
import {
  addMember,
  authorizeFor,
  changeRoles,
  removeMember,
  rolesByMembership,
  type AskedRole,
  type GivenRole,
} from "./given-roles.ts"
import * as store from "./identity-members.store.ts"
import { holdProject } from "./projects.ts"

export { isRange } from "./given-roles.ts"

type Row = store.IdentityMemberRow
/** A machine identity in a project, with the roles that it has there. */
export type IdentityMember = Row & {
  project_name: string
  identity: IdentityMembership
  roles: GivenRole[]
}

type Query = {
  search?: string | undefined
  orderDirection: "asc" | "desc"
  limit: number
  offset: number
}

/** The machine identities that are in the project by themselves, as far as the caller may see them; by name. */
export async function listIdentities(
  ctx: ProjectContext,
  { search, orderDirection: direction, limit, offset }: Query,
): Promise<{ identities: IdentityMember[]; totalCount: number }> {
  const filter = { search: sortKey(search ?? null) ?? "", direction }
  const { rights } = ctx.project
  // Only who sees some and not others has to be asked about each.
  if (!rights.rulesFor(["read", "identity"]).some(({ conditions }) => conditions)) {
    const page = await store.identitiesIn(ctx.db, placeOf(ctx), { ...filter, limit, offset })
    return { identities: await withDetails(ctx, page.rows), totalCount: page.totalCount }
  }
  const { rows } = await store.identitiesIn(ctx.db, placeOf(ctx), { ...filter, limit: undefined, offset: 0 })
  const seen = rows.filter((row) => rights.can(["read", "identity"], seenAs(row.identity_id).fields))
  const page = seen.slice(offset, offset + limit)
  return { identities: await withDetails(ctx, page), totalCount: seen.length }
}

/** A machine identity in the project; 404 for one that is not in it by itself. */
export async function getIdentity(ctx: ProjectContext, identityId: string): Promise<IdentityMember> {
  const row = await requireMember(ctx, identityId)
  authorizeFor(ctx, ["read", "identity"], seenAs(row.identity_id))
  return withDetail(ctx, row)
}

/** The same by the membership's own id. */
export async function getIdentityMembership(
  ctx: ProjectContext,
  membershipId: string,
): Promise<IdentityMember> {
  const id = uuidOrNull(membershipId)
  const row = id && (await store.identityIn(ctx.db, placeOf(ctx), { id }))
  if (!row) throw notFound(`There is no identity membership with the ID ${membershipId}`)
  authorizeFor(ctx, ["read", "identity"], seenAs(row.identity_id))
  return withDetail(ctx, row)
}

/** Puts a machine identity of the organization into the project with these roles. */
export async function addIdentity(
  ctx: ProjectContext,
  identityId: string,
  asked: readonly AskedRole[],
): Promise<Row> {
  await holdProject(ctx)
  const id = uuidOrNull(identityId)?.toLowerCase()
  const place = id === undefined ? undefined : await store.placeInOrganization(ctx.db, ctx.actor.orgId, id)
  if (id === undefined || !place) throw noSuchIdentity(identityId)
  authorizeFor(ctx, ["create", "identity"], seenAs(id))
  const what = "You may not add this machine identity to the project"
  const member = { kind: "identity", holderId: place.id, seen: seenAs(id) } as const
  const outcome = await addMember(ctx, member, asked, what)
  // It was there a moment ago.
  if (!outcome.holder_exists) throw noSuchIdentity(identityId)
  if (!outcome.is_added) throw badRequest(`The machine identity ${id} is already in the project`)
  await record(ctx, "create-identity-project-membership", eventOf(ctx, id, asked))
  return requireMember(ctx, id)
}

/** Gives a machine identity in the project these roles in place of those that it has. */
export async function updateIdentity(
  ctx: ProjectContext,
  identityId: string,
  asked: readonly AskedRole[],
): Promise<GivenRole[]> {
  await holdProject(ctx)
  const row = await requireMember(ctx, identityId)
  authorizeFor(ctx, ["edit", "identity"], seenAs(row.identity_id))
  const what = "You may not change the roles of this machine identity"
  if (!(await changeRoles(ctx, memberOf(row), asked, what))) throw notIn(identityId)
  await record(ctx, "update-identity-project-membership", eventOf(ctx, row.identity_id, asked))
  return (await rolesByMembership(ctx, "identity", [row.id]))(row.id)
}

/** Takes a machine identity out of the project; what it has in it by a group stays. */
export async function removeIdentity(ctx: ProjectContext, identityId: string): Promise<Row> {
  await holdProject(ctx)
  const row = await requireMember(ctx, identityId)
  authorizeFor(ctx, ["delete", "identity"], seenAs(row.identity_id))
  const what = "You may not remove this machine identity from the project"
  if (!(await removeMember(ctx, memberOf(row), what))) throw notIn(identityId)
  await record(ctx, "delete-identity-project-membership", {
    projectId: ctx.project.id,
    identityId: row.identity_id,
  })
  return row
}

async function requireMember(ctx: ProjectContext, identityId: string): Promise<Row> {
  const id = uuidOrNull(identityId)
  const row = id && (await store.identityIn(ctx.db, placeOf(ctx), { identityId: id }))
  if (!row) throw notIn(identityId)
  return row
}

async function withDetails(ctx: ProjectContext, rows: Row[]): Promise<IdentityMember[]> {
  const rolesOf = await rolesByMembership(
    ctx,
    "identity",
    rows.map(({ id }) => id),
  )
  const details = await identityMembershipsOf(
    ctx,
    rows.map(({ identity_id }) => identity_id),
  )
  return rows.flatMap((row) => {
    const identity = details.get(row.identity_id)
    return identity ? [{ ...row, project_name: ctx.project.name, identity, roles: rolesOf(row.id) }] : []
  })
}

async function withDetail(ctx: ProjectContext, row: Row): Promise<IdentityMember> {
  const [member] = await withDetails(ctx, [row])
  if (!member) throw notIn(row.identity_id)
  return member
}

const placeOf = ({ actor, project }: ProjectContext) => ({ orgId: actor.orgId, projectId: project.id })
const seenAs = (identityId: string): RoleHolder => ({ subject: "identity", fields: { identityId } })
const memberOf = (row: Row) =>
  ({ kind: "identity", id: row.id, holderId: row.membership_id, seen: seenAs(row.identity_id) }) as const
const eventOf = (ctx: ProjectContext, identityId: string, asked: readonly AskedRole[]) => ({
  projectId: ctx.project.id,
  identityId,
  roles: asked.map(({ role, temporary }) => ({ role, isTemporary: temporary !== null })),
})
const notIn = (identityId: string) =>
  notFound(`There is no machine identity with the ID ${identityId} in the project`)
