import { accepts, constraintOf, type Constraint, type Value } from "./conditions.ts"
import { globIsInside, globsAreDisjoint } from "./globs.ts"
import { namesCaller, spelledOut } from "./project-rules.ts"
import type { Rule } from "./roles.ts"

/*
 * Whether one set of rules gives nothing that another does not give (spec 1.17). It errs on the side of no: what cannot
 * be proved to be covered is missing.
 */

/** Something that the target allows and the actor does not, as a refusal names it. */
export type Missing = { action: string; subject: string; conditions?: Record<string, unknown> }

type Fields = Record<string, Constraint>

const actionsOf = ({ action }: Rule): readonly string[] => [action].flat()
const fieldsOf = (conditions: Readonly<Record<string, unknown>> = {}): Fields =>
  Object.fromEntries(Object.entries(conditions).map(([field, written]) => [field, constraintOf(written)]))

/*
 * Fields of which an object has one value. A list can fit two constraints by two of its elements, so that less can be
 * proved about lists, and about every field that is not named here.
 */
const single = new Set([
  "environment",
  "secretPath",
  "secretName",
  "connectionId",
  "identityId",
  "userEmail",
  "groupName",
  "assignableRole",
  "assignableSubject",
  "assignableAction",
  "key",
  "value",
])

/**
 * What `target` allows beyond `actor`; empty when all of it is covered. Rules of the target that forbid are passed over.
 * The target's rules are as they are written, the actor's with the actor's own values in them.
 */
export function missingFrom(actor: readonly Rule[], target: readonly Rule[]): Missing[] {
  const missing: Missing[] = []
  const held = spelledOut(actor)
  for (const rule of spelledOut(target).filter(({ inverted }) => !inverted)) {
    for (const action of actionsOf(rule)) {
      const about = held.filter((own) => own.subject === rule.subject && actionsOf(own).includes(action))
      if (isCovered(about, rule)) continue
      const { subject, conditions } = rule
      missing.push({ action, subject, ...(conditions ? { conditions } : {}) })
    }
  }
  return missing
}

function isCovered(about: readonly Rule[], rule: Rule): boolean {
  const wanted = fieldsOf(withoutNames(rule.conditions))
  const allowing = about.filter(({ inverted }) => !inverted)
  const forbidding = about.filter(({ inverted }) => inverted)
  return (
    allowing.some((own) => isInside(wanted, fieldsOf(own.conditions))) &&
    forbidding.every((own) => areDisjoint(wanted, fieldsOf(own.conditions)))
  )
}

/**
 * The conditions without the fields that name whoever will have the rule: what those come to is not known when it is
 * handed out, so that they narrow nothing.
 */
export const withoutNames = (conditions: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(conditions).filter(([, written]) => !namesCaller(JSON.stringify(written))),
  )

/** Every field that the outer rule asks about is narrowed at least as far by the inner one. */
const isInside = (inner: Fields, outer: Fields): boolean =>
  Object.entries(outer).every(([field, limit]) => {
    const constraint = inner[field]
    if (constraint === undefined) return false
    return single.has(field) ? implies(constraint, limit) : impliesInLists(constraint, limit)
  })

/** Some field proves that no object fits both. A rule without conditions fits everything. */
const areDisjoint = (one: Fields, other: Fields): boolean =>
  Object.entries(one).some(([field, constraint]) => {
    const limit = other[field]
    return limit !== undefined && single.has(field) && excludes(constraint, limit)
  })

/** The values that fit, where they can be counted. */
function valuesOf(constraint: Constraint): Value[] | undefined {
  const listed = constraint.$in ?? (constraint.$eq === undefined ? undefined : [constraint.$eq])
  return listed?.filter((value) => accepts(constraint, value))
}

/** Whatever single value fits the first fits the second. */
function implies(constraint: Constraint, limit: Constraint): boolean {
  const values = valuesOf(constraint)
  if (values) return values.every((value) => accepts(limit, value))
  const { $ne, ...others } = limit
  return ($ne === undefined || !accepts(constraint, $ne)) && impliesInLists(constraint, others)
}

/** The same of a list, one element of which may be all that fits: each operator must follow from a single one. */
function impliesInLists(constraint: Constraint, { $eq, $ne, $in, $glob, $elemMatch }: Constraint): boolean {
  const values = constraint.$eq === undefined ? constraint.$in : [constraint.$eq]
  const isAlways = (limit: Constraint): boolean => values?.every((value) => accepts(limit, value)) === true
  return (
    ($eq === undefined || isAlways({ $eq })) &&
    ($ne === undefined || $ne === constraint.$ne) &&
    ($in === undefined || isAlways({ $in })) &&
    ($glob === undefined ||
      isAlways({ $glob }) ||
      (constraint.$glob !== undefined && globIsInside(constraint.$glob, $glob))) &&
    ($elemMatch === undefined ||
      (constraint.$elemMatch !== undefined &&
        isInside(fieldsOf(constraint.$elemMatch), fieldsOf($elemMatch))))
  )
}

/** No single value fits both. */
function excludes(one: Constraint, other: Constraint): boolean {
  const [values, others] = [valuesOf(one), valuesOf(other)]
  if (values) return !values.some((value) => accepts(other, value))
  if (others) return !others.some((value) => accepts(one, value))
  return one.$glob !== undefined && other.$glob !== undefined && globsAreDisjoint(one.$glob, other.$glob)
}
