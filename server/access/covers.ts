import type { Rule } from "./roles.ts"

/*
 * Whether one set of rules gives nothing that another does not give (spec 1.17). It errs on the side of no: what cannot
 * be proved to be covered is missing.
 */

/** Something that the target allows and the actor does not, as a refusal names it. */
export type Missing = { action: string; subject: string; conditions?: Record<string, unknown> }

type Value = string | number | boolean
/** The operators on one field; a plain value means `$eq`. */
type Constraint = { $eq?: Value; $ne?: Value; $in?: readonly Value[] }
type Fields = Record<string, Constraint>

const actionsOf = ({ action }: Rule): readonly string[] => [action].flat()
const fieldsOf = ({ conditions = {} }: Rule): Fields =>
  Object.fromEntries(
    Object.entries(conditions).map(([field, constraint]) => [
      field,
      typeof constraint === "object" && constraint !== null ? constraint : { $eq: constraint as Value },
    ]),
  )

/** What `target` allows beyond `actor`; empty when all of it is covered. Rules of the target that forbid are passed over. */
export function missingFrom(actor: readonly Rule[], target: readonly Rule[]): Missing[] {
  const missing: Missing[] = []
  for (const rule of target.filter(({ inverted }) => !inverted)) {
    for (const action of actionsOf(rule)) {
      const about = actor.filter((own) => own.subject === rule.subject && actionsOf(own).includes(action))
      if (isCovered(about, rule)) continue
      const { subject, conditions } = rule
      missing.push({ action, subject, ...(conditions ? { conditions } : {}) })
    }
  }
  return missing
}

function isCovered(about: readonly Rule[], rule: Rule): boolean {
  const wanted = fieldsOf(rule)
  const allowing = about.filter(({ inverted }) => !inverted)
  const forbidding = about.filter(({ inverted }) => inverted)
  return (
    allowing.some((own) => isInside(wanted, fieldsOf(own))) &&
    forbidding.every((own) => areDisjoint(wanted, fieldsOf(own)))
  )
}

/** Every field that the outer rule asks about is narrowed at least as far by the inner one. */
const isInside = (inner: Fields, outer: Fields): boolean =>
  Object.entries(outer).every(([field, limit]) => {
    const constraint = inner[field]
    return constraint !== undefined && implies(constraint, limit)
  })

/** Some field proves that no object fits both. A rule without conditions fits everything. */
const areDisjoint = (one: Fields, other: Fields): boolean =>
  Object.entries(one).some(([field, constraint]) => {
    const limit = other[field]
    return limit !== undefined && excludes(constraint, limit)
  })

const accepts = ({ $eq, $ne, $in }: Constraint, value: Value): boolean =>
  ($eq === undefined || $eq === value) &&
  ($ne === undefined || $ne !== value) &&
  ($in === undefined || $in.includes(value))

/** The values that fit, where they can be counted. */
function valuesOf(constraint: Constraint): Value[] | undefined {
  const listed = constraint.$in ?? (constraint.$eq === undefined ? undefined : [constraint.$eq])
  return listed?.filter((value) => accepts(constraint, value))
}

/** Whatever fits the first fits the second. */
function implies(constraint: Constraint, limit: Constraint): boolean {
  const values = valuesOf(constraint)
  if (values) return values.every((value) => accepts(limit, value))
  // All but one value fit: inside only what leaves out that one value, or nothing.
  const isOpen = limit.$eq === undefined && limit.$in === undefined
  return isOpen && (limit.$ne === undefined || limit.$ne === constraint.$ne)
}

function excludes(one: Constraint, other: Constraint): boolean {
  const [values, others] = [valuesOf(one), valuesOf(other)]
  if (values) return !values.some((value) => accepts(other, value))
  return others !== undefined && !others.some((value) => accepts(one, value))
}
