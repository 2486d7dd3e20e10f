import { z } from "zod"
import type { RuleFault } from "../access/project-rules.ts"
import type { Rule } from "../access/roles.ts"
import { storableText } from "./fields.ts"

/*
 * Rules of a project, of a role or a privilege, in requests and answers; on all generations of routes.
 */

const text = storableText.min(1).max(1_024)
const texts = z.array(text).min(1).max(100)
const operators = { $eq: text, $ne: text, $in: texts }
const atLeastOne = { error: "Name an operator" }
const isNotEmpty = (value: object): boolean => Object.keys(value).length > 0
const oneOf = z.union([
  text,
  z
    .strictObject({ ...operators, $glob: text })
    .partial()
    .refine(isNotEmpty, atLeastOne),
])
const withoutPattern = z.union([text, z.strictObject(operators).partial().refine(isNotEmpty, atLeastOne)])

const conditions = z
  .strictObject({
    environment: oneOf,
    secretPath: oneOf,
    secretName: oneOf,
    secretTags: z.strictObject({ $in: texts }),
    metadata: z.strictObject({
      $elemMatch: z
        .strictObject({ key: withoutPattern, value: withoutPattern })
        .partial()
        .refine(isNotEmpty, { error: "Name key or value" }),
    }),
    connectionId: oneOf,
    identityId: oneOf,
    userEmail: oneOf,
    groupName: oneOf,
    assignableRole: oneOf,
    assignableSubject: oneOf,
    assignableAction: oneOf,
  })
  .partial()

/** What the rules know of rules: the subjects that there are, and what is wrong with a rule beyond its form. */
export type Vocabulary = { subjects: readonly string[]; faultsOf(rule: Rule): RuleFault[] }

/** A list of rules, as the current form writes them. */
export const rulesField = (vocabulary: Vocabulary) =>
  z.array(ruleSchema(vocabulary)).max(500).describe("What is allowed, in order: later rules win.")

const ruleSchema = ({ subjects, faultsOf }: Vocabulary) =>
  z
    .object({
      subject: z.enum(subjects as [string, ...string[]]).describe("What the rule is about."),
      action: z
        .union([z.string(), z.array(z.string()).min(1).max(50)])
        .transform((action) => [...new Set([action].flat())])
        .describe("What may be done with it."),
      conditions: conditions.nullish().describe("Narrows the rule to what fits all of them."),
      inverted: z.boolean().nullish().describe("True forbids what the rule names."),
    })
    .transform(({ subject, action, conditions, inverted }) => ({
      subject,
      action,
      ...(conditions ? { conditions } : {}),
      ...(inverted ? { inverted } : {}),
    }))
    .superRefine((rule, context) => {
      for (const fault of faultsOf(rule)) context.addIssue({ code: "custom", ...fault })
    })

// Older clients do with dynamic secrets what they do with everything else.
const ofOlderClients: Record<string, string> = {
  read: "read-root-credential",
  create: "create-root-credential",
  edit: "edit-root-credential",
  delete: "delete-root-credential",
}

/** The same as older clients write them: they know four actions only. */
export const olderRulesField = (vocabulary: Vocabulary) => z.preprocess(translated, rulesField(vocabulary))

function translated(rules: unknown): unknown {
  if (!Array.isArray(rules)) return rules
  return rules.map((rule: unknown) => {
    if (typeof rule !== "object" || rule === null || !("action" in rule) || !("subject" in rule)) return rule
    if (rule.subject !== "dynamic-secrets") return rule
    const rename = (action: unknown): unknown =>
      typeof action === "string" ? (ofOlderClients[action] ?? action) : action
    return { ...rule, action: Array.isArray(rule.action) ? rule.action.map(rename) : rename(rule.action) }
  })
}

/** A rule in an answer. */
export const RuleOfProject = z.object({
  subject: z.string(),
  action: z.array(z.string()),
  inverted: z.boolean(),
  conditions: z.record(z.string(), z.unknown()).optional(),
})

export const presentRules = (rules: readonly Rule[]): z.input<typeof RuleOfProject>[] =>
  rules.map(({ subject, action, inverted = false, conditions }) => ({
    subject,
    action: [action].flat(),
    inverted,
    ...(conditions ? { conditions } : {}),
  }))
