import { createSecretKey, type KeyObject } from "node:crypto"
import { decrypt, encrypt, newNonce, nonceBytes, tagBytes } from "./gcm.ts"

/*
 * How everything that is encrypted is written down:
 *
 *   0x01 | algorithm | key id (16) | nonce (12) | ciphertext | tag (16)
 *
 * The first 18 bytes, and the words for where the value stands, are authenticated with it. The key is looked up by its
 * id; none is ever tried.
 */

const version = 1
/** The only algorithm there is: AES-256-GCM. */
const aes256gcm = 1
const keyIdBytes = 16
const headerBytes = 2 + keyIdBytes
const shortest = headerBytes + nonceBytes + tagBytes

/** A key with the id under which it is found again. */
export type NamedKey = { idBytes: Buffer; key: KeyObject }

/** Makes a key of 32 bytes, which it overwrites; Node.js overwrites the key itself when nothing holds it any more. */
export function namedKey(id: string, bytes: Buffer): NamedKey {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return { idBytes: bytesOfId(id), key }
}

/** The 16 bytes of an id. */
export function bytesOfId(id: string): Buffer {
  const bytes = Buffer.from(id.replaceAll("-", ""), "hex")
  if (bytes.length !== keyIdBytes) throw new Error("The id of a key is a UUID.")
  return bytes
}

/** 16 bytes as the id that they are. */
export function idOfBytes(bytes: Buffer): string {
  const hex = bytes.toString("hex", 0, keyIdBytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The id of the key that a blob was sealed with; undefined when it is no blob, or of a version we do not know. */
export function keyIdOf(blob: Buffer): string | undefined {
  return isBlob(blob) ? idOfBytes(blob.subarray(2, headerBytes)) : undefined
}

const isBlob = (blob: Buffer): boolean =>
  blob.length >= shortest && blob[0] === version && blob[1] === aes256gcm

/** Encrypts under a fresh nonce. `words` say where the value stands, each with its length in front. */
export function sealBlob({ idBytes, key }: NamedKey, plain: Buffer, words: readonly string[]): Buffer {
  const header = Buffer.concat([Buffer.of(version, aes256gcm), idBytes])
  const nonce = newNonce()
  return Buffer.concat([
    header,
    nonce,
    ...encrypt({ key, nonce, additional: additionalData(header, words) }, plain),
  ])
}

/** Throws when the blob was changed, cut, sealed under another key, or for another place. */
export function openBlob({ idBytes, key }: NamedKey, blob: Buffer, words: readonly string[]): Buffer {
  const header = blob.subarray(0, headerBytes)
  if (!isBlob(blob) || !header.subarray(2).equals(idBytes)) throw damaged()
  const nonce = blob.subarray(headerBytes, headerBytes + nonceBytes)
  try {
    const additional = additionalData(header, words)
    return decrypt({ key, nonce, additional }, blob.subarray(headerBytes + nonceBytes))
  } catch (cause) {
    throw damaged(cause)
  }
}

const damaged = (cause?: unknown): Error =>
  new Error("A sealed value was changed, or stands where it was not sealed.", { cause })

/** Header and words, each behind its length in four bytes, so that no two lists of words read alike. */
function additionalData(header: Buffer, words: readonly string[]): Buffer {
  const sizes = words.map((word) => Buffer.byteLength(word))
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + 4 + size, 4 + header.length))
  let end = bytes.writeUInt32BE(header.length, 0)
  end += header.copy(bytes, end)
  for (const [index, word] of words.entries()) {
    end = bytes.writeUInt32BE(sizes[index] ?? 0, end)
    end += bytes.write(word, end)
  }
  return bytes
}
