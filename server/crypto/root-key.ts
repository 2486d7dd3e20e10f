import { idOfBytes } from "./blob.ts"
import { derive } from "./keys.ts"
import { wrappingKey, type WrapContext } from "./wrapping.ts"

/**
 * The key above all others, behind the one interface that a key service or a hardware module can have as well. It is
 * asked only for keys, and only for those that are not in memory.
 */
export type RootKey = {
  /** Kept beside what it wrapped, so that the right root key is looked up and none is tried. */
  readonly keyId: string
  wrap(key: Buffer, context: WrapContext): Promise<Buffer>
  /**
   * Throws when it was not wrapped by this root key for just these words, and `RootKeyUnavailable` when whatever holds
   * the root key does not answer.
   */
  unwrap(wrapped: Buffer, context: WrapContext): Promise<Buffer>
}

/** What holds the root key does not answer: to be tried again, unlike a key that is damaged. */
export class RootKeyUnavailable extends Error {
  override readonly name = "RootKeyUnavailable"
}

/** The root key that lies beside the server: in `ENCRYPTION_KEY`, or in the file of the data folder. */
export function localRootKey(encryptionKey: string): RootKey {
  const keyId = idOfBytes(derive(encryptionKey, "root key id v1"))
  const key = wrappingKey(keyId, derive(encryptionKey, "root key v1"))
  return {
    keyId,
    wrap: async (plain, context) => key.wrap(plain, context),
    unwrap: async (wrapped, context) => key.unwrap(wrapped, context),
  }
}
