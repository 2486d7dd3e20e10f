import type { OrganizationActor } from "../access/actor.ts"
import { auditActor, recordFrom } from "../audit/audit.ts"
import { isInOrganization, lookUp } from "../auth/authenticate.ts"
import type { MachineClaims } from "../auth/token.ts"
import type { PublicContext } from "../context.ts"
import { badRequest, unauthorized } from "../errors.ts"
import type { AccessToken } from "./access-tokens.ts"
import * as store from "./access-tokens.store.ts"

/**
 * Lengthens the life of a machine identity's token by its lifetime from now on, and signs it anew; the old one ends
 * when it says. Throws 401 when that would reach beyond the maximum, which changes nothing. Only the database decides.
 */
export async function renewToken(ctx: PublicContext, accessToken: string): Promise<AccessToken> {
  const { claims, actor } = await holderOf(ctx, accessToken)
  const { identityId, identityAccessTokenId: tokenId, orgId } = claims
  const renewed = await store.renewToken(ctx.db, { orgId, tokenId })
  if (!renewed) throw unauthorized("Your access token cannot be renewed any more: sign in again")
  const source = { request: ctx.request, orgId, actor: auditActor(actor) }
  await recordFrom(ctx.db, source, "renew-identity-access-token", { identityId, tokenId })
  const identityName = actor.kind === "machine" ? actor.name : claims.identityName
  return {
    accessToken: ctx.services.tokens.signMachine({ ...claims, identityName }, renewed.ttl_seconds),
    expiresIn: renewed.ttl_seconds,
    accessTokenMaxTTL: renewed.max_ttl_seconds,
  }
}

/** Ends a machine identity's token for who holds it: it is refused from its next request on, on every server. */
export async function revokeOwnToken(ctx: PublicContext, accessToken: string): Promise<void> {
  const { claims, actor } = await holderOf(ctx, accessToken)
  const { identityId, identityAccessTokenId: tokenId, orgId } = claims
  const revoked = await store.revokeToken(ctx.db, { orgId, tokenId })
  if (!revoked) throw unauthorized("Your access token is not valid any more")
  const source = { request: ctx.request, orgId, actor: auditActor(actor) }
  await recordFrom(ctx.db, source, "revoke-identity-access-token", { identityId, tokenId })
}

type Holder = { claims: MachineClaims; actor: OrganizationActor }

/** Who a token that was sent in a body belongs to; it is judged like one in the header. */
async function holderOf(ctx: PublicContext, accessToken: string): Promise<Holder> {
  const claims = ctx.services.tokens.verifyAccess(accessToken)
  if (claims?.authTokenType !== "identityAccessToken") {
    throw badRequest("This is not the access token of a machine identity")
  }
  const { actor } = await lookUp(ctx.db, claims, undefined, {
    ip: ctx.request.ip,
    beforeSecondFactor: false,
  })
  if (!isInOrganization(actor)) throw unauthorized("Your access token is not valid any more")
  return { claims, actor }
}
