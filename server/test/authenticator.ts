import { hotp, stepAt } from "../crypto/totp.ts"

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/** The secret of an `otpauth` URL, read as an app reads it. */
export function secretOf(otpUrl: string): Buffer {
  const text = new URL(otpUrl).searchParams.get("secret") ?? ""
  const bits = Array.from(text, (letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("")
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

/** The code that an authenticator app shows, now or `periods` of thirty seconds later. */
export const codeOf = (otpUrl: string, periods = 0): string =>
  hotp(secretOf(otpUrl), stepAt(Date.now()) + periods)
