import { createHash, createHmac, createSecretKey, hkdfSync, timingSafeEqual } from "node:crypto"

/** The keys of an instance: texts of at least 128 random bits, from the environment or the data folder. */
export type Keys = { encryptionKey: string; authSecret: string }

/**
 * A value by which a key is recognized without being revealed. Keys have at least 128 random bits, so that one
 * keyed hash suffices.
 */
export const checkValue = (name: string, key: string): string =>
  createHmac("sha256", key).update(`conclave check value of ${name}`).digest("hex")

/** A key of 32 bytes for one purpose, derived from another key (RFC 5869, HKDF-SHA-256). */
export const derive = (key: string | Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", key, "", `conclave ${purpose}`, 32))

/** Hash of a random code of at least 128 bits, as it is stored; a plain hash suffices for such codes. */
export const hashOfCode = (code: string): string => createHash("sha256").update(code).digest("hex")

/** Hashes texts with a key, so that a short code cannot be found by trying all of them. */
export function keyedHasher(bytes: Buffer): (text: string | Buffer) => string {
  // Node.js takes a key object at once, and looks long at bytes.
  const key = createSecretKey(bytes)
  return (text) => createHmac("sha256", key).update(text).digest("hex")
}

/** Compares two texts without telling by its time where they differ. */
export const sameText = (left: string, right: string): boolean =>
  timingSafeEqual(createHash("sha256").update(left).digest(), createHash("sha256").update(right).digest())
