import { globFault } from "./globs.ts"
import type { Rule } from "./roles.ts"
import { projectActions, type Permission, type ProjectSubject } from "./vocabulary.ts"

/*
 * What is wrong with a rule of a project that somebody sends, beyond its form, and what its words mean.
 */

const inFolders = ["environment", "secretPath"] as const
const delegated = ["assignableRole", "assignableSubject", "assignableAction"] as const

/** By what the rules about a subject may be narrowed; all others not at all. */
const conditionFields: Partial<Record<ProjectSubject, readonly string[]>> = {
  secrets: [...inFolders, "secretName", "secretTags"],
  "secret-folders": inFolders,
  "secret-imports": inFolders,
  "dynamic-secrets": [...inFolders, "metadata"],
  "secret-syncs": [...inFolders, "connectionId"],
  "secret-rotation": [...inFolders, "connectionId"],
  identity: ["identityId", ...delegated],
  member: ["userEmail", ...delegated],
  groups: ["groupName", "assignableRole"],
}

/** Something wrong with a rule, and where in it. */
export type RuleFault = { path: (string | number)[]; message: string }

/** Everything that is wrong with a rule whose subject is known: its actions, its fields, and the texts in them. */
export function ruleFaults(rule: Rule): RuleFault[] {
  const { subject, action, conditions = {} } = rule
  const actions = [action].flat()
  const known: readonly string[] = isSubject(subject) ? projectActions[subject] : []
  const faults: RuleFault[] = []
  const unknown = actions.filter((each) => !known.includes(each))
  if (unknown.length > 0) {
    const message = `${subject} knows no ${unknown.join(", ")}; it knows ${known.join(", ")}`
    faults.push({ path: ["action"], message })
  }
  if (subject === "secrets" && actions.includes("read") && actions.some((each) => bothWays.includes(each))) {
    const message = "read is describeSecret and readValue at once: send either it or them"
    faults.push({ path: ["action"], message })
  }
  const fields = (isSubject(subject) && conditionFields[subject]) || []
  for (const [field, written] of Object.entries(conditions)) {
    const path = ["conditions", field]
    if (!fields.includes(field)) {
      const message = `Rules about ${subject} cannot be narrowed by ${field}`
      faults.push({ path, message })
    }
    for (const text of textsIn(written)) {
      const message = textFault(text, field)
      if (message) faults.push({ path: [...path, ...text.path], message })
    }
  }
  return faults
}

const isSubject = (subject: string): subject is ProjectSubject => Object.hasOwn(projectActions, subject)

type Text = { path: (string | number)[]; text: string; isPattern: boolean }

/** Every text in a constraint, and whether it is a pattern. */
function textsIn(written: unknown, path: (string | number)[] = [], isPattern = false): Text[] {
  if (typeof written === "string") return [{ path, text: written, isPattern }]
  if (Array.isArray(written))
    return written.flatMap((each, index) => textsIn(each, [...path, index], isPattern))
  if (typeof written !== "object" || written === null) return []
  return Object.entries(written).flatMap(([key, each]) => textsIn(each, [...path, key], key === "$glob"))
}

const expression = /\{\{\s*identity\.(?:id|username|(?:metadata|auth)\.[^{}\s]+)\s*\}\}/g

/** Whether something in the conditions stands for a value of whoever asks. */
export const namesCaller = (text: string): boolean => text.includes("{{")

function textFault({ text, isPattern }: Text, field: string): string | undefined {
  // What stands for a value of the caller is put in as a text, also in a pattern.
  const example = text.replace(expression, "x")
  if (/\{\{|\}\}/.test(example)) {
    return "Between {{ and }} stands identity.id, identity.username, identity.metadata.<key> or identity.auth.<key>"
  }
  if (field === "secretPath" && !text.startsWith("/")) return "A path begins with /"
  return isPattern ? globFault(example) : undefined
}

const bothWays = ["describeSecret", "readValue"]

/** All that must be allowed for it: who may `read` secrets may both see that they are there and read their values. */
export const partsOf = ([action, subject]: Permission): readonly (readonly [
  action: string,
  subject: string,
])[] =>
  subject === "secrets" && action === "read"
    ? bothWays.map((each) => [each, subject] as const)
    : [[action, subject]]

/**
 * The rules with all that their words mean. `read` on secrets is an older word for seeing that a secret is there and
 * reading its value, both at once: whoever is allowed it is allowed both, and the other way round; what forbids it
 * forbids both. To spell out twice is to spell out once.
 */
export const spelledOut = (rules: readonly Rule[]): readonly Rule[] =>
  rules.some(({ subject }) => subject === "secrets") ? rules.map(spelled) : rules

function spelled(rule: Rule): Rule {
  if (rule.subject !== "secrets") return rule
  const actions = new Set([rule.action].flat())
  if (actions.has("read")) for (const each of bothWays) actions.add(each)
  else if (!rule.inverted && bothWays.every((each) => actions.has(each))) actions.add("read")
  return { ...rule, action: [...actions] }
}
