import { createCipheriv, createDecipheriv, randomFillSync, type KeyObject } from "node:crypto"

/*
 * AES-256-GCM (NIST SP 800-38D) with nonces of 12 bytes and tags of 16, and nothing shorter in either direction.
 */

export const nonceBytes = 12
export const tagBytes = 16
const authTagLength = { authTagLength: tagBytes }

const pool = Buffer.alloc(nonceBytes * 256)
let used = pool.length

/** Twelve random bytes; drawn from the system for many values at a time, which is what makes it cheap. */
export function newNonce(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return Buffer.from(pool.subarray(used, (used += nonceBytes)))
}

/**
 * The key and the nonce of one encryption, and what is authenticated with it. The key is a key object: of bytes Node.js
 * finds out first, by errors that it catches, that they are none, which takes several times as long as a short text.
 */
export type Use = { key: KeyObject; nonce: Buffer; additional: Buffer }

/** Ciphertext and tag. The same key must never meet the same nonce twice. */
export function encrypt({ key, nonce, additional }: Use, plain: Buffer): Buffer[] {
  const cipher = createCipheriv("aes-256-gcm", key, nonce, authTagLength).setAAD(additional)
  return [cipher.update(plain), cipher.final(), cipher.getAuthTag()]
}

/** Throws when anything is not as it was when it was encrypted. */
export function decrypt({ key, nonce, additional }: Use, body: Buffer): Buffer {
  const end = body.length - tagBytes
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, authTagLength)
    .setAAD(additional)
    .setAuthTag(body.subarray(end))
  const plain = decipher.update(body.subarray(0, end))
  decipher.final()
  return plain
}
