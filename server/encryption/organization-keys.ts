import { randomBytes } from "node:crypto"
import { newId } from "../crypto/ids.ts"
import { createKeyCache, type KeyCache } from "../crypto/key-cache.ts"
import { RootKeyUnavailable, type RootKey } from "../crypto/root-key.ts"
import {
  organizationKeyContext,
  wrappingKey,
  type WrapContext,
  type WrappingKey,
} from "../crypto/wrapping.ts"
import type { Queries } from "../db/database.ts"
import { unavailable } from "../errors.ts"
import * as store from "./keys.store.ts"

/** The keys of organizations, which wrap those of their projects. */
export type OrganizationKeys = {
  /** Wraps a key of the organization, whose own is made when there is none; tells by which it was wrapped. */
  wrap(orgId: string, key: Buffer, context: WrapContext): Promise<{ byKeyId: string; wrapped: Buffer }>
  unwrap(by: { orgId: string; keyId: string }, wrapped: Buffer, context: WrapContext): Promise<Buffer>
  /** Puts a new key above all that are wrapped from now on; those before it still unwrap. Returns its id. */
  renew(orgId: string): Promise<string>
  /** Takes all plain keys out of memory. */ clear(): void
}

export type KeySource = {
  /** Connections on which keys alone are read and made, each by a statement of its own: never a transaction. */
  db: Queries
  root: RootKey
  instanceId: string
  /** The clock by which keys in memory get old; that of the machine when it is not given. */ now?: () => number
}

export const clockOf = ({ now }: KeySource): { now?: () => number } => (now ? { now } : {})

const limits = { maxKeys: 200, maxAgeMs: 300_000 }

/** Keeps at most 200 plain keys in memory, each for five minutes. */
export function createOrganizationKeys(source: KeySource): OrganizationKeys {
  const cache = createKeyCache<WrappingKey>({ ...limits, ...clockOf(source) })
  const { db } = source
  return {
    async wrap(orgId, key, context) {
      const above = await newest(source, orgId)
      for (;;) {
        const by = cache.get(above.id) ?? (await unwrapInto(cache, { orgId, key: above }, source))
        // A key may be pushed out of memory while its promise is handed over.
        if (!by.isWiped) return { byKeyId: by.id, wrapped: by.wrap(key, context) }
      }
    },
    async unwrap({ orgId, keyId }, wrapped, context) {
      for (;;) {
        const by =
          cache.get(keyId) ??
          (await unwrapInto(cache, { orgId, key: await requireKey(db, orgId, keyId) }, source))
        if (!by.isWiped) return by.unwrap(wrapped, context)
      }
    },
    async renew(orgId) {
      const before = await newest(source, orgId)
      await make(source, orgId, before.version + 1)
      const after = await newest(source, orgId)
      if (after.id === before.id) throw await whyNone(source, orgId)
      return after.id
    },
    clear: () => cache.clear(),
  }
}

/** The plain key, which is in the cache then, too; of two who unwrap it at once the second takes the first's. */
async function unwrapInto(
  cache: KeyCache<WrappingKey>,
  { orgId, key }: { orgId: string; key: store.WrappedKey },
  { root, instanceId }: KeySource,
): Promise<WrappingKey> {
  if (key.root_key_id !== root.keyId) throw keysOfAnotherRoot()
  const context = organizationKeyContext({ instance: instanceId, orgId }, key.id, key.version)
  const secret = await fromRoot(root.unwrap(key.wrapped_key, context))
  const meanwhile = cache.get(key.id)
  if (meanwhile) {
    secret.fill(0)
    return meanwhile
  }
  const unwrapped = wrappingKey(key.id, secret)
  cache.put(unwrapped)
  return unwrapped
}

async function make({ db, root, instanceId }: KeySource, orgId: string, version: number): Promise<void> {
  const id = newId()
  const secret = randomBytes(32)
  const context = organizationKeyContext({ instance: instanceId, orgId }, id, version)
  const wrapped = await fromRoot(root.wrap(secret, context))
  secret.fill(0)
  const made = { id, version, root_key_id: root.keyId, wrapped_key: wrapped }
  await store.insertOrganizationKey(db, orgId, made)
}

/** The newest key, which is looked for again after one was made: another server may have been first. */
async function newest(source: KeySource, orgId: string): Promise<store.WrappedKey> {
  const there = await store.newestOrganizationKey(source.db, orgId)
  if (there) return there
  await make(source, orgId, 1)
  const made = await store.newestOrganizationKey(source.db, orgId)
  if (!made) throw await whyNone(source, orgId)
  return made
}

async function whyNone({ db, root }: KeySource, orgId: string): Promise<Error> {
  const { root_key_id: rootKeyId } = await store.instanceEncryption(db)
  if (rootKeyId !== root.keyId) return keysOfAnotherRoot()
  return new Error(`The organization ${orgId} has no key and gets none: it was deleted.`)
}

/** Overwrites the keys of an organization in the caller's transaction: what they wrapped can never be read again. */
export const destroyOrganizationKeys: (db: Queries, orgId: string) => Promise<void> =
  store.destroyOrganizationKeys

async function requireKey(db: Queries, orgId: string, keyId: string): Promise<store.WrappedKey> {
  const key = await store.organizationKey(db, orgId, keyId)
  if (!key) throw new Error(`The key ${keyId} of the organization ${orgId} does not exist or was destroyed.`)
  return key
}

/** Waits for what holds the root key; a caller may try again later when it does not answer. */
async function fromRoot(answer: Promise<Buffer>): Promise<Buffer> {
  try {
    return await answer
  } catch (cause) {
    if (!(cause instanceof RootKeyUnavailable)) throw cause
    throw unavailable("The encryption keys are not available at the moment; try again shortly", { cause })
  }
}

const keysOfAnotherRoot = () =>
  unavailable("The root key was replaced; this server has to be started again with the new one")
