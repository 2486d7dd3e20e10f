import { record } from "../audit/audit.ts"
import { tokenWithoutOrganization } from "../auth/login.ts"
import type { Context } from "../context.ts"
import { destroyOrganizationKeys } from "../encryption/organization-keys.ts"
import { endProjects } from "../projects/projects.ts"
import { endGroups } from "../groups/groups.ts"
import { endIdentities } from "../identities/identities.ts"
import { endAllMemberships } from "./departures.ts"
import { noSuchOrganization, requireOwnOrganization } from "./members.ts"
import type { Organization } from "./organizations.ts"
import * as store from "./organizations.store.ts"

/**
 * Deletes the organization of the caller's token with all that belongs to it: whatever token, code or role spoke of
 * it is refused at the next request, its keys are destroyed, and its slug is free. Its audit log stays. Returns a token without it.
 */
export async function deleteOrganization(
  ctx: Context,
  organizationId: string,
): Promise<{ organization: Organization; accessToken: string }> {
  requireOwnOrganization(ctx, organizationId)
  const { orgId } = ctx.actor
  const organization = await store.lockToDelete(ctx.db, orgId)
  if (!organization) throw noSuchOrganization(organizationId)
  await endProjects(ctx.db, orgId)
  await endAllMemberships(ctx.db, orgId)
  await endIdentities(ctx.db, orgId)
  await endGroups(ctx.db, orgId)
  await destroyOrganizationKeys(ctx.db, orgId)
  ctx.request.afterCommit(async () => ctx.services.keptAnswers.clear())
  await store.markDeleted(ctx.db, orgId)
  await record(ctx, "delete-organization", { name: organization.name, slug: organization.slug })
  return { organization, accessToken: await tokenWithoutOrganization(ctx) }
}
