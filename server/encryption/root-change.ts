import { earlierSeal, resealEarlier } from "../auth/totp.ts"
import { dataKey } from "../crypto/data-key.ts"
import { checkValue } from "../crypto/keys.ts"
import { localRootKey, type RootKey } from "../crypto/root-key.ts"
import { createSeal } from "../crypto/seal.ts"
import { instanceKeyContext, organizationKeyContext, type WrapContext } from "../crypto/wrapping.ts"
import type { Queries } from "../db/database.ts"
import { loadInstanceKeys } from "./instance-key.ts"
import * as store from "./root-change.store.ts"

export type RootChange = { oldKey: string; newKey: string }
/** How many keys were wrapped anew, and how many second factors no longer depend on the root key itself. */
export type RootChangeResult = { keys: number; secondFactors: number }

const batchSize = 500
const first = "00000000-0000-0000-0000-000000000000"

/**
 * Wraps every key anew by another root key and makes it the one that servers start with: one transaction, so that
 * whatever ends it leaves all as it was. Returns undefined when the new key is in place already. No data is touched but
 * what an earlier version sealed by the root key itself.
 */
export function changeRootKey(
  db: Queries,
  { oldKey, newKey }: RootChange,
): Promise<RootChangeResult | undefined> {
  const roots = { from: localRootKey(oldKey), to: localRootKey(newKey) }
  return db.transaction().execute(async (transaction) => {
    if ((await store.lockRootKey(transaction)).root_key_id === roots.to.keyId) return undefined
    // Makes the instance's key where a server of an earlier version was the last to start.
    const { instanceId } = await loadInstanceKeys(transaction, roots.from)
    const secondFactors = await resealSecondFactors(transaction, { instanceId, oldKey }, roots.from)
    const ofInstance = await rewrapInstanceKeys(transaction, instanceId, roots)
    const ofOrganizations = await rewrapOrganizationKeys(transaction, instanceId, roots)
    await store.replaceRootKey(transaction, {
      rootKeyId: roots.to.keyId,
      checkValue: checkValue("ENCRYPTION_KEY", newKey),
    })
    return { keys: ofInstance + ofOrganizations, secondFactors }
  })
}

type Roots = { from: RootKey; to: RootKey }

async function resealSecondFactors(
  db: Queries,
  { instanceId, oldKey }: { instanceId: string; oldKey: string },
  root: RootKey,
): Promise<number> {
  const [key] = await store.instanceDataKeys(db)
  if (!key) return 0
  const secret = await root.unwrap(key.wrapped_key, instanceKeyContext(instanceId, key.id, key.version))
  return resealEarlier(db, createSeal(dataKey(key.id, secret), earlierSeal(oldKey)))
}

async function rewrapInstanceKeys(db: Queries, instanceId: string, roots: Roots): Promise<number> {
  const keys = await store.instanceDataKeys(db)
  for (const key of keys) {
    const wrapped = await rewrap(key, instanceKeyContext(instanceId, key.id, key.version), roots)
    await store.rewrapInstanceDataKey(db, key.id, { rootKeyId: roots.to.keyId, wrapped })
  }
  return keys.length
}

async function rewrapOrganizationKeys(db: Queries, instanceId: string, roots: Roots): Promise<number> {
  let count = 0
  let after = { org_id: first, id: first }
  for (;;) {
    const batch = await store.organizationKeysAfter(db, after, batchSize)
    const wrapped = await Promise.all(
      batch.map(async (key) => {
        const context = organizationKeyContext(
          { instance: instanceId, orgId: key.org_id },
          key.id,
          key.version,
        )
        return { org_id: key.org_id, id: key.id, wrapped: await rewrap(key, context, roots) }
      }),
    )
    await store.rewrapOrganizationKeys(db, roots.to.keyId, wrapped)
    count += batch.length
    after = batch.at(-1) ?? after
    if (batch.length < batchSize) return count
  }
}

async function rewrap(key: store.KeyOfRoot, context: WrapContext, { from, to }: Roots): Promise<Buffer> {
  if (key.root_key_id !== from.keyId) throw new Error(`The key ${key.id} was wrapped by another root key.`)
  const secret = await from.unwrap(key.wrapped_key, context)
  const wrapped = await to.wrap(secret, context)
  secret.fill(0)
  return wrapped
}
