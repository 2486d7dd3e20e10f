import type { OracleRule, Universe } from "./oracle.ts"

/** A source of random choices that a seed brings back. */
export class Choices {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    // Mulberry32.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** True once in so many. */
  onceIn(times: number): boolean {
    return this.below(times) === 0
  }

  some<T>(list: readonly T[]): T[] {
    return list.filter(() => this.onceIn(2))
  }

  list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }
}

export const paths = ["/a", "/a/x", "/a/x/y", "/ab/x", "/b", "/b/x", "/c"]
export const globs = ["/a/**", "/a/*", "/ab/*", "/b/**", "/**", "/*", "/*/x", "/a/x/**"]
export const tags = ["red", "blue", "green"]
const names = ["a", "b"]
export const elements = names.flatMap((key) => [...names, "c"].map((value) => ({ key, value })))

const subsets = <T>(list: readonly T[]): T[][] =>
  Array.from({ length: 2 ** list.length }, (_, bits) => list.filter((_each, at) => (bits >> at) & 1))

/** Texts that the conditions below name, and enough that they do not. */
export const universe: Universe = {
  texts: paths.concat(
    ["/", "/z", "/z/x", "/z/z", "/a/z", "/a/z/z", "/a/x/z", "/a/x/z/z", "/ab", "/ab/z", "/ab/z/z"],
    ["/b/z", "/b/z/z", "/c/x", "/c/z/z", "/z/z/z", "z", "z/x"],
  ),
  lists: { secretTags: subsets(tags), metadata: subsets(elements) },
}

/** Subjects and actions that the vocabulary of an organization has; the conditions are of those of projects, too. */
export const subjects = {
  "app-connections": ["read", "connect", "edit"],
  groups: ["read", "edit", "add-members", "add-identities", "grant-privileges"],
  identity: ["read", "edit", "grant-privileges"],
} as const
const subjectNames = Object.keys(subjects) as (keyof typeof subjects)[]

/** Something to do, by what it is about. */
export function randomPermission(choices: Choices): [action: string, subject: string] {
  const subject = choices.one(subjectNames)
  return [choices.one(subjects[subject]), subject]
}

function constraint(choices: Choices): unknown {
  const { one, some } = { one: choices.one.bind(choices), some: choices.some.bind(choices) }
  switch (choices.below(8)) {
    case 0:
      return one(paths)
    case 1:
      return { $eq: one(paths) }
    case 2:
      return { $ne: one(paths) }
    case 3:
      return { $in: some(paths) }
    case 4:
      return { $in: some(paths), $ne: one(paths) }
    case 5:
      return { $glob: one(globs), $ne: one(paths) }
    case 6:
      return { $glob: one(globs), $in: some(paths) }
    default:
      return { $glob: one(globs) }
  }
}

function randomConditions(choices: Choices): Record<string, unknown> {
  const conditions: Record<string, unknown> = {}
  if (choices.onceIn(2)) conditions["secretPath"] = constraint(choices)
  if (choices.onceIn(3)) conditions["connectionId"] = constraint(choices)
  if (choices.onceIn(3)) conditions["secretTags"] = { $in: [choices.one(tags), ...choices.some(tags)] }
  if (choices.onceIn(4)) {
    const value = choices.onceIn(2) ? {} : { value: choices.one(["a", { $in: ["a", "b"] }, { $ne: "a" }]) }
    conditions["metadata"] = { $elemMatch: { key: choices.one(names), ...value } }
  }
  return conditions
}

function randomRule(choices: Choices): OracleRule {
  const [action, subject] = randomPermission(choices)
  const actions = choices.onceIn(2) ? action : [action, randomAction(choices, subject)]
  const isNarrow = subject === "app-connections" && !choices.onceIn(4)
  return {
    subject,
    action: actions,
    ...(isNarrow ? { conditions: randomConditions(choices) } : {}),
    ...(choices.onceIn(4) ? { inverted: true } : {}),
  }
}

const randomAction = (choices: Choices, subject: string): string =>
  choices.one(subjects[subject as keyof typeof subjects])

export const randomRules = (choices: Choices): OracleRule[] => choices.list(6, () => randomRule(choices))

/** A thing to ask about, some of its fields absent. */
export function randomThing(choices: Choices): Record<string, unknown> {
  const thing: Record<string, unknown> = {}
  if (!choices.onceIn(8)) thing["secretPath"] = choices.one(universe.texts)
  if (!choices.onceIn(8)) thing["connectionId"] = choices.one(universe.texts)
  if (!choices.onceIn(4)) thing["secretTags"] = choices.some(tags)
  if (!choices.onceIn(4)) thing["metadata"] = choices.some(elements)
  return thing
}

/** The same rules with some taken away or narrowed, so that one set is often within the other. */
export function lessThan(choices: Choices, rules: readonly OracleRule[]): OracleRule[] {
  return rules.flatMap((rule) => {
    if (rule.inverted || choices.onceIn(4)) return []
    if (rule.subject !== "app-connections" || choices.onceIn(2)) return [rule]
    return [{ ...rule, conditions: { ...rule.conditions, ...randomConditions(choices) } }]
  })
}
