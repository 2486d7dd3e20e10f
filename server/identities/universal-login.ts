import { auditRow } from "../audit/audit.ts"
import type { PublicContext } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { forbidden, notFound, unauthorized } from "../errors.ts"
import { lifetimesOf, type AccessToken } from "./access-tokens.ts"
import { countFailure } from "./lockouts.store.ts"
import { isTrusted, plainAddress } from "./trusted-ips.ts"
import * as store from "./universal-login.store.ts"

const method = "universal-auth"

type Credentials = {
  clientId: string
  clientSecret: string
  organizationSlug?: string | undefined
  subOrganizationName?: string | undefined
}

/**
 * Signs a machine identity in with a client id and a client secret: one statement that reads, one that writes. An
 * unknown client id is refused like a wrong secret, in the same words and for the same work. Whoever fails too often
 * is locked out for a while, from their own address only.
 */
export async function login(ctx: PublicContext, sent: Credentials): Promise<AccessToken> {
  const source = plainAddress(ctx.request.ip).slice(0, 100)
  const found = await store.loginOf(ctx.db, {
    clientId: uuidOrNull(sent.clientId),
    secretHash: ctx.services.hashOfClientSecret(sent.clientSecret),
    source,
  })
  if (found?.is_locked) throw lockedOut()
  if (!found?.client_secret_id) {
    await countFailed(ctx, found, source)
    throw wrong()
  }
  if (found.trusted_ips && !isTrusted(found.trusted_ips, ctx.request.ip)) {
    throw forbidden("The client secret may not be used from your address")
  }
  if (found.is_secret_expired) throw unauthorized("The client secret has expired")
  if (found.is_secret_used_up) throw usedUp()
  requireOrganization(found, sent)
  return signIn(ctx, { ...found, client_secret_id: found.client_secret_id }, source)
}

async function signIn(
  ctx: PublicContext,
  found: store.LoginRow & { client_secret_id: string },
  source: string,
): Promise<AccessToken> {
  const {
    org_id: orgId,
    identity_id: identityId,
    identity_name: name,
    client_secret_id: clientSecretId,
  } = found
  const tokenId = newId()
  const { ttlSeconds, maxTtlSeconds } = lifetimesOf(found)
  const event = auditRow(
    {
      request: ctx.request,
      orgId,
      actor: { type: "identity", id: identityId, metadata: { identityId, name, authMethod: method } },
    },
    "login-identity-universal-auth",
    {
      identityId,
      identityUniversalAuthId: found.auth_method_id,
      clientSecretId,
      identityAccessTokenId: tokenId,
    },
  )
  const isMade = await store.insertLogin(
    ctx.db,
    {
      orgId,
      clientSecretId,
      identityId,
      source,
      tokenId,
      authMethodId: found.auth_method_id,
      numUsesLimit: found.access_token_num_uses_limit,
      ttlSeconds,
      maxTtlSeconds,
      periodSeconds: found.access_token_period_seconds,
      isLockoutEnabled: found.is_lockout_enabled,
    },
    event,
  )
  // It was good a moment ago, when it was read.
  if (!isMade) throw found.is_secret_limited ? usedUp() : wrong()
  const claims = { identityId, clientSecretId, identityAccessTokenId: tokenId, identityName: name }
  const accessToken = ctx.services.tokens.signMachine({ ...claims, authMethod: method, orgId }, ttlSeconds)
  return { accessToken, expiresIn: ttlSeconds, accessTokenMaxTTL: maxTtlSeconds }
}

/** The same statement also where nothing is to be counted, so that the time tells nothing. */
const countFailed = (ctx: PublicContext, found: store.LoginRow | undefined, source: string): Promise<void> =>
  countFailure(
    ctx.db,
    {
      orgId: found?.is_lockout_enabled ? found.org_id : null,
      identityId: found?.identity_id ?? null,
      method,
      source,
    },
    {
      threshold: found?.lockout_threshold ?? 3,
      durationSeconds: found?.lockout_duration_seconds ?? 300,
      counterResetSeconds: found?.lockout_counter_reset_seconds ?? 30,
    },
  )

/** A client may name the organization that it means to sign in to; any but its own is absent. */
function requireOrganization(found: store.LoginRow, sent: Credentials): void {
  const { organizationSlug, subOrganizationName } = sent
  if (organizationSlug && organizationSlug !== found.org_slug) {
    throw notFound(`There is no organization ${organizationSlug} that this machine identity belongs to`)
  }
  if (subOrganizationName) {
    throw notFound(`There is no organization ${subOrganizationName} that this machine identity belongs to`)
  }
}

const wrong = () => unauthorized("The client ID or the client secret is wrong")
const usedUp = () => unauthorized("The client secret has been used as often as it may be")
const lockedOut = () =>
  unauthorized("Too many logins from your address have failed: it is locked out for a while")
