import { requireBoundary } from "../access/boundary.ts"
import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest } from "../errors.ts"
import { giveRole } from "../grants/grants.ts"
import { endIdentityGroupMemberships } from "../groups/identity-members.ts"
import { sortKey } from "../names.ts"
import { endProjectsOfIdentity } from "../projects/places.ts"
import { requireInstanceAdminFor, rulesOfIdentity } from "./guard.ts"
import { noSuchIdentity, shownIdentity, type Identity, type ShownIdentity } from "./identities.ts"
import { requireRole } from "../roles/roles.ts"
import * as identities from "./identities.store.ts"
import * as store from "./identity-changes.store.ts"
import { removeMetadata, requireDistinctKeys, setMetadata } from "./identity-metadata.ts"

export type IdentityChanges = {
  name?: string | undefined
  role?: string | undefined
  hasDeleteProtection?: boolean | undefined
  metadata?: { key: string; value: string }[] | undefined
}

/** Changes what is sent and nothing else; `[]` as metadata empties it. */
export async function updateIdentity(
  ctx: Context,
  identityId: string,
  changes: IdentityChanges,
): Promise<ShownIdentity> {
  const { name, hasDeleteProtection, metadata } = changes
  requireDistinctKeys(metadata ?? [])
  const identity = await lockIdentity(ctx, identityId)
  requireInstanceAdminFor(ctx, identity, "You may not change this machine identity")
  if (changes.role !== undefined) await changeRole(ctx, identity, changes.role)
  const columns = {
    ...(name === undefined ? {} : { name, sort_key: sortKey(name) ?? "" }),
    ...(hasDeleteProtection === undefined ? {} : { has_delete_protection: hasDeleteProtection }),
  }
  const sent = Object.entries(changes).filter(([, value]) => value !== undefined)
  if (sent.length === 0) return shownIdentity(ctx, identity)

  const owner = { orgId: identity.org_id, identityId: identity.id }
  const changed = await identities.updateIdentity(ctx.db, owner, columns)
  if (metadata !== undefined) await setMetadata(ctx.db, owner, metadata)
  await record(ctx, "update-identity", { identityId: identity.id, ...Object.fromEntries(sent) })
  return shownIdentity(ctx, changed)
}

/** Also a role that takes away: giving and taking are one power. */
async function changeRole(ctx: Context, identity: Identity, slug: string): Promise<void> {
  const role = await requireRole(ctx, slug)
  const what = "You may not change the role of a machine identity"
  const roles = async () => [...(await rulesOfIdentity(ctx, identity)), role.rules]
  const granted = await requireBoundary(ctx.actor, ["grant-privileges", "identity"], what, roles)
  const { org_id: orgId, id: identityId } = identity
  const membershipId = await store.lockPlace(ctx.db, { orgId, identityId })
  if (!membershipId) throw noSuchIdentity(identityId)
  await store.endRoleGrants(ctx.db, orgId, membershipId)
  await giveRole(ctx.db, granted, { kind: "identity", orgId, id: membershipId }, role.stored)
  await store.touchMembership(ctx.db, orgId, membershipId)
}

/**
 * Ends a machine identity: its place, its roles, its groups and all that it signs in with, at once. The rows stay,
 * closed. Throws 400 while it is protected.
 */
export async function deleteIdentity(ctx: Context, identityId: string): Promise<ShownIdentity> {
  const identity = await lockIdentity(ctx, identityId)
  requireInstanceAdminFor(ctx, identity, "You may not delete this machine identity")
  if (identity.has_delete_protection) {
    throw badRequest("The machine identity is protected: take the protection away before you delete it")
  }
  const shown = await shownIdentity(ctx, identity)
  const owner = { orgId: identity.org_id, identityId: identity.id }
  const membershipId = await store.lockPlace(ctx.db, owner)
  if (membershipId) {
    await endIdentityGroupMemberships(ctx.db, owner.orgId, membershipId)
    await endProjectsOfIdentity(ctx.db, owner.orgId, membershipId)
    await store.endRoleGrants(ctx.db, owner.orgId, membershipId)
    await store.closeMembership(ctx.db, owner.orgId, membershipId)
  }
  await store.endCredentials(ctx.db, owner)
  await removeMetadata(ctx.db, owner)
  await store.markDeleted(ctx.db, owner)
  await record(ctx, "delete-identity", { identityId: identity.id, name: identity.name })
  return shown
}

async function lockIdentity(ctx: Context, identityId: string): Promise<Identity> {
  const id = uuidOrNull(identityId)
  const identity = id && (await identities.lockIdentity(ctx.db, ctx.actor.orgId, id))
  if (!identity) throw noSuchIdentity(identityId)
  return identity
}
