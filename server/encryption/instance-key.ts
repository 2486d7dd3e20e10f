import { randomBytes } from "node:crypto"
import { dataKey, type DataKey } from "../crypto/data-key.ts"
import { newId } from "../crypto/ids.ts"
import type { RootKey } from "../crypto/root-key.ts"
import { instanceKeyContext } from "../crypto/wrapping.ts"
import type { Queries } from "../db/database.ts"
import * as store from "./keys.store.ts"

/** The instance as its keys know it: the name that wrapped keys are bound to, and its own data key. */
export type InstanceKeys = { instanceId: string; dataKey: DataKey }

const firstVersion = 1

/**
 * The keys of the instance, made when there are none: of servers that start at once all take the same. Throws when the
 * database was made with another root key.
 */
export async function loadInstanceKeys(db: Queries, root: RootKey): Promise<InstanceKeys> {
  await store.adoptRootKey(db, root.keyId)
  const { instance_id: instanceId, root_key_id: rootKeyId } = await store.instanceEncryption(db)
  if (rootKeyId !== root.keyId) throw new Error("The keys in this database were wrapped by another root key.")
  const key = (await store.instanceDataKey(db)) ?? (await makeInstanceDataKey(db, root, instanceId))
  const secret = await root.unwrap(key.wrapped_key, instanceKeyContext(instanceId, key.id, key.version))
  return { instanceId, dataKey: dataKey(key.id, secret) }
}

async function makeInstanceDataKey(
  db: Queries,
  root: RootKey,
  instanceId: string,
): Promise<store.WrappedKey> {
  const id = newId()
  const secret = randomBytes(32)
  const wrapped = await root.wrap(secret, instanceKeyContext(instanceId, id, firstVersion))
  secret.fill(0)
  const made = { id, version: firstVersion, root_key_id: root.keyId, wrapped_key: wrapped }
  await store.insertInstanceDataKey(db, made)
  const kept = await store.instanceDataKey(db)
  if (!kept) throw new Error("The root key was replaced while the server started: start it again.")
  return kept
}
