import { createHmac } from "node:crypto"
import { sameText } from "./keys.ts"

/*
 * Time-based one-time passwords (RFC 6238) over HOTP (RFC 4226) as authenticator apps take them: HMAC-SHA-1, a
 * period of 30 seconds, six digits.
 */

const periodMs = 30_000
const digits = 6
/** How many periods a clock may be off, in either direction. */
const tolerance = 1

/** The period that a moment lies in. */
export const stepAt = (milliseconds: number): number => Math.floor(milliseconds / periodMs)

/** The code of a counter (RFC 4226, 5.3). */
export function hotp(secret: Buffer, counter: number, length = digits): string {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const mac = createHmac("sha1", secret).update(message).digest()
  const offset = mac.readUInt8(mac.length - 1) & 0x0f
  const number = mac.readUInt32BE(offset) & 0x7fffffff
  return String(number % 10 ** length).padStart(length, "0")
}

/** The period whose code this is, at most one away from `milliseconds`; undefined when it is the code of none. */
export function stepOfCode(secret: Buffer, code: string, milliseconds: number): number | undefined {
  const now = stepAt(milliseconds)
  const steps = Array.from({ length: 2 * tolerance + 1 }, (_, index) => now - tolerance + index)
  // Of equal codes the latest counts, so that using it up uses them all up.
  return steps.findLast((step) => sameText(hotp(secret, step), code))
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/** Base 32 without padding (RFC 4648, 6), as authenticator apps take a secret. */
export function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("")
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => letters[Number.parseInt(group.padEnd(5, "0"), 2)]).join("")
}

/** What an authenticator app reads from a QR code to register a secret. */
export function otpauthUrl(secret: Buffer, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  const query = new URLSearchParams({
    secret: base32(secret),
    period: String(periodMs / 1_000),
    digits: String(digits),
    algorithm: "SHA1",
    issuer,
  })
  return `otpauth://totp/${label}?${query.toString()}`
}
