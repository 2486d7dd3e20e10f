import type { Place } from "./places.ts"

/*
 * References in values: `${NAME}` is a secret of the same folder, `${env.NAME}` one of the root of an environment, and
 * `${env.folder.inner.NAME}` one of a folder. What is not of that form, or names nothing, is text like any other.
 */

/** A secret that a value names. */
export type Reference = Place & { secretName: string }

// No part has white space or braces, so that it is found in one pass.
const pattern = /\$\{([^{}\s]+)\}/g

/** One text for all spellings of a reference. */
export const wordOf = ({ environment, secretPath, secretName }: Reference): string =>
  JSON.stringify([environment, secretPath, secretName])

function referenceOf(text: string, from: Place): Reference | undefined {
  const parts = text.split(".")
  if (parts.some((part) => part === "")) return undefined
  const secretName = parts.pop() ?? ""
  const [environment, ...folders] = parts
  if (environment === undefined) return { ...from, secretName }
  return { environment, secretPath: `/${folders.join("/")}`, secretName }
}

/** The references in a value of a secret that lies in that folder. */
export function referencesIn(value: string, { environment, secretPath }: Place): Reference[] {
  const from = { environment, secretPath }
  return [...value.matchAll(pattern)].flatMap(([, text = ""]) => referenceOf(text, from) ?? [])
}

/** References of references are followed so far. */
export const maxDepth = 20

/** The value of a secret, and where it lies, which its own references go out from. */
export type Target = { id: string; place: Place; value: string }
/** What may be put in place of references; it counts down. */
export type Budget = { steps: number; characters: number }

/**
 * A value with those of other secrets in place of references, to any depth, and the secrets that it took. A reference to
 * a secret whose value is just being put together stays as text, and so does what `find` does not find. Undefined when
 * the budget does not suffice.
 */
export function expand<T extends Target>(
  target: Target,
  find: (reference: Reference) => T | undefined,
  budget: Budget,
): { value: string; taken: Set<T> } | undefined {
  const taken = new Set<T>()
  const under = new Set<string>()
  const put = ({ id, place, value }: Target): string => {
    under.add(id)
    const text = value.replace(pattern, (whole: string, inner: string) => {
      if (--budget.steps < 0 || budget.characters < 0) return ""
      const reference = referenceOf(inner, place)
      const found = reference ? find(reference) : undefined
      if (!found || under.has(found.id) || under.size > maxDepth) return whole
      taken.add(found)
      const replacement = put(found)
      budget.characters -= replacement.length
      return replacement
    })
    under.delete(id)
    return text
  }
  const value = put(target)
  return budget.steps < 0 || budget.characters < 0 ? undefined : { value, taken }
}
