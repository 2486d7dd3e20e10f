import { requireCovers } from "../access/boundary.ts"
import { builtInRules, isBuiltInRole } from "../access/roles.ts"
import { auditActor, auditPerson, record, recordFrom } from "../audit/audit.ts"
import type { Context, PublicContext, SignedInContext } from "../context.ts"
import { newId, randomAlphanumerics } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { badRequest, forbidden } from "../errors.ts"
import { sortKey } from "../names.ts"
import type { User } from "../users/users.ts"
import { joinFounder, noSuchOrganization, requireOwnOrganization } from "./members.ts"
import * as store from "./organizations.store.ts"

export type Organization = store.OrganizationRow
export type OwnOrganization = store.OwnOrganization

/** Makes an organization with a slug of its own; nobody belongs to it yet. */
export function insertOrganization(db: Queries, name: string): Promise<Organization> {
  const words = (sortKey(name) ?? "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "")
  const slug = [words.slice(0, 48), randomAlphanumerics(6).toLowerCase()]
    .filter((part) => part !== "")
    .join("-")
  return store.insertOrganization(db, { id: newId(), name, slug: slug.replace(/-+/g, "-") })
}

/** Makes an organization and its maker the admin of it. */
export async function createOrganization(ctx: SignedInContext, name: string): Promise<Organization> {
  const { actor } = ctx
  if (actor.kind !== "user") throw forbidden("Only people create organizations")
  const organization = await insertOrganization(ctx.db, name)
  await joinFounder(ctx.db, organization.id, actor.userId)
  const source = { request: ctx.request, orgId: organization.id, actor: auditActor(actor) }
  await recordFrom(ctx.db, source, "create-organization", { name, slug: organization.slug })
  return organization
}

/** The same for a person who has just signed up. */
export async function foundOrganization(ctx: PublicContext, user: User, name: string): Promise<Organization> {
  const organization = await insertOrganization(ctx.db, name)
  await joinFounder(ctx.db, organization.id, user.id)
  const source = { request: ctx.request, orgId: organization.id, actor: auditPerson(user) }
  await recordFrom(ctx.db, source, "create-organization", { name, slug: organization.slug })
  return organization
}

/** The organizations that the caller has joined. */
export async function listOwnOrganizations(ctx: SignedInContext): Promise<OwnOrganization[]> {
  if (ctx.actor.kind !== "user") return []
  return store.organizationsOfUser(ctx.db, ctx.actor.userId)
}

/** The organization with this id, if the person has joined it. */
export const joinedOrganization = (db: Queries, userId: string, orgId: string) =>
  store.joinedOrganization(db, userId, orgId)

/** The organization with this id, unless it has been deleted. */
export async function getOrganization(db: Queries, orgId: string): Promise<Organization> {
  const organization = await store.organizationById(db, orgId)
  if (!organization) throw noSuchOrganization(orgId)
  return organization
}

/** The organization of the caller's token. */
export async function getOwnOrganization(ctx: Context, organizationId: string): Promise<Organization> {
  requireOwnOrganization(ctx, organizationId)
  return getOrganization(ctx.db, ctx.actor.orgId)
}

/** How much of the organization's plan, which has no limits, is in use. */
export async function usageOfOwn(ctx: Context, organizationId: string): Promise<store.Usage> {
  requireOwnOrganization(ctx, organizationId)
  return store.usageOf(ctx.db, ctx.actor.orgId)
}

type Settings = {
  name?: string | undefined
  slug?: string | undefined
  defaultMembershipRoleSlug?: string | undefined
  enforceMfa?: boolean | undefined
  userTokenExpiration?: string | undefined
}

/** What cannot be set otherwise, since what it would switch is not there. */
export type FixedSettings = { [Name in keyof typeof fixedSettings]?: boolean | undefined }
const fixedSettings = {
  scimEnabled: false,
  authEnforced: false,
  googleSsoAuthEnforced: false,
  bypassOrgAuthEnabled: false,
}

/** Changes the organization of the caller's token; what is not sent stays as it is. */
export async function updateOrganization(
  ctx: Context,
  organizationId: string,
  { settings, fixed }: { settings: Settings; fixed: FixedSettings },
): Promise<Organization> {
  requireOwnOrganization(ctx, organizationId)
  requireFixed(fixed)
  const role = settings.defaultMembershipRoleSlug
  if (role !== undefined) {
    if (!isBuiltInRole(role)) throw badRequest(`There is no role ${role} in the organization`)
    requireCovers(
      ctx.actor,
      builtInRules[role],
      "You may not let everybody begin with more than you may do yourself",
    )
  }
  const sent = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
  if (Object.keys(sent).length === 0) return getOrganization(ctx.db, ctx.actor.orgId)

  const { name, slug, enforceMfa, userTokenExpiration } = settings
  const updated = await store.updateOrganization(ctx.db, ctx.actor.orgId, {
    ...(name === undefined ? {} : { name }),
    ...(slug === undefined ? {} : { slug }),
    ...(role === undefined ? {} : { default_role: role }),
    ...(enforceMfa === undefined ? {} : { enforces_mfa: enforceMfa }),
    ...(userTokenExpiration === undefined ? {} : { user_token_expiration: userTokenExpiration }),
  })
  if (!updated) throw noSuchOrganization(organizationId)
  await record(ctx, "update-organization", sent)
  return updated
}

/**
 * Lets grants be judged by named actions from now on, in place of comparing roles; there is no way back. Only for who
 * may do everything in the organization.
 */
export async function upgradePrivilegeSystem(ctx: Context): Promise<Organization> {
  requireCovers(ctx.actor, builtInRules.admin, "Only an admin may upgrade the privilege system")
  const upgraded = await store.upgradePrivilegeSystem(ctx.db, ctx.actor.orgId)
  if (!upgraded) throw badRequest("The organization uses the current privilege system already")
  await record(ctx, "upgrade-privilege-system", { name: upgraded.name, slug: upgraded.slug })
  return upgraded
}

function requireFixed(fixed: FixedSettings): void {
  for (const [name, value] of Object.entries(fixedSettings)) {
    const sent = fixed[name as keyof FixedSettings]
    if (sent !== undefined && sent !== value) {
      throw badRequest(`${name} cannot be ${sent}: this server does not have what it would switch`)
    }
  }
}
