import { Buffer } from "node:buffer"

// Controls, white space, what nobody sees, and what means something in a URL or a path.
const forbidden = /[\p{Cc}\p{Cf}\p{White_Space}\p{Default_Ignorable_Code_Point}/\\%?#;]/u
const maxBytes = 254

/**
 * The canonical form of a username or address, or undefined where there is none. Two names that a reader takes for
 * the same by case are one; a name that normalization turns into another (`＠`, `ﬁ`, the Kelvin sign), or that could
 * retarget a URL, is nobody's. Idempotent.
 */
export function canonicalUsername(input: string): string | undefined {
  if (!input.isWellFormed()) return undefined
  const name = input.trim()
  // Composed and decomposed letters are one; a character that turns into another by itself is a look-alike.
  if (name.normalize("NFKC") !== name.normalize("NFC")) return undefined
  if (Array.from(name).some((character) => character.normalize("NFKC") !== character)) return undefined
  if (forbidden.test(name) || name === "" || name === "." || name === "..") return undefined
  // A lower-case letter may combine with a mark that its capital does not combine with.
  const canonical = name
    .normalize("NFC")
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .normalize("NFC")
  return Buffer.byteLength(canonical) <= maxBytes ? canonical : undefined
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

const maxSegments = 32

/**
 * The canonical form of a path of folders, `/` or `/a/b`, or undefined where there is none: it begins with a slash, may
 * end with one, and names each folder on the way by what a folder may be called.
 */
export function canonicalPath(input: string): string | undefined {
  if (input === "/") return input
  if (!input.startsWith("/")) return undefined
  const segments = input.replace(/\/$/, "").split("/").slice(1)
  return segments.length <= maxSegments && segments.every(isFolderName) ? `/${segments.join("/")}` : undefined
}

/** Whether a folder may be called so. */
export const isFolderName = (name: string): boolean => /^[\w-]{1,255}$/.test(name)

/** Whether a secret may be called so: one word, which names one part of a path. */
export const isSecretName = (name: string): boolean =>
  /^[^\s/\p{C}]+$/u.test(name) && Buffer.byteLength(name) <= 512

/** The path of what lies in a folder. */
export const pathIn = (parent: string, name: string): string =>
  parent === "/" ? `/${name}` : `${parent}/${name}`

/** The path of the folder that holds the one of this path, which is not the root. */
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/"
