import { isInOrganization } from "../auth/authenticate.ts"
import type { Context, SignedInContext } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { forbidden } from "../errors.ts"
import { sortKey } from "../names.ts"
import { requireOwnOrganization } from "../organizations/members.ts"
import { noSuchIdentity } from "./identities.ts"
import * as store from "./identity-memberships.store.ts"

export type IdentityMembership = store.IdentityMembershipRow

/** A machine identity with its place in the caller's organization; anything else is 404. */
export async function getIdentityMembership(ctx: Context, identityId: string): Promise<IdentityMembership> {
  const id = uuidOrNull(identityId)
  const membership = id && (await store.identityMembership(ctx.db, ctx.actor.orgId, id))
  if (!membership) throw noSuchIdentity(identityId)
  return membership
}

/** The same of several, by the ids of the machine identities; for rules that have asked for the right to see them. */
export async function identityMembershipsOf(
  ctx: Context,
  identityIds: string[],
): Promise<Map<string, IdentityMembership>> {
  const memberships = await store.identityMembershipsOf(ctx.db, ctx.actor.orgId, identityIds)
  return new Map(memberships.map((each) => [each.identity_id, each]))
}

type NameFilter =
  string | { $eq?: string | undefined; $contains?: string | undefined; $in?: string[] | undefined }
type RoleFilter = string | { $eq?: string | undefined; $in?: string[] | undefined }
type Wanted = { name?: NameFilter | undefined; role?: RoleFilter | undefined }

export type IdentitySearch = {
  search: Wanted & { $or?: Wanted[] | undefined }
  orderDirection: "asc" | "desc"
  limit: number
  offset: number
}

/** The machine identities of the caller's organization that meet all that is asked for; by name, then id. */
export const searchIdentities = (ctx: Context, { search, ...page }: IdentitySearch) =>
  store.identityMemberships(ctx.db, {
    orgId: ctx.actor.orgId,
    all: conditionOf(search),
    any: (search.$or ?? []).map(conditionOf),
    direction: page.orderDirection,
    limit: page.limit,
    offset: page.offset,
  })

type ListQuery = {
  search?: string | undefined
  orderDirection: "asc" | "desc"
  limit: number
  offset: number
}

/** The same for an organization that is named: any but the caller's own is 404. */
export async function listIdentities(ctx: Context, organizationId: string, query: ListQuery) {
  requireOwnOrganization(ctx, organizationId)
  const { search: part, ...page } = query
  return searchIdentities(ctx, { search: part ? { name: { $contains: part } } : {}, ...page })
}

function conditionOf({ name, role }: Wanted): store.Condition {
  const names = typeof name === "string" ? { $eq: name } : (name ?? {})
  const roles = typeof role === "string" ? { $eq: role } : (role ?? {})
  const part = "$contains" in names ? names.$contains : undefined
  const nameIn = eitherOf(names)
  const roleIn = eitherOf(roles)
  return {
    ...(nameIn ? { nameIn } : {}),
    ...(part === undefined ? {} : { nameContains: sortKey(part) ?? "" }),
    ...(roleIn ? { roleIn } : {}),
  }
}

/** What `$eq` and `$in` leave, both of them where both are given. */
function eitherOf({
  $eq,
  $in,
}: {
  $eq?: string | undefined
  $in?: string[] | undefined
}): string[] | undefined {
  if ($eq === undefined) return $in
  return $in === undefined || $in.includes($eq) ? [$eq] : []
}

/** A machine identity's own answer to who it is, whatever its role. */
export async function ownDetails(ctx: SignedInContext) {
  const { actor } = ctx
  if (actor.kind !== "machine" || !isInOrganization(actor)) {
    throw forbidden("Only machine identities have such details")
  }
  const organization = await store.organizationOf(ctx.db, actor.orgId)
  return { organization, identity: { id: actor.identityId, name: actor.name, authMethod: actor.authMethod } }
}
