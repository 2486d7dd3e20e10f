import { badRequest } from "../errors.ts"

/** A role or a privilege that is asked for a time: from when, and for how long, such as `1h` or `30d`. */
export type Temporary = { range: string; startsAt: Date }

const units: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_557_600_000,
}
const words: [RegExp, string][] = [
  [/^(ms|msecs?|milliseconds?)$/, "ms"],
  [/^(s|secs?|seconds?)$/, "s"],
  [/^(m|mins?|minutes?)$/, "m"],
  [/^(h|hrs?|hours?)$/, "h"],
  [/^(d|days?)$/, "d"],
  [/^(w|weeks?)$/, "w"],
  [/^(y|yrs?|years?)$/, "y"],
]
const longestMs = 1_000 * 31_557_600_000

/** How long a range is, in milliseconds; undefined when it is none, or not longer than nothing. */
export function rangeMs(range: string): number | undefined {
  const [, amount = "", word = ""] = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]*)$/i.exec(range.trim()) ?? []
  const unit = words.find(([pattern]) => pattern.test(word.toLowerCase() || "ms"))?.[1]
  const length = Math.round(Number(amount) * (units[unit ?? ""] ?? 0))
  return length > 0 && length <= longestMs ? length : undefined
}

// From when a role may be asked for, so that its end is a time, too, which every client can read.
const earliest = Date.UTC(1970, 0, 1)
const latest = Date.UTC(3000, 0, 1)

/** As a store writes it down; throws 400 for a range that is none, and for a beginning that is out of this world. */
export function writtenDown({ range, startsAt }: Temporary): {
  mode: string
  range: string
  starts_at: Date
  ends_at: Date
} {
  const length = rangeMs(range)
  if (length === undefined) throw badRequest(`${range} is no length of time: send one such as 1h or 30d`)
  const start = startsAt.getTime()
  if (!(start >= earliest && start < latest)) throw badRequest("The start must lie between 1970 and 2999")
  return { mode: "relative", range, starts_at: startsAt, ends_at: new Date(start + length) }
}
