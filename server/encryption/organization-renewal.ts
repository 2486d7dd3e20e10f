import { projectKeyContext } from "../crypto/wrapping.ts"
import type { Queries } from "../db/database.ts"
import type { Keyring } from "./keyring.ts"
import * as store from "./project-keys.store.ts"
import { inTransaction } from "./reseal.store.ts"

type Renewing = { db: Queries; keyring: Keyring }

const batchSize = 200

/**
 * Puts a new key above all of an organization, and wraps the keys of its projects by it, a batch a transaction. Ended in
 * its midst all keys are still unwrapped, each by the one that wrapped it, and the next renewal goes on by the key that
 * this one has put in place. Returns how many it has wrapped anew.
 */
export async function renewOrganizationKey({ db, keyring }: Renewing, orgId: string): Promise<number> {
  const keyId =
    (await store.keyOfUnfinishedRenewal(db, orgId)) ?? (await keyring.organizationKeys.renew(orgId))
  let count = 0
  let after = "00000000-0000-0000-0000-000000000000"
  for (;;) {
    const from = after
    const done = await inTransaction(db, (transaction) =>
      rewrapBatch({ db: transaction, keyring }, { orgId, keyId, after: from }),
    )
    count += done.length
    after = done.at(-1) ?? after
    if (done.length < batchSize) return count
  }
}

/** The same for every organization that has a key, or for the one with that ID; undefined when there is none. */
export async function renewOrganizationKeys(
  services: Renewing,
  id: string | null = null,
): Promise<{ organizations: number; keys: number } | undefined> {
  const organizations = await store.organizationsWithKeys(services.db, id)
  if (id !== null && organizations.length === 0) return undefined
  let keys = 0
  for (const orgId of organizations) keys += await renewOrganizationKey(services, orgId)
  return { organizations: organizations.length, keys }
}

async function rewrapBatch(
  { db, keyring: { organizationKeys } }: Renewing,
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
