import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { derive } from "./keys.ts"

/** Where a sealed value stands. It opens there alone: in another row or column it is no more than noise. */
export type Place = { table: string; column: string; id: string }

/** Encrypts what the database must hold but not know. */
export type Seal = {
  close(text: string, place: Place): Buffer
  /** Throws when the value was changed, moved from its place, or sealed under another key. */
  open(sealed: Buffer, place: Place): string
}

const version = 1
const nonceBytes = 12
const tagBytes = 16
const authTagLength = { authTagLength: tagBytes }

const additional = ({ table, column, id }: Place): Buffer => Buffer.from([table, column, id].join("|"))

/**
 * AES-256-GCM under a key for one purpose: a byte for the version, 12 random bytes, the ciphertext, the tag. The
 * random nonces make 2^32 values the most that one key may seal (NIST SP 800-38D, 8.3).
 */
export function createSeal(encryptionKey: string, purpose: string): Seal {
  const key = derive(encryptionKey, purpose)
  return {
    close(text, place) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv("aes-256-gcm", key, nonce, authTagLength).setAAD(additional(place))
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()])
      return Buffer.concat([Buffer.of(version), nonce, body, cipher.getAuthTag()])
    },
    open(sealed, place) {
      if (sealed.length < 1 + nonceBytes + tagBytes || sealed[0] !== version) {
        throw new Error(`The value sealed in ${place.table}.${place.column} is damaged.`)
      }
      const nonce = sealed.subarray(1, 1 + nonceBytes)
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, authTagLength)
        .setAAD(additional(place))
        .setAuthTag(sealed.subarray(-tagBytes))
      const body = decipher.update(sealed.subarray(1 + nonceBytes, -tagBytes))
      return Buffer.concat([body, decipher.final()]).toString("utf8")
    },
  }
}
