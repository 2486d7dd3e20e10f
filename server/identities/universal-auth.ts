import { randomUUID } from "node:crypto"
import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import {
  changeAuthMethod,
  getAuthMethod,
  insertAuthMethod,
  removeAuthMethod,
  requireLifetimesInOrder,
  settingsOf,
  type AuthMethod,
  type ChangedSettings,
  type TokenSettings,
} from "./auth-methods.ts"
import { requireNotStronger } from "./guard.ts"
import { getIdentity } from "./identities.ts"
import { readTrustedIps, shownTrustedIps } from "./trusted-ips.ts"
import * as store from "./universal-auth.store.ts"

export type UniversalAuth = AuthMethod & store.UniversalAuthRow

/** What a login with a client secret is judged by; what is left out is the default, or stays. */
export type LoginSettings = {
  clientSecretTrustedIps?: { ipAddress: string }[] | undefined
  lockoutEnabled?: boolean | undefined
  lockoutThreshold?: number | undefined
  lockoutDurationSeconds?: number | undefined
  lockoutCounterResetSeconds?: number | undefined
}

const method = "universal-auth"
const refusal = "You may not decide how this machine identity signs in"

/** Lets a machine identity sign in with a client id, which is made here, and client secrets made for it. */
export async function attachUniversalAuth(
  ctx: Context,
  identityId: string,
  settings: TokenSettings & LoginSettings,
): Promise<UniversalAuth> {
  requireLifetimesInOrder(settings)
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, refusal)
  const auth = await insertAuthMethod(ctx.db, identity, method, settings)
  const more = await store.insertUniversalAuth(ctx.db, {
    org_id: auth.org_id,
    id: auth.id,
    client_id: randomUUID(),
    ...columnsOf(settings),
  })
  const made = { ...auth, ...more }
  await record(ctx, "add-identity-universal-auth", { identityId: identity.id, ...allSettingsOf(made) })
  return made
}

export async function getUniversalAuth(ctx: Context, identityId: string): Promise<UniversalAuth> {
  const auth = await getAuthMethod(ctx, await getIdentity(ctx, identityId), method)
  return { ...auth, ...(await store.universalAuthOf(ctx.db, auth.org_id, auth.id)) }
}

/** Changes what was sent: for logins from now on, and from where tokens may be used for those made before, too. */
export async function updateUniversalAuth(
  ctx: Context,
  identityId: string,
  sent: ChangedSettings & LoginSettings,
): Promise<UniversalAuth> {
  requireLifetimesInOrder(sent)
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, refusal)
  const auth = await changeAuthMethod(ctx, identity, method, sent)
  const key = { orgId: auth.org_id, id: auth.id }
  const changes = columnsOf(sent)
  const more =
    Object.keys(changes).length === 0
      ? await store.universalAuthOf(ctx.db, key.orgId, key.id)
      : await store.updateUniversalAuth(ctx.db, key, changes)
  const changed = { ...auth, ...more }
  await record(ctx, "update-identity-universal-auth", { identityId: identity.id, ...allSettingsOf(changed) })
  return changed
}

/** Takes universal auth away: its client secrets open nothing any more, and its tokens are refused at once. */
export async function removeUniversalAuth(ctx: Context, identityId: string): Promise<UniversalAuth> {
  const identity = await getIdentity(ctx, identityId)
  await requireNotStronger(ctx, identity, refusal)
  const auth = await removeAuthMethod(ctx, identity, method)
  const more = await store.universalAuthOf(ctx.db, auth.org_id, auth.id)
  await record(ctx, "revoke-identity-universal-auth", { identityId: identity.id })
  return { ...auth, ...more }
}

function columnsOf(sent: LoginSettings): store.UniversalAuthSettings {
  const { clientSecretTrustedIps, lockoutEnabled, lockoutThreshold } = sent
  const { lockoutDurationSeconds, lockoutCounterResetSeconds } = sent
  return {
    ...(clientSecretTrustedIps === undefined
      ? {}
      : { client_secret_trusted_ips: readTrustedIps("clientSecretTrustedIps", clientSecretTrustedIps) }),
    ...(lockoutEnabled === undefined ? {} : { is_lockout_enabled: lockoutEnabled }),
    ...(lockoutThreshold === undefined ? {} : { lockout_threshold: lockoutThreshold }),
    ...(lockoutDurationSeconds === undefined ? {} : { lockout_duration_seconds: lockoutDurationSeconds }),
    ...(lockoutCounterResetSeconds === undefined
      ? {}
      : { lockout_counter_reset_seconds: lockoutCounterResetSeconds }),
  }
}

/** What logins are judged by and what tokens are like, as it is answered and recorded. */
export const allSettingsOf = (auth: UniversalAuth) => ({
  clientId: auth.client_id,
  ...settingsOf(auth),
  clientSecretTrustedIps: shownTrustedIps(auth.client_secret_trusted_ips),
  lockoutEnabled: auth.is_lockout_enabled,
  lockoutThreshold: auth.lockout_threshold,
  lockoutDurationSeconds: auth.lockout_duration_seconds,
  lockoutCounterResetSeconds: auth.lockout_counter_reset_seconds,
})
