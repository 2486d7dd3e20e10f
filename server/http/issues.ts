import type { z } from "zod"
import type { Issue } from "../errors.ts"

type ZodIssue = z.core.$ZodIssue

const typeName = (value: unknown): string => {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  if (value instanceof Date) return "date"
  if (typeof value === "number" && Number.isNaN(value)) return "nan"
  return typeof value
}

const sizeIssue = (
  issue: ZodIssue & { origin: string; inclusive?: boolean; exact?: boolean },
  limit: object,
) => ({
  ...limit,
  type: issue.origin === "int" ? "number" : issue.origin,
  inclusive: issue.inclusive ?? true,
  exact: issue.exact ?? false,
})

/** What was sent in place of one of the options, as far as it helps who reads it. */
const shown = (value: unknown): unknown =>
  typeof value === "string" ? value.slice(0, 100) : typeof value === "object" ? typeName(value) : value

function details(issue: ZodIssue): Record<string, unknown> {
  switch (issue.code) {
    case "invalid_type":
      return { code: "invalid_type", expected: issue.expected, received: typeName(issue.input) }
    case "too_small":
      return { code: "too_small", ...sizeIssue(issue, { minimum: Number(issue.minimum) }) }
    case "too_big":
      return { code: "too_big", ...sizeIssue(issue, { maximum: Number(issue.maximum) }) }
    case "invalid_value":
      return { code: "invalid_enum_value", options: issue.values, received: shown(issue.input) }
    case "invalid_format":
      return { code: "invalid_string", validation: issue.format }
    case "unrecognized_keys":
      return { code: "unrecognized_keys", keys: issue.keys }
    case "invalid_union":
      return { code: "invalid_union" }
    default:
      return { code: "custom" }
  }
}

const wording = (issue: ZodIssue): string =>
  issue.code === "invalid_type" && issue.input === undefined ? "Required" : issue.message

/** zod 4's issues in the shape of zod 3, which clients of the Infisical API read and print. */
export const toIssues = (error: z.core.$ZodError): Issue[] =>
  error.issues.map((issue) => ({
    ...(details(issue) as { code: string }),
    path: issue.path.map((step) => (typeof step === "number" ? step : String(step))),
    message: wording(issue),
  }))
