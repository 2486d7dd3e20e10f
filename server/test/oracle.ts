/*
 * A second opinion on who may do what: slow, literal, and sharing no line with what the server decides by. It knows the
 * patterns `*` and `**` as whole segments, and `*` at the end of a name, which is what the random cases use.
 */

export type OracleRule = {
  subject: string
  action: string | string[]
  conditions?: Record<string, unknown>
  inverted?: boolean
}
type Thing = Record<string, unknown>
type Operators = Record<string, unknown>

const operatorsOf = (written: unknown): Operators =>
  typeof written === "object" && written !== null ? (written as Operators) : { $eq: written }

/** A star in a pattern that is a text, where another one is a wildcard. */
export const starAsText = "\uE000"

/** Whether a pattern matches, by trying every way to lay it over the text. */
export function glob(pattern: string, text: string): boolean {
  const lay = (parts: string[], segments: string[]): boolean => {
    const [part, ...rest] = parts
    if (part === undefined) return segments.length === 0
    if (part === "**") return segments.some((_, end) => lay(rest, segments.slice(end))) || rest.length === 0
    const [segment, ...others] = segments
    if (segment === undefined) return false
    const isFitting = part.endsWith("*")
      ? segment !== "" && segment.startsWith(part.slice(0, -1))
      : segment === part
    return isFitting && lay(rest, others)
  }
  return lay(pattern.split("/"), text.replaceAll("*", starAsText).split("/"))
}

function fits(operators: Operators, value: unknown): boolean {
  const values = Array.isArray(value) ? (value as unknown[]) : [value]
  for (const [operator, operand] of Object.entries(operators)) {
    let isFitting = false
    if (operator === "$ne") isFitting = true
    for (const each of values) {
      if (operator === "$eq" && each === operand) isFitting = true
      if (operator === "$ne" && each === operand) isFitting = false
      if (operator === "$in" && (operand as unknown[]).includes(each)) isFitting = true
      if (operator === "$glob" && typeof each === "string" && glob(String(operand), each)) isFitting = true
      if (operator === "$elemMatch" && Array.isArray(value) && fitsAll(operand as Thing, each as Thing)) {
        isFitting = true
      }
    }
    if (!isFitting) return false
  }
  return true
}

function fitsAll(conditions: Thing, thing: Thing): boolean {
  for (const field of Object.keys(conditions)) {
    if (!fits(operatorsOf(conditions[field]), thing[field])) return false
  }
  return true
}

const actionsOf = ({ action }: OracleRule): string[] => (typeof action === "string" ? [action] : action)
const speaksOf = (rule: OracleRule, action: string, subject: string): boolean =>
  rule.subject === subject && actionsOf(rule).includes(action)

/** Whether the rules allow it: the last one that speaks of it decides. Without a thing only some thing must be allowed. */
export function permits(
  rules: readonly OracleRule[],
  action: string,
  subject: string,
  thing?: Thing,
): boolean {
  let isAllowed = false
  for (const rule of rules) {
    if (!speaksOf(rule, action, subject)) continue
    const conditions = rule.conditions ?? {}
    const isUnconditional = Object.keys(conditions).length === 0
    const isMeant = thing ? fitsAll(conditions, thing) : isUnconditional || rule.inverted !== true
    if (isMeant) isAllowed = rule.inverted !== true
  }
  return isAllowed
}

/** Every value that random conditions can tell apart, and some that none of them names. */
export type Universe = {
  texts: readonly string[]
  /** Fields whose values are lists, with every list that there is. */ lists: Readonly<
    Record<string, unknown[]>
  >
}

/** Whether what the target allows is all within what the actor allows (the comparison of the legacy system). */
export function covers(
  actor: readonly OracleRule[],
  target: readonly OracleRule[],
  universe: Universe,
): boolean {
  for (const wanted of target) {
    if (wanted.inverted) continue
    for (const action of actionsOf(wanted)) {
      const about = actor.filter((rule) => speaksOf(rule, action, wanted.subject))
      const isInside = about.some((rule) => !rule.inverted && isWithin(wanted, rule, universe))
      const isTouched = about.some((rule) => rule.inverted && !areApart(wanted, rule, universe))
      if (!isInside || isTouched) return false
    }
  }
  return true
}

const fieldsOf = (rule: OracleRule): string[] => Object.keys(rule.conditions ?? {})
const valuesFor = (field: string, { texts, lists }: Universe): readonly unknown[] => lists[field] ?? texts

/** Each field that the rule narrows is narrowed in the wanted one, to values that the rule lets through. */
function isWithin(wanted: OracleRule, rule: OracleRule, universe: Universe): boolean {
  return fieldsOf(rule).every((field) => {
    if (!fieldsOf(wanted).includes(field)) return false
    const [inner, outer] = [operatorsOf(wanted.conditions?.[field]), operatorsOf(rule.conditions?.[field])]
    return valuesFor(field, universe).every((value) => !fits(inner, value) || fits(outer, value))
  })
}

/** Some field of both has no value that fits both; of two patterns only how they begin is looked at. */
function areApart(wanted: OracleRule, rule: OracleRule, universe: Universe): boolean {
  return fieldsOf(rule).some((field) => {
    if (!fieldsOf(wanted).includes(field)) return false
    const [one, other] = [operatorsOf(wanted.conditions?.[field]), operatorsOf(rule.conditions?.[field])]
    const isCounted = [one, other].some((operators) => "$eq" in operators || "$in" in operators)
    if (!isCounted && !universe.lists[field]) return beginApart(one["$glob"], other["$glob"])
    return !valuesFor(field, universe).some((value) => fits(one, value) && fits(other, value))
  })
}

function beginApart(one: unknown, other: unknown): boolean {
  if (typeof one !== "string" || typeof other !== "string") return false
  const [begin = "", beginning = ""] = [one.split("*")[0], other.split("*")[0]]
  return !begin.startsWith(beginning) && !beginning.startsWith(begin)
}

/** An interval of a membership or grant; `isClosed` ends it whatever its end says. */
export type Interval = { from: number; until: number | null; isClosed: boolean }
export type Grant = { role: string; when: Interval }
export type OracleGroup = { roles: Grant[] }
/** Somebody in an organization, with the groups they have been in. */
export type Holder = { roles: Grant[]; groups: { group: OracleGroup; when: Interval }[] }

/** Whether an interval lasts at a moment. */
export const isNow = ({ from, until, isClosed }: Interval, now: number): boolean =>
  !isClosed && from <= now && (until === null || now < until)

/** The names of all roles that somebody holds at a moment, each once: their own, and those of the groups they are in. */
export function rolesHeld(holder: Holder, now: number): string[] {
  const held: string[] = []
  for (const { role, when } of holder.roles) if (isNow(when, now)) held.push(role)
  for (const { group, when } of holder.groups) {
    if (!isNow(when, now)) continue
    for (const grant of group.roles) if (isNow(grant.when, now)) held.push(grant.role)
  }
  return [...new Set(held)]
}
