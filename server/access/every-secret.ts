import { rightsOf, type Rights } from "./can.ts"
import type { Rule } from "./roles.ts"

const ofOne = new Set(["secretName", "secretTags"])

/**
 * What somebody may do with every secret of a place, whatever it is called and tagged, now and later: a rule about some
 * of them allows nothing, and one that forbids some forbids all.
 */
export const everySecretOf = (rights: Rights): Rights =>
  rightsOf(`every secret, by the rights ${rights.number}`, () => rights.rules.flatMap(aboutAll))

function aboutAll(rule: Rule): Rule[] {
  const entries = Object.entries(rule.conditions ?? {})
  const others = entries.filter(([field]) => !ofOne.has(field))
  if (others.length === entries.length) return [rule]
  return rule.inverted ? [{ ...rule, conditions: Object.fromEntries(others) }] : []
}
