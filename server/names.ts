import { Buffer } from "node:buffer"

// Controls, white space, bidirectional and zero-width characters, and what means something in a URL or a path.
const forbidden = /[\p{Cc}\p{Cf}\p{White_Space}/\\%?#;]/u
const maxBytes = 254

/**
 * The canonical form of a username or address, or undefined where there is none. Two names that a reader takes for
 * the same by case are one; a name that could stand for another after compatibility normalization (`＠`, `ﬁ`), or
 * that could retarget a URL, is nobody's. Idempotent.
 */
export function canonicalUsername(input: string): string | undefined {
  if (!input.isWellFormed()) return undefined
  const name = input.trim().normalize("NFC")
  if (name.normalize("NFKC") !== name) return undefined
  if (forbidden.test(name) || name === "" || name === "." || name === "..") return undefined
  if (Buffer.byteLength(name) > maxBytes) return undefined
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/**
 * What lists sort people and things by: the letters without accents and case, so that the order needs no locale
 * and is the same on every database. Null sorts last.
 */
export function sortKey(name: string | null): string | null {
  if (name === null) return null
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
}

/** What a search looks in: first name, last name and username, lower-cased. */
export const searchKey = (firstName: string | null, lastName: string | null, username: string): string =>
  [firstName, lastName, username]
    .filter((part) => part !== null && part !== "")
    .join(" ")
    .toLowerCase()
