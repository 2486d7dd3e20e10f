import type { Rule } from "./roles.ts"

/*
 * Rules of a project may name who asks: `{{identity.id}}`, `{{identity.username}}` and `{{identity.metadata.<key>}}`
 * in their conditions stand for the caller's own. What names nothing stays as it is, and so is equal to nothing.
 */

/** What rules may name of the caller, whether a person or a machine identity. */
export type Named = { id: string; username: string; metadata: Readonly<Record<string, string>> }

const expression = /\{\{\s*identity\.([^{}\s]+)\s*\}\}/g

/** The names that the rules use, such as `id` and `metadata.team`, in order and each once. */
export function namesIn(rules: readonly Rule[]): readonly string[] {
  const names = new Set<string>()
  const collect = (text: string): string => {
    for (const [, name = ""] of text.matchAll(expression)) names.add(name)
    return text
  }
  for (const { conditions } of rules) if (conditions) mapped(conditions, collect)
  return [...names].toSorted()
}

/** What the caller has by that name, or undefined. */
export function valueOf(named: Named, name: string): string | undefined {
  if (name === "id" || name === "username") return named[name]
  const key = /^metadata\.(.+)$/.exec(name)?.[1]
  return key !== undefined && Object.hasOwn(named.metadata, key) ? named.metadata[key] : undefined
}

/** The rules as they are for this caller. */
export const filledIn = (rules: readonly Rule[], named: Named): Rule[] =>
  rules.map((rule) =>
    rule.conditions
      ? { ...rule, conditions: mapped(rule.conditions, (text, isPattern) => filled(text, named, isPattern)) }
      : rule,
  )

const filled = (text: string, named: Named, isPattern: boolean): string =>
  text.replace(expression, (whole, name: string) => {
    const value = valueOf(named, name) ?? whole
    // Either is a text, also in a pattern: nobody widens a rule by being called `**`.
    return isPattern ? value.replace(/[^\p{L}\p{N}\s_/-]/gu, "\\$&") : value
  })

type Change = (text: string, isPattern: boolean) => string

/** The conditions with every text in them changed, and nothing else. */
function mapped(conditions: Record<string, unknown>, change: Change): Record<string, unknown> {
  const map = (value: unknown, isPattern: boolean): unknown => {
    if (typeof value === "string") return change(value, isPattern)
    if (Array.isArray(value)) return value.map((each) => map(each, isPattern))
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, map(each, key === "$glob")]))
  }
  return map(conditions, false) as Record<string, unknown>
}
