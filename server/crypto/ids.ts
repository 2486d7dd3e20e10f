import { randomBytes, randomFillSync, randomInt } from "node:crypto"

const pool = Buffer.alloc(16 * 256)
let used = pool.length

/**
 * A UUID version 7 (RFC 9562, 5.7): milliseconds first, then 74 random bits, so that rows that are made together
 * lie together in an index.
 */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = pool.subarray(used, (used += 16))
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = (bytes.readUInt8(6) & 0x0f) | 0x70
  bytes[8] = (bytes.readUInt8(8) & 0x3f) | 0x80
  const hex = bytes.toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The id when it is a UUID, else null: what cannot be one names nothing, and must not reach a uuid column. */
export const uuidOrNull = (text: string): string | null => (shape.test(text) ? text : null)

const letterPool = Buffer.alloc(4_096)
let usedLetters = letterPool.length

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/** `length` random letters and digits, evenly drawn. */
export function randomAlphanumerics(length: number): string {
  let text = ""
  while (text.length < length) {
    if (usedLetters === letterPool.length) {
      randomFillSync(letterPool)
      usedLetters = 0
    }
    // Bytes from 248 up are left out, since they would make the first letters likelier.
    const byte = letterPool.readUInt8(usedLetters++)
    if (byte < 248) text += letters[byte % 62]
  }
  return text
}

/** `bytes` random bytes as lower-case hex, for what must not be guessed. */
export const randomHex = (bytes: number): string => randomBytes(bytes).toString("hex")

/** `length` random decimal digits, at most 14, for a person to type. */
export const randomDigits = (length: number): string => String(randomInt(10 ** length)).padStart(length, "0")
