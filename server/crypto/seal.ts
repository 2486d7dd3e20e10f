import { createDecipheriv } from "node:crypto"
import { keyIdOf } from "./blob.ts"
import type { DataKey } from "./data-key.ts"
import { derive } from "./keys.ts"

/** Where a sealed value that belongs to no organization stands. It opens there alone. */
export type SealPlace = { table: string; column: string; id: string }

/** Encrypts what the database must hold but not know, and belongs to no organization. */
export type Seal = {
  close(text: string, place: SealPlace): Buffer
  /** Throws when the value was changed, moved from its place, or sealed under another key. */
  open(sealed: Buffer, place: SealPlace): string
  /** False of what was written before there were data keys, and depends on the root key itself. */
  isByDataKey(sealed: Buffer): boolean
}

/** Seals with the instance's data key, and opens what was sealed before there was one, too. */
export function createSeal(key: DataKey, before: EarlierSeal): Seal {
  const isByDataKey = (sealed: Buffer): boolean => keyIdOf(sealed) === key.id
  return {
    close: (text, place) => key.seal(text, wholePlace(place)),
    open: (sealed, place) =>
      isByDataKey(sealed) ? key.open(sealed, wholePlace(place)) : before.open(sealed, place),
    isByDataKey,
  }
}

const wholePlace = ({ table, column, id }: SealPlace) =>
  ({ table, column, orgId: "", projectId: "", environment: "", rowId: id, version: 0 }) as const

/** What opens values as they were sealed before there were data keys. */
export type EarlierSeal = Pick<Seal, "open">

const version = 1
const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM under a key derived for one purpose: a byte for the version, 12 random bytes, ciphertext, tag. */
export function createEarlierSeal(encryptionKey: string, purpose: string): EarlierSeal {
  const key = derive(encryptionKey, purpose)
  return {
    open(sealed, { table, column, id }) {
      if (sealed.length < 1 + nonceBytes + tagBytes || sealed[0] !== version) {
        throw new Error(`The value sealed in ${table}.${column} is damaged.`)
      }
      const nonce = sealed.subarray(1, 1 + nonceBytes)
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes })
        .setAAD(Buffer.from([table, column, id].join("|")))
        .setAuthTag(sealed.subarray(-tagBytes))
      const body = decipher.update(sealed.subarray(1 + nonceBytes, -tagBytes))
      return Buffer.concat([body, decipher.final()]).toString("utf8")
    },
  }
}
