import { projectActions } from "../access/vocabulary.ts"
import { starAsText, type OracleRule } from "./oracle.ts"
import { textFor, type Named, type Question } from "./project-oracle.ts"
import { elements, globs, paths, tags, type Choices } from "./random-rights.ts"

/*
 * Rules of a project as the API takes them, and things to ask about. There are few values, so that rules and things
 * often meet, and often nearly.
 */

const texts: Readonly<Record<string, readonly string[]>> = {
  environment: ["dev", "staging", "prod"],
  secretPath: paths,
  secretName: ["URL", "KEY", "KEY_2"],
  identityId: ["machine-1", "machine-2"],
  userEmail: ["ada@example.com", "grace@example.com"],
  groupName: ["ops", "ops-eu", "sales"],
  assignableRole: ["admin", "viewer", "granter"],
  assignableSubject: ["secrets", "groups"],
  assignableAction: ["read", "edit"],
}

const inFolders = ["environment", "secretPath"]
const delegated = ["assignableRole", "assignableSubject", "assignableAction"]
/** By what each subject is narrowed; what is named more often is drawn more often. */
const subjects: readonly [subject: keyof typeof projectActions, fields: readonly string[]][] = [
  ["secrets", [...inFolders, "secretName", "secretTags"]],
  ["secrets", [...inFolders, "secretName", "secretTags"]],
  ["secrets", [...inFolders, "secretName", "secretTags"]],
  ["secret-folders", inFolders],
  ["dynamic-secrets", [...inFolders, "metadata", "metadata"]],
  ["dynamic-secrets", [...inFolders, "metadata", "metadata"]],
  ["identity", ["identityId", ...delegated]],
  ["member", ["userEmail", ...delegated]],
  ["groups", ["groupName", "assignableRole"]],
  ["settings", []],
]
const fieldsOf = new Map<string, readonly string[]>(subjects)

const names = [
  "{{identity.id}}",
  "{{identity.username}}",
  "{{identity.metadata.team}}",
  "{{identity.metadata.team}}",
  "{{identity.metadata.team}}",
  "{{ identity.metadata.team }}",
  "{{identity.metadata.region}}",
  // Nobody has these.
  "{{identity.metadata.unknown}}",
  "{{identity.auth.oidc}}",
  "{{identity.metadata.*}}",
]

/** Values of metadata, also those that would be more than a text in a pattern. */
export const teams = [
  "red",
  "a/x",
  "**",
  "a*",
  "*",
  "{a,b}",
  "[ab]",
  "!a",
  "(a|b)",
  "+",
  "\\w",
  "?",
  "te am",
  "é",
]

/** A text that a field may be compared with. */
function text(choices: Choices, field: string): string {
  if (!choices.onceIn(3)) return choices.one(texts[field] ?? [])
  const name = choices.one(names)
  if (field === "secretPath") return choices.one([`/${name}`, `/${name}/x`])
  return choices.onceIn(4) ? `${name}-x` : name
}

function pattern(choices: Choices, field: string): string {
  const name = choices.one(names)
  const isNaming = choices.onceIn(2)
  if (field === "secretPath") {
    return isNaming
      ? choices.one([`/${name}/**`, `/${name}/*`, `/a/${name}`, `/${name}`])
      : choices.one(globs)
  }
  if (isNaming) return choices.one([name, `${name}*`, `${name}-*`])
  return choices.one(["*", `${choices.one(texts[field] ?? []).slice(0, 2)}*`])
}

function constraint(choices: Choices, field: string, hasPatterns = true): unknown {
  const one = (): string => text(choices, field)
  const list = (): string[] => [one(), ...choices.list(2, one)]
  switch (choices.below(hasPatterns ? 8 : 5)) {
    case 0:
      return one()
    case 1:
      return { $eq: one() }
    case 2:
      return { $ne: one() }
    case 3:
      return { $in: list() }
    case 4:
      return { $in: list(), $ne: one() }
    case 5:
      return { $glob: pattern(choices, field), $ne: one() }
    default:
      return { $glob: pattern(choices, field) }
  }
}

const ofElement: Readonly<Record<string, readonly string[]>> = { key: ["a", "b"], value: ["a", "b", "c"] }

function elementOf(choices: Choices): Record<string, unknown> {
  const part = (name: "key" | "value"): unknown => {
    const one = (): string => choices.one(ofElement[name] ?? [])
    return choices.one([one(), { $eq: one() }, { $ne: one() }, { $in: [one(), one()] }])
  }
  return choices.one([
    { key: part("key") },
    { value: part("value") },
    { key: part("key"), value: part("value") },
  ])
}

function conditions(choices: Choices, fields: readonly string[]): Record<string, unknown> {
  const drawn = fields.filter(() => choices.onceIn(3))
  return Object.fromEntries(
    drawn.map((field) => {
      if (field === "secretTags") return [field, { $in: [choices.one(tags), ...choices.some(tags)] }]
      if (field === "metadata") return [field, { $elemMatch: elementOf(choices) }]
      return [field, constraint(choices, field)]
    }),
  )
}

/** One to three actions; `read` of secrets is sent alone with what is no part of it. */
function actions(choices: Choices, subject: keyof typeof projectActions): string[] {
  const drawn = [
    ...new Set([0, 1, 2].slice(choices.below(3)).map(() => choices.one(projectActions[subject]))),
  ]
  const isBoth = subject === "secrets" && drawn.includes("read")
  return isBoth ? drawn.filter((each) => each !== "describeSecret" && each !== "readValue") : drawn
}

function rule(choices: Choices): OracleRule {
  const [subject] = choices.one(subjects)
  return narrowed(choices, { subject, action: actions(choices, subject) })
}

/** The same subject and actions under other conditions, or forbidden. */
function narrowed(choices: Choices, { subject, action }: OracleRule): OracleRule {
  const fields = choices.onceIn(4) ? [] : (fieldsOf.get(subject) ?? [])
  return {
    subject,
    action,
    ...(fields.length > 0 ? { conditions: conditions(choices, fields) } : {}),
    ...(choices.onceIn(3) ? { inverted: true } : {}),
  }
}

/** The rules of a role or a privilege, which are often about the same. */
export function randomProjectRules(choices: Choices): OracleRule[] {
  const rules: OracleRule[] = []
  for (let left = choices.below(9); left > 0; left--) {
    const isAboutTheSame = rules.length > 0 && choices.onceIn(2)
    rules.push(isAboutTheSame ? narrowed(choices, choices.one(rules)) : rule(choices))
  }
  return rules
}

/** Texts that somebody's own values become, and what stays where they have none. */
const ownTexts = ({ id, username, metadata }: Named): string[] => [
  id,
  username,
  ...Object.values(metadata),
  "{{identity.metadata.unknown}}",
  "identity.metadata.unknown",
]

function anyValue(choices: Choices, field: string, named: Named): unknown {
  if (field === "secretTags") return choices.some(tags)
  if (field === "metadata") return choices.some(elements)
  if (!choices.onceIn(3)) return choices.one(texts[field] ?? [])
  const value = choices.one(ownTexts(named))
  if (field === "secretPath") return choices.one([`/${value}`, `/${value}/x`, `/a/${value}`, "/", "/z/z"])
  return choices.one([value, `${value}-x`, "other"])
}

/** A text that fits the pattern, or would if what is named were a pattern, too. */
function fitting(choices: Choices, pattern: string, named: Named): string {
  const shown = choices.onceIn(2) ? pattern.replaceAll(/\{\{.*?\}\}/g, "a") : textFor(pattern, named, true)
  return shown.replaceAll(/\*+/g, "x").replaceAll(starAsText, "*")
}

/** A value that a constraint speaks of, whether it fits or not; undefined where it speaks of none. */
function spokenOf(choices: Choices, written: unknown, named: Named): unknown {
  if (typeof written !== "object" || written === null) return textFor(String(written), named, false)
  const operands = Object.entries(written).flatMap(([operator, operand]: [string, unknown]) => {
    if (operator === "$elemMatch") return []
    if (operator === "$glob") return [fitting(choices, String(operand), named)]
    return [operand].flat().map((each) => textFor(String(each), named, false))
  })
  return operands.length > 0 ? choices.one(operands) : undefined
}

function valueOf(choices: Choices, { conditions }: OracleRule, field: string, named: Named): unknown {
  const written = conditions?.[field]
  const spoken = written === undefined || choices.onceIn(3) ? undefined : spokenOf(choices, written, named)
  if (spoken === undefined) return anyValue(choices, field, named)
  return field === "secretTags" ? [spoken, ...choices.some(tags)] : spoken
}

/** Something to ask: mostly what one of the rules speaks of, about a thing that lacks a field now and then. */
export function randomQuestion(choices: Choices, rules: readonly OracleRule[], named: Named): Question {
  const spoken = choices.onceIn(8) || rules.length === 0 ? rule(choices) : choices.one(rules)
  const { subject } = spoken
  const known = projectActions[subject as keyof typeof projectActions]
  const action = choices.onceIn(6) ? choices.one(known) : choices.one([spoken.action].flat())
  if (choices.onceIn(8)) return { action, subject, thing: undefined }
  const fields = (fieldsOf.get(subject) ?? []).filter(() => !choices.onceIn(10))
  const thing = Object.fromEntries(fields.map((field) => [field, valueOf(choices, spoken, field, named)]))
  return { action, subject, thing }
}
