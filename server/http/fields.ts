import { z } from "zod"
import { canonicalUsername } from "../names.ts"

/*
 * Fields of answers are described, not validated again: the database and the rules made them, and the render
 * step only has to drop what is not named. Hence `meta` in place of checks.
 */

/** A UUID in an answer. */
export const uuid = z.string().meta({ format: "uuid" })
/** A point in time in an answer: ISO 8601, UTC, milliseconds. */
export const timestamp = z.string().meta({ format: "date-time" })

const hasControls = (text: string): boolean => /\p{Cc}/u.test(text)

/**
 * An id in a request. Any text is let in: what is not a UUID names nothing and is 404, not 422. Spaces around it do
 * not count; a line's end or another control character makes it another text.
 */
export const idText: z.ZodString = z.string().overwrite((text) => (hasControls(text) ? text : text.trim()))

/** An id in a path. */
export const idParam = (description: string): z.ZodString => idText.describe(description)

/**
 * A display name: trimmed, NFC, well-formed, without control characters, otherwise free; 1 to `max` characters.
 */
export const displayName = (label: string, max: number) =>
  z
    .string()
    .refine((text) => text.isWellFormed() && !hasControls(text), {
      error: `${label} must be well-formed text without control characters`,
    })
    .transform((text) => text.trim().normalize("NFC"))
    .pipe(
      z.string().min(1, `${label} must not be empty`).max(max, `${label} must be at most ${max} characters`),
    )

/** An id in a body or a query, which may be of any length there. */
export const idInBody: z.ZodString = idText.max(255)

const slugShape = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** A slug: lower-cased, then trimmed, then `min` to `max` of `a-z 0-9` in words joined by single dashes. */
export const slug = (min: number, max: number) =>
  z
    .string()
    .transform((text) => text.toLowerCase().trim())
    .pipe(
      z
        .string()
        .min(min, `Slug must be at least ${min} characters`)
        .max(max, `Slug must be at most ${max} characters`)
        .refine((text) => slugShape.test(text), {
          error: "Slug must consist of lower-case letters, digits and single dashes between them",
        }),
    )

/**
 * A username in a path. What no account could ever have been asked for is 422: empty, ill-formed, with control
 * characters, or over 512 bytes. Anything else is looked up as it stands.
 */
export const usernameParam = (description: string) =>
  z
    .string()
    .refine((text) => text.isWellFormed() && !hasControls(text), {
      error: "Username must be well-formed text without control characters",
    })
    .refine((text) => Buffer.byteLength(text) <= 512, { error: "Username must be at most 512 bytes" })
    .transform((text) => text.trim())
    .refine((text) => text.length > 0, { error: "Username must not be empty" })
    .describe(description)

/** Text typed into a search box: only the characters that names of the kind may hold. */
export const search = (allowed: RegExp, words: string) =>
  z.string().trim().regex(allowed, `Search may only contain ${words}`)

/** A text without NUL and lone surrogates, which PostgreSQL cannot hold. */
export const storableText = z
  .string()
  .refine((text) => text.isWellFormed() && !text.includes("\0"), { error: "Must be well-formed text" })

// Labels of a domain in any script, without dots of their own: none is empty. One is enough, as in `ada@localhost`.
const addressShape = /^[^\s@"]{1,64}@[^\s@.\u3002]+([.\u3002][^\s@.\u3002]+)*$/u

/** An e-mail address in its canonical form; what has none is refused. */
export const emailAddress = z
  .string()
  .transform((text) => canonicalUsername(text) ?? "")
  .pipe(z.string().regex(addressShape, "Invalid email"))
