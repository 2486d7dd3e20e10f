import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { newId, randomHex, uuidOrNull } from "../crypto/ids.ts"
import { notFound } from "../errors.ts"
import { getAuthMethod, requireAuthMethod } from "./auth-methods.ts"
import * as store from "./client-secrets.store.ts"
import { requireNotStronger } from "./guard.ts"
import { getIdentity } from "./identities.ts"

export type ClientSecret = store.ClientSecretRow

const method = "universal-auth"

/**
 * Makes a client secret of 256 random bits. It is shown this once; kept is a keyed hash, which suffices for what
 * nobody can guess.
 */
export async function createClientSecret(
  ctx: Context,
  identityId: string,
  input: { description: string; numUsesLimit: number; ttl: number },
): Promise<{ clientSecret: string; data: ClientSecret }> {
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, "You may not make client secrets for this machine identity")
  const auth = await requireAuthMethod(ctx, identity, method)
  const clientSecret = randomHex(32)
  const data = await store.insertClientSecret(ctx.db, {
    org_id: identity.org_id,
    id: newId(),
    identity_id: identity.id,
    auth_method_id: auth.id,
    prefix: clientSecret.slice(0, 4),
    secret_hash: ctx.services.hashOfClientSecret(clientSecret),
    description: input.description,
    num_uses_limit: input.numUsesLimit,
    ttl_seconds: input.ttl,
  })
  const metadata = { identityId: identity.id, clientSecretId: data.id }
  await record(ctx, "create-identity-universal-auth-client-secret", metadata)
  return { clientSecret, data }
}

/** Every client secret of a machine identity, the newest first, without the secrets themselves. */
export async function listClientSecrets(ctx: Context, identityId: string): Promise<ClientSecret[]> {
  const auth = await getAuthMethod(ctx, await getIdentity(ctx, identityId), method)
  return store.clientSecretsOf(ctx.db, { orgId: auth.org_id, authMethodId: auth.id })
}

export async function getClientSecret(
  ctx: Context,
  identityId: string,
  clientSecretId: string,
): Promise<ClientSecret> {
  const auth = await getAuthMethod(ctx, await getIdentity(ctx, identityId), method)
  const owner = { orgId: auth.org_id, authMethodId: auth.id }
  const id = uuidOrNull(clientSecretId)
  const secret = id && (await store.clientSecretOf(ctx.db, owner, id))
  if (!secret) throw notFound(`There is no client secret with the ID ${clientSecretId}`)
  return secret
}

/** Ends a client secret: nobody signs in with it any more. Tokens that came of it stay good; once more does nothing. */
export async function revokeClientSecret(
  ctx: Context,
  identityId: string,
  clientSecretId: string,
): Promise<ClientSecret> {
  const secret = await getClientSecret(ctx, identityId, clientSecretId)
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, "You may not revoke client secrets of this machine identity")
  const owner = { orgId: identity.org_id, authMethodId: secret.auth_method_id }
  const revoked = await store.revokeClientSecret(ctx.db, owner, secret.id)
  if (!revoked) return getClientSecret(ctx, identityId, clientSecretId)
  const metadata = { identityId: identity.id, clientSecretId: secret.id }
  await record(ctx, "revoke-identity-universal-auth-client-secret", metadata)
  return revoked
}
