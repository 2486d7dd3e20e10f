import { matches, type SubjectFields } from "./conditions.ts"
import { withoutNames } from "./covers.ts"
import { partsOf, spelledOut } from "./project-rules.ts"
import type { Rule } from "./roles.ts"
import type { Permission } from "./vocabulary.ts"

/**
 * Whether one of the rules might be what allows it to somebody, whoever that is and whatever else they have. Nobody is
 * allowed it who has no such rules; who has them may still be forbidden it. The rules are as they are written, with all
 * that their words mean.
 */
export function mightGive(
  rules: readonly Rule[],
  permission: Permission,
  object: SubjectFields | undefined,
): boolean {
  // All parts must be allowed, so that nobody is left out by asking for the first alone.
  const [[wanted, about] = permission] = partsOf(permission)
  return rules.some(
    ({ subject, action, conditions, inverted }) =>
      inverted !== true &&
      subject === about &&
      [action].flat().includes(wanted) &&
      (object === undefined || matches(withoutNames(conditions), object)),
  )
}

/** What stored rules contain, one of these each, that might give it. */
export function tracesOf(permission: Permission): { subject: string; action: string[] }[] {
  const [[wanted, subject] = permission] = partsOf(permission)
  const words = [...new Set([wanted, "read"])].map((word) => ({ subject, action: [word] }))
  return words.filter((rule) => spelledOut([rule]).some(({ action }) => action.includes(wanted)))
}
