import picomatch from "picomatch"

/*
 * Patterns of conditions, such as `/prod/**`. What a pattern matches is what picomatch says; what two patterns have to
 * do with each other is proved here for plain ones (literals, `*`, and `**` as a whole segment), and for nothing else.
 */

type Matcher = (value: string) => boolean

const compiled = new Map<string, Matcher>()
const maxCompiled = 5_000

// Without the flag a line's end would be outside of `**` and inside of `*`.
const options = { strictSlashes: false, flags: "s" }

/** Whether the pattern matches the whole value. */
export function globMatches(pattern: string, value: string): boolean {
  // The empty pattern matches nothing; picomatch takes none.
  if (pattern === "") return false
  let matcher = compiled.get(pattern)
  if (!matcher) {
    if (compiled.size >= maxCompiled) compiled.clear()
    matcher = picomatch(pattern, options)
    compiled.set(pattern, matcher)
  }
  return matcher(value)
}

const wildcards = /[*?+]/g
const maxWildcards = 3

/**
 * What is wrong with a pattern that somebody sends, or undefined. Patterns are tried on texts that others choose, so
 * one that could take long is refused: groups, and more than three wildcards where one can take what the next leaves.
 */
export function globFault(pattern: string): string | undefined {
  if (pattern === "") return "A pattern must not be empty"
  if (/[()]/.test(pattern)) return "A pattern must not have parentheses"
  if (picomatch.makeRe(pattern, options).source === "$^") return "This is no pattern"
  const isPlain = /^[\w\-/*?. ]+$/.test(pattern)
  const parts = isPlain ? pattern.split("/").map((part) => part.replaceAll("?", "")) : [pattern]
  const counts = [
    parts.filter((part) => part === "**").length,
    ...parts.map((part) => (part === "**" ? 0 : (part.match(wildcards)?.length ?? 0))),
  ]
  if (Math.max(...counts) <= maxWildcards) return undefined
  return `A pattern may have at most ${maxWildcards} wildcards in a segment, and as many **`
}

/** Whether every text that `inner` matches is matched by `outer`, as far as that can be proved. */
export function globIsInside(inner: string, outer: string): boolean {
  if (inner === outer) return true
  const [parts, limits] = [plainSegments(inner), plainSegments(outer)]
  return parts !== undefined && limits !== undefined && absorbs(parts, limits, bySegments)
}

/** Whether no text is matched by both, as far as that can be proved: by how they begin. */
export function globsAreDisjoint(one: string, other: string): boolean {
  const [parts, others] = [plainSegments(one), plainSegments(other)]
  if (!parts || !others) return false
  for (const [index, part] of parts.entries()) {
    const against = others[index]
    if (against === undefined || part === "**" || against === "**") return false
    if (segmentsAreDisjoint(part, against)) return true
  }
  return false
}

function segmentsAreDisjoint(one: string, other: string): boolean {
  if (one === "" || other === "") return false
  if (!one.includes("*")) return !segmentIsInside(one, other)
  if (!other.includes("*")) return !segmentIsInside(other, one)
  const [begin = "", beginning = ""] = [one.split("*")[0], other.split("*")[0]]
  return !begin.startsWith(beginning) && !beginning.startsWith(begin)
}

/** The segments of a pattern that is plain, or undefined. */
function plainSegments(pattern: string): string[] | undefined {
  if (!/^[\w\-.*/]+$/.test(pattern)) return undefined
  const segments = pattern.split("/")
  const last = segments.length - 1
  const isPlain = segments.every((segment, index) => {
    if (segment === "") return index === 0 || index === last
    if (segment === "**") return segments[index + 1] !== "**"
    // Picomatch has rules of its own for a dot that begins a segment or is beside a wildcard.
    return !segment.startsWith(".") && !/\*\*|\*\.|\.\*/.test(segment)
  })
  return isPlain ? segments : undefined
}

const segmentIsInside = (inner: string, outer: string): boolean => {
  if (inner === outer) return true
  if (inner === "" || outer === "" || inner === "**") return false
  const alphabet = { wild: "*", isFilled: () => true, takes: (one: string, other: string) => one === other }
  return absorbs(Array.from(inner), Array.from(outer), alphabet)
}

// Whether `**` may stand for no segment at all depends on its neighbours, so that it counts with something in it only.
const bySegments: Alphabet = {
  wild: "**",
  isFilled: (taken) => taken !== undefined && taken !== "**",
  takes: segmentIsInside,
}

type Alphabet = {
  /** The outer part that takes any number of inner ones. */ wild: string
  /** Whether it may end after it took this one (undefined: none). */ isFilled: (taken?: string) => boolean
  takes: (inner: string, outer: string) => boolean
}

/** Whether the outer parts take all of the inner ones, in their order. */
function absorbs(inner: readonly string[], outer: readonly string[], alphabet: Alphabet): boolean {
  const { wild, isFilled, takes } = alphabet
  // Which outer parts may come next after so many inner ones; true for a wildcard that may end here.
  type Reached = Map<number, boolean>
  const reach = (reached: Reached, at: number, filled: boolean): void => {
    reached.set(at, filled || reached.get(at) === true)
    if (outer[at] === wild && filled) reach(reached, at + 1, isFilled())
  }
  let reached: Reached = new Map()
  reach(reached, 0, isFilled())
  for (const part of inner) {
    const next: Reached = new Map()
    for (const [at, filled] of reached) {
      const limit = outer[at]
      if (limit === wild) reach(next, at, filled || isFilled(part))
      else if (limit !== undefined && takes(part, limit)) reach(next, at + 1, isFilled())
    }
    reached = next
  }
  return reached.has(outer.length)
}
