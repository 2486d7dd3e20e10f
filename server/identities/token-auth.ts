import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { notFound } from "../errors.ts"
import { issueToken, type AccessToken, type AccessTokenData } from "./access-tokens.ts"
import * as tokens from "./access-tokens.store.ts"
import {
  changeAuthMethod,
  getAuthMethod,
  insertAuthMethod,
  removeAuthMethod,
  requireAuthMethod,
  requireLifetimesInOrder,
  settingsOf,
  type AuthMethod,
  type ChangedSettings,
  type TokenSettings,
} from "./auth-methods.ts"
import { requireNotStronger } from "./guard.ts"
import { getIdentity } from "./identities.ts"

const method = "token-auth"

/** Lets a machine identity sign in with tokens that are made for it here. */
export async function attachTokenAuth(
  ctx: Context,
  identityId: string,
  settings: TokenSettings,
): Promise<AuthMethod> {
  requireLifetimesInOrder(settings)
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, "You may not decide how this machine identity signs in")
  const auth = await insertAuthMethod(ctx.db, identity, method, settings)
  await record(ctx, "add-identity-token-auth", { identityId: identity.id, ...settingsOf(auth) })
  return auth
}

export async function getTokenAuth(ctx: Context, identityId: string): Promise<AuthMethod> {
  return getAuthMethod(ctx, await getIdentity(ctx, identityId), method)
}

/** Changes what tokens that are made from now on are like; from where they may be used holds for all of them. */
export async function updateTokenAuth(
  ctx: Context,
  identityId: string,
  sent: ChangedSettings,
): Promise<AuthMethod> {
  requireLifetimesInOrder(sent)
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, "You may not decide how this machine identity signs in")
  const auth = await changeAuthMethod(ctx, identity, method, sent)
  await record(ctx, "update-identity-token-auth", { identityId: identity.id, ...settingsOf(auth) })
  return auth
}

/** Takes token auth away: every token that was made for it is refused from its next request on. */
export async function removeTokenAuth(ctx: Context, identityId: string): Promise<AuthMethod> {
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, "You may not decide how this machine identity signs in")
  const auth = await removeAuthMethod(ctx, identity, method)
  await record(ctx, "revoke-identity-token-auth", { identityId: identity.id })
  return auth
}

/** Makes a token for a machine identity that token auth is attached to. It is shown this once. */
export async function createToken(
  ctx: Context,
  identityId: string,
  name: string | null,
): Promise<AccessToken & { data: AccessTokenData }> {
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, "You may not make tokens for this machine identity")
  const auth = await requireAuthMethod(ctx, identity, method)
  const token = await issueToken(ctx, { identity, auth, method, name })
  await record(ctx, "create-token-identity-token-auth", { identityId: identity.id, tokenId: token.data.id })
  return token
}

/** The tokens that were made for a machine identity, the newest first; also those that are not good any more. */
export async function listTokens(
  ctx: Context,
  identityId: string,
  page: { offset: number; limit: number },
): Promise<AccessTokenData[]> {
  const identity = await getIdentity(ctx, identityId)
  await getAuthMethod(ctx, identity, method)
  return tokens.tokensOf(ctx.db, { orgId: identity.org_id, identityId: identity.id, method, ...page })
}

export async function getToken(ctx: Context, tokenId: string): Promise<AccessTokenData> {
  const id = uuidOrNull(tokenId)
  const token = id && (await tokens.tokenOf(ctx.db, { orgId: ctx.actor.orgId, tokenId: id, method }))
  if (!token) throw noSuchToken(tokenId)
  return token
}

/** Gives a token another name; without one it keeps what it has. */
export async function renameToken(
  ctx: Context,
  tokenId: string,
  name: string | undefined,
): Promise<AccessTokenData> {
  const token = await getToken(ctx, tokenId)
  const key = { orgId: ctx.actor.orgId, tokenId: token.id, method } as const
  const named = name === undefined ? token : await tokens.renameToken(ctx.db, key, name)
  if (!named) throw noSuchToken(tokenId)
  const { identity_id: identityId } = named
  await record(ctx, "update-token-identity-token-auth", { identityId, tokenId: named.id, name: named.name })
  return named
}

/** Ends a token: it is refused from its next request on, on every server. */
export async function revokeToken(ctx: Context, tokenId: string): Promise<void> {
  const { id, identity_id: identityId } = await getToken(ctx, tokenId)
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, "You may not revoke tokens of this machine identity")
  const revoked = await tokens.revokeToken(ctx.db, { orgId: ctx.actor.orgId, tokenId: id })
  if (!revoked) throw notFound(`There is no token with the ID ${tokenId} that could be revoked`)
  await record(ctx, "revoke-token-identity-token-auth", { identityId, tokenId: id })
}

const noSuchToken = (tokenId: string) => notFound(`There is no token with the ID ${tokenId}`)
