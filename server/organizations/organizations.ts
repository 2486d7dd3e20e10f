import { auditActor, recordFrom } from "../audit/audit.ts"
import type { SignedInContext } from "../context.ts"
import { newId, randomAlphanumerics } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { forbidden, notFound } from "../errors.ts"
import { sortKey } from "../names.ts"
import { joinUser } from "./members.ts"
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
  await joinUser(ctx.db, { orgId: organization.id, userId: actor.userId, role: "admin" })
  const source = { request: ctx.request, orgId: organization.id, actor: auditActor(actor) }
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

export async function getOrganization(db: Queries, orgId: string): Promise<{ id: string; name: string }> {
  const organization = await store.organizationById(db, orgId)
  if (!organization) throw notFound(`There is no organization with the ID ${orgId}`)
  return organization
}
