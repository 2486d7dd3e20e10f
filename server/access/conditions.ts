import { globMatches } from "./globs.ts"

/*
 * What narrows a rule: `{ field: constraint }`, where a constraint is a value or operators that must all hold. They are
 * part of the public API: `$eq`, `$ne`, `$in`, `$glob` and `$elemMatch`.
 */

export type Value = string | number | boolean

/** The operators on one field. */
export type Constraint = {
  $eq?: Value
  $ne?: Value
  $in?: readonly Value[]
  $glob?: string
  /** What one element of a list must fit. */ $elemMatch?: Readonly<Record<string, unknown>>
}

/** What is asked about, as rules see it: a secret by its environment, path, name and tags, and its like. */
export type SubjectFields = Readonly<Record<string, unknown>>

const operators = new Set(["$eq", "$ne", "$in", "$glob", "$elemMatch"])

/** A constraint as rules write it; a plain value means `$eq`. Schemas let nothing else in. */
export function constraintOf(written: unknown): Constraint {
  if (typeof written !== "object" || written === null) return { $eq: written as Value }
  const unknown = Object.keys(written).find((operator) => !operators.has(operator))
  // Passed over it would widen a rule, and taken for false it would lift one that forbids.
  if (unknown !== undefined) throw new Error(`There is no operator ${unknown} in conditions`)
  return written
}

/** Whether the object fits all conditions. */
export const matches = (conditions: Readonly<Record<string, unknown>>, object: SubjectFields): boolean =>
  Object.entries(conditions).every(([field, written]) =>
    fits(constraintOf(written), Object.hasOwn(object, field) ? object[field] : undefined),
  )

/** Whether a value of an object fits. A list fits where one of its elements does, and `$ne` where none is equal. */
function fits(constraint: Constraint, value: unknown): boolean {
  const { $eq, $ne, $in, $glob, $elemMatch } = constraint
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return (
    ($eq === undefined || values.includes($eq)) &&
    ($ne === undefined || !values.includes($ne)) &&
    ($in === undefined || values.some((each) => ($in as readonly unknown[]).includes(each))) &&
    ($glob === undefined || values.some((each) => typeof each === "string" && globMatches($glob, each))) &&
    ($elemMatch === undefined ||
      (Array.isArray(value) && values.some((each) => isObject(each) && matches($elemMatch, each))))
  )
}

const isObject = (value: unknown): value is SubjectFields => typeof value === "object" && value !== null

/** Whether one value, which is no list, fits. */
export const accepts = (constraint: Constraint, value: Value): boolean => fits(constraint, value)
