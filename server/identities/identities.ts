import { requireBoundary, ungoverned, type Granted } from "../access/boundary.ts"
import type { StoredRole } from "../access/roles.ts"
import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { notFound } from "../errors.ts"
import { placeIdentity } from "../grants/grants.ts"
import { sortKey } from "../names.ts"
import { requireOwnOrganization } from "../organizations/members.ts"
import { requireRole } from "../roles/roles.ts"
import * as store from "./identities.store.ts"
import { authMethodsOf } from "./identity-memberships.store.ts"
import { metadataOf, requireDistinctKeys, setMetadata, type Metadata } from "./identity-metadata.ts"

export type Identity = store.IdentityRow

/** A machine identity with what is shown beside its row. */
export type ShownIdentity = Identity & { auth_methods: string[]; metadata: Metadata[] }

type Input = {
  name: string
  organizationId: string
  role: string
  hasDeleteProtection: boolean
  metadata: { key: string; value: string }[]
}

/** Makes a machine identity with its role in the caller's organization. Names need not be unique. */
export async function createIdentity(ctx: Context, input: Input): Promise<ShownIdentity> {
  requireDistinctKeys(input.metadata)
  requireOwnOrganization(ctx, input.organizationId)
  const role = await requireRole(ctx, input.role)
  const what = "You may not give a machine identity a role"
  const granted =
    role.slug === "no-access"
      ? ungoverned("the role gives nothing")
      : await requireBoundary(ctx.actor, ["grant-privileges", "identity"], what, async () => [role.rules])
  const { name, hasDeleteProtection } = input
  const { orgId } = ctx.actor
  const identity = await insertIdentity(ctx.db, granted, {
    orgId,
    name,
    role: role.stored,
    hasDeleteProtection,
  })
  const metadata = await setMetadata(ctx.db, { orgId, identityId: identity.id }, input.metadata)
  await record(ctx, "create-identity", {
    identityId: identity.id,
    name,
    role: role.slug,
    hasDeleteProtection,
    metadata: input.metadata,
  })
  return { ...identity, auth_methods: [], metadata }
}

export async function shownIdentity(ctx: Context, identity: Identity): Promise<ShownIdentity> {
  const owner = { orgId: identity.org_id, identityId: identity.id }
  const auth_methods = await authMethodsOf(ctx.db, owner.orgId, owner.identityId)
  return { ...identity, auth_methods, metadata: await metadataOf(ctx.db, owner) }
}

type NewIdentity = {
  orgId: string
  name: string
  role: StoredRole
  hasDeleteProtection?: boolean
  isInstanceAdmin?: boolean
}

/** Makes a machine identity with its place in the organization and its role. */
export async function insertIdentity(
  db: Queries,
  granted: Granted,
  identity: NewIdentity,
): Promise<Identity> {
  const { orgId, name, role, hasDeleteProtection = false, isInstanceAdmin = false } = identity
  const row = await store.insertIdentity(db, {
    org_id: orgId,
    id: newId(),
    name,
    sort_key: sortKey(name) ?? "",
    has_delete_protection: hasDeleteProtection,
    is_instance_admin: isInstanceAdmin,
  })
  await placeIdentity(db, granted, { orgId, identityId: row.id }, role)
  return row
}

/** A machine identity of the caller's organization; anything else is 404. */
export async function getIdentity(ctx: Context, identityId: string): Promise<Identity> {
  const id = uuidOrNull(identityId)
  const identity = id && (await store.identityInOrg(ctx.db, ctx.actor.orgId, id))
  if (!identity) throw noSuchIdentity(identityId)
  return identity
}

/** Ends every machine identity of an organization, with its tokens, when the organization ends. */
export const endIdentities = (db: Queries, orgId: string): Promise<void> => store.endIdentities(db, orgId)

export const noSuchIdentity = (identityId: string) =>
  notFound(`There is no machine identity with the ID ${identityId}`)
