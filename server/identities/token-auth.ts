import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { badRequest, invalid, notFound } from "../errors.ts"
import type { Services } from "../services.ts"
import { getIdentity, type Identity } from "./identities.ts"
import * as store from "./token-auth.store.ts"

export type TokenAuth = store.TokenAuthRow
export type Lifetimes = { accessTokenTTL: number; accessTokenMaxTTL: number }
export type AccessToken = { accessToken: string; expiresIn: number; accessTokenMaxTTL: number }

/** Lets a machine identity sign in with tokens that are made for it here. Lifetimes are in seconds, 0 for ever. */
export async function attachTokenAuth(
  ctx: Context,
  identityId: string,
  lifetimes: Lifetimes,
): Promise<TokenAuth> {
  const { accessTokenTTL, accessTokenMaxTTL } = lifetimes
  if (accessTokenMaxTTL > 0 && accessTokenTTL > accessTokenMaxTTL) {
    throw invalid([], "accessTokenTTL must not exceed accessTokenMaxTTL")
  }
  const identity = await getIdentity(ctx, identityId)
  const auth = await insertTokenAuth(ctx.db, identity, lifetimes)
  await record(ctx, "add-identity-token-auth", { identityId: identity.id, accessTokenTTL, accessTokenMaxTTL })
  return auth
}

export const insertTokenAuth = (db: Queries, identity: Identity, lifetimes: Lifetimes): Promise<TokenAuth> =>
  store.insertTokenAuth(db, {
    org_id: identity.org_id,
    id: newId(),
    identity_id: identity.id,
    access_token_ttl_seconds: lifetimes.accessTokenTTL,
    access_token_max_ttl_seconds: lifetimes.accessTokenMaxTTL,
  })

/** Makes a token for a machine identity that token auth is attached to. It is shown this once. */
export async function createToken(
  ctx: Context,
  identityId: string,
  name: string | null,
): Promise<AccessToken> {
  const identity = await getIdentity(ctx, identityId)
  const auth = await store.tokenAuthOf(ctx.db, ctx.actor.orgId, identity.id)
  if (!auth) throw badRequest(`Token auth is not attached to the machine identity ${identity.id}`)
  const { tokenId, ...token } = await issueToken(ctx, identity, auth, name)
  await record(ctx, "create-token-identity-token-auth", { identityId: identity.id, tokenId })
  return token
}

/** Writes the token's row and signs the token; in the caller's transaction. */
export async function issueToken(
  { db, services }: { db: Queries; services: Services },
  identity: Identity,
  auth: TokenAuth,
  name: string | null,
): Promise<AccessToken & { tokenId: string }> {
  const tokenId = newId()
  const ttlSeconds = auth.access_token_ttl_seconds
  const owner = { org_id: identity.org_id, identity_id: identity.id }
  await store.insertToken(db, { ...owner, id: tokenId, name, ttlSeconds })
  const claims = { identityId: identity.id, identityName: identity.name, identityAccessTokenId: tokenId }
  const accessToken = services.tokens.signMachine(
    { authMethod: "token-auth", ...claims, orgId: identity.org_id },
    ttlSeconds,
  )
  return { tokenId, accessToken, expiresIn: ttlSeconds, accessTokenMaxTTL: auth.access_token_max_ttl_seconds }
}

/** Ends a token: it is refused from its next request on, on every server. */
export async function revokeToken(ctx: Context, tokenId: string): Promise<void> {
  const id = uuidOrNull(tokenId)
  const revoked = id && (await store.revokeToken(ctx.db, ctx.actor.orgId, id))
  if (!id || !revoked) throw notFound(`There is no token with the ID ${tokenId} that could be revoked`)
  await record(ctx, "revoke-token-identity-token-auth", { identityId: revoked.identity_id, tokenId: id })
}
