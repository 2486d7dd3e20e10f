import type { OrganizationActor, SignedInActor } from "../access/actor.ts"
import { newId } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import type { Services } from "../services.ts"
import type { AuthMethod, AuthMethodKind } from "./auth-methods.ts"
import type { Identity } from "./identities.ts"
import * as store from "./access-tokens.store.ts"

export type AccessTokenData = store.AccessTokenRow
export type AccessToken = { accessToken: string; expiresIn: number; accessTokenMaxTTL: number }

/** The most that renewing may reach where a token has a period: as good as no end (wire format). */
const endless = 1_000_000_000

/** How long a token of these settings is good and how far it can be renewed; a period takes the place of both. */
export const lifetimesOf = (auth: {
  access_token_ttl_seconds: number
  access_token_max_ttl_seconds: number
  access_token_period_seconds: number
}): { ttlSeconds: number; maxTtlSeconds: number } =>
  auth.access_token_period_seconds > 0
    ? { ttlSeconds: auth.access_token_period_seconds, maxTtlSeconds: endless }
    : { ttlSeconds: auth.access_token_ttl_seconds, maxTtlSeconds: auth.access_token_max_ttl_seconds }

/** What is known of a token besides the token itself, as it is answered. */
export const shownToken = (token: AccessTokenData) => ({
  id: token.id,
  accessTokenTTL: token.ttl_seconds,
  accessTokenMaxTTL: token.max_ttl_seconds,
  accessTokenNumUses: token.num_uses,
  accessTokenNumUsesLimit: token.num_uses_limit,
  accessTokenLastUsedAt: token.last_used_at?.toISOString() ?? null,
  accessTokenLastRenewedAt: token.last_renewed_at?.toISOString() ?? null,
  isAccessTokenRevoked: token.revoked_at !== null,
  identityUAClientSecretId: token.client_secret_id,
  identityId: token.identity_id,
  createdAt: token.created_at.toISOString(),
  updatedAt: token.updated_at.toISOString(),
  name: token.name,
  authMethod: token.auth_method,
  accessTokenPeriod: token.period_seconds,
})

type NewToken = {
  identity: Identity
  auth: AuthMethod
  method: AuthMethodKind
  name: string | null
}

/** Writes the token's row and signs the token; in the caller's transaction. */
export async function issueToken(
  { db, services }: { db: Queries; services: Services },
  { identity, auth, method, name }: NewToken,
): Promise<AccessToken & { data: AccessTokenData }> {
  const { ttlSeconds, maxTtlSeconds } = lifetimesOf(auth)
  const data = await store.insertToken(db, {
    org_id: identity.org_id,
    id: newId(),
    identity_id: identity.id,
    auth_method: method,
    auth_method_id: auth.id,
    name,
    ttl_seconds: ttlSeconds,
    max_ttl_seconds: maxTtlSeconds,
    period_seconds: auth.access_token_period_seconds,
    num_uses_limit: auth.access_token_num_uses_limit,
  })
  const claims = { identityId: identity.id, identityName: identity.name, identityAccessTokenId: data.id }
  const accessToken = services.tokens.signMachine(
    { ...claims, authMethod: method, orgId: identity.org_id },
    ttlSeconds,
  )
  return { data, accessToken, expiresIn: ttlSeconds, accessTokenMaxTTL: maxTtlSeconds }
}

/** Counts one use of a token that has a limit; false when it is used up. Of any number at once, as many as are left. */
export const countUse = (db: Queries, orgId: string, tokenId: string): Promise<boolean> =>
  store.countUse(db, orgId, tokenId)

const noteEveryMs = 60_000
const maxRemembered = 10_000
const notedAt = new Map<string, number>()

/** What notes that a machine's token was used, or undefined when that was noted less than a minute ago. */
export function noteOfUse(
  db: Queries,
  actor: SignedInActor | OrganizationActor,
): (() => Promise<void>) | undefined {
  if (actor.kind !== "machine" || !("orgId" in actor)) return undefined
  const { orgId, tokenId } = actor
  const last = notedAt.get(tokenId)
  if (last !== undefined && Date.now() - last < noteEveryMs) return undefined
  if (notedAt.size >= maxRemembered) notedAt.clear()
  return () => {
    notedAt.set(tokenId, Date.now())
    return store.noteUse(db, orgId, tokenId)
  }
}
