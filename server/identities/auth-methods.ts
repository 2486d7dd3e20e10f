import type { Context } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { badRequest, invalid, notFound } from "../errors.ts"
import * as store from "./auth-methods.store.ts"
import type { Identity } from "./identities.ts"
import { readTrustedIps, shownTrustedIps, type TrustedIp } from "./trusted-ips.ts"

export type AuthMethod = store.AuthMethodRow
export type AuthMethodKind = store.AuthMethodKind

/** What tokens of an auth method are like: lifetimes in seconds, 0 for ever; uses, 0 without limit. */
export type TokenSettings = {
  accessTokenTTL: number
  accessTokenMaxTTL: number
  accessTokenNumUsesLimit?: number | undefined
  accessTokenPeriod?: number | undefined
  accessTokenTrustedIps?: { ipAddress: string }[] | undefined
}
/** What of them is to change. */
export type ChangedSettings = { [Name in keyof TokenSettings]?: TokenSettings[Name] | undefined }

const names: Record<AuthMethodKind, string> = {
  "token-auth": "Token auth",
  "universal-auth": "Universal auth",
}

/** Throws 422 when a lifetime exceeds the maximum that was sent with it. */
export function requireLifetimesInOrder(sent: ChangedSettings): void {
  const { accessTokenTTL, accessTokenMaxTTL } = sent
  if (accessTokenTTL === undefined || accessTokenMaxTTL === undefined) return
  if (exceeds(accessTokenTTL, accessTokenMaxTTL)) {
    throw invalid([], "accessTokenTTL must not exceed accessTokenMaxTTL")
  }
}

const exceeds = (ttl: number, max: number): boolean => max > 0 && ttl > max

/** Attaches a way to sign in to a machine identity; 400 when it is attached already. */
export const insertAuthMethod = (
  db: Queries,
  identity: Identity,
  method: AuthMethodKind,
  settings: TokenSettings,
): Promise<AuthMethod> =>
  store.insertAuthMethod(db, {
    org_id: identity.org_id,
    id: newId(),
    identity_id: identity.id,
    method,
    access_token_ttl_seconds: settings.accessTokenTTL,
    access_token_max_ttl_seconds: settings.accessTokenMaxTTL,
    ...columnsOf(settings),
  })

function columnsOf(settings: ChangedSettings): store.AuthMethodSettings {
  const { accessTokenTTL, accessTokenMaxTTL, accessTokenNumUsesLimit, accessTokenPeriod } = settings
  const { accessTokenTrustedIps } = settings
  return {
    ...(accessTokenTTL === undefined ? {} : { access_token_ttl_seconds: accessTokenTTL }),
    ...(accessTokenMaxTTL === undefined ? {} : { access_token_max_ttl_seconds: accessTokenMaxTTL }),
    ...(accessTokenNumUsesLimit === undefined
      ? {}
      : { access_token_num_uses_limit: accessTokenNumUsesLimit }),
    ...(accessTokenPeriod === undefined ? {} : { access_token_period_seconds: accessTokenPeriod }),
    ...(accessTokenTrustedIps === undefined
      ? {}
      : { access_token_trusted_ips: readTrustedIps("accessTokenTrustedIps", accessTokenTrustedIps) }),
  }
}

const keyOf = (identity: Identity, method: AuthMethodKind): store.AuthMethodKey => ({
  orgId: identity.org_id,
  identityId: identity.id,
  method,
})

/** The auth method of a machine identity that must have it: 404 otherwise. */
export async function getAuthMethod(
  ctx: Context,
  identity: Identity,
  method: AuthMethodKind,
): Promise<AuthMethod> {
  const auth = await store.authMethodOf(ctx.db, keyOf(identity, method))
  if (!auth) throw notFound(notAttached(identity, method))
  return auth
}

/** The same for what can only be done with it: 400 when it is not attached. */
export async function requireAuthMethod(
  ctx: Context,
  identity: Identity,
  method: AuthMethodKind,
): Promise<AuthMethod> {
  const auth = await store.authMethodOf(ctx.db, keyOf(identity, method))
  if (!auth) throw badRequest(notAttached(identity, method))
  return auth
}

/** Changes what was sent and nothing else; tokens that were made before keep what they were made with. */
export async function changeAuthMethod(
  ctx: Context,
  identity: Identity,
  method: AuthMethodKind,
  sent: ChangedSettings,
): Promise<AuthMethod> {
  const auth = await store.lockAuthMethod(ctx.db, keyOf(identity, method))
  if (!auth) throw notFound(notAttached(identity, method))
  const ttl = sent.accessTokenTTL ?? auth.access_token_ttl_seconds
  const max = sent.accessTokenMaxTTL ?? auth.access_token_max_ttl_seconds
  if (exceeds(ttl, max)) throw badRequest("accessTokenTTL must not exceed accessTokenMaxTTL")
  const changes = columnsOf(sent)
  if (Object.keys(changes).length === 0) return auth
  return store.updateAuthMethod(ctx.db, { orgId: auth.org_id, id: auth.id }, changes)
}

/** Takes a way to sign in away, and with it every token and client secret that came of it, at once. */
export async function removeAuthMethod(
  ctx: Context,
  identity: Identity,
  method: AuthMethodKind,
): Promise<AuthMethod> {
  const auth = await store.lockAuthMethod(ctx.db, keyOf(identity, method))
  if (!auth) throw badRequest(notAttached(identity, method))
  await store.removeAuthMethod(ctx.db, auth.org_id, auth.id)
  return auth
}

const notAttached = (identity: Identity, method: AuthMethodKind): string =>
  `${names[method]} is not attached to the machine identity ${identity.id}`

export type ShownSettings = {
  accessTokenTTL: number
  accessTokenMaxTTL: number
  accessTokenNumUsesLimit: number
  accessTokenTrustedIps: TrustedIp[]
  accessTokenPeriod: number
}

/** What tokens of the auth method are like, as it is answered and recorded. */
export const settingsOf = (auth: AuthMethod): ShownSettings => ({
  accessTokenTTL: auth.access_token_ttl_seconds,
  accessTokenMaxTTL: auth.access_token_max_ttl_seconds,
  accessTokenNumUsesLimit: auth.access_token_num_uses_limit,
  accessTokenTrustedIps: shownTrustedIps(auth.access_token_trusted_ips),
  accessTokenPeriod: auth.access_token_period_seconds,
})
