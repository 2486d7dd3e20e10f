import { projectKeyContext } from "../crypto/wrapping.ts"
import type { Queries } from "../db/database.ts"
import type { Keyring } from "./keyring.ts"
import * as store from "./project-keys.store.ts"

const batchSize = 200

/**
 * Puts a new key above all of an organization, and wraps the keys of its projects by it, a batch a transaction. Ended
 * in its midst all keys are still unwrapped, each by the one that wrapped it. Returns how many it has wrapped anew.
 */
export async function renewOrganizationKey(
  { db, keyring }: { db: Queries; keyring: Keyring },
  orgId: string,
): Promise<number> {
  const keyId = await keyring.organizationKeys.renew(orgId)
  let count = 0
  let after = "00000000-0000-0000-0000-000000000000"
  for (;;) {
    const from = after
    const done = await db
      .transaction()
      .execute((transaction) => rewrapBatch({ db: transaction, keyring }, { orgId, keyId, after: from }))
    count += done.length
    after = done.at(-1) ?? after
    if (done.length < batchSize) return count
  }
}

async function rewrapBatch(
  { db, keyring: { organizationKeys } }: { db: Queries; keyring: Keyring },
  { orgId, keyId, after }: { orgId: string; keyId: string; after: string },
): Promise<string[]> {
  const rows = await store.lockKeysWrappedByOthers(db, { orgId, keyId }, { after, limit: batchSize })
  for (const row of rows) {
    const context = projectKeyContext({ orgId, projectId: row.project_id }, row.id, row.version)
    const by = { orgId, keyId: row.organization_key_id }
    const secret = await organizationKeys.unwrap(by, row.wrapped_key, context)
    const rewrapped = await organizationKeys.wrap(orgId, secret, context)
    secret.fill(0)
    await store.rewrapProjectKey(db, orgId, { id: row.id, ...rewrapped })
  }
  return rows.map(({ id }) => id)
}
