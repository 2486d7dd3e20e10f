import { Ajv, type ValidateFunction } from "ajv"
import addFormats from "ajv-formats"
import { previewType } from "../../http/preview.ts"
import type { Answer } from "../http.ts"
import type { Operation, Schema } from "./document.ts"

const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true })
addFormats.default(ajv)

const compiled = new WeakMap<Schema, ValidateFunction>()
function validatorOf(schema: Schema): ValidateFunction {
  const known = compiled.get(schema)
  if (known) return known
  const validate = ajv.compile(schema)
  compiled.set(schema, validate)
  return validate
}

/** What any route may answer, whatever its operation declares. */
const ofAnyRoute = new Set([413, 414, 415, 429, 431, 503])
const jsonType = "application/json; charset=utf-8"

const text: Schema = { type: "string" }
/** The envelope of a refusal that no operation declares, since any route may answer it. */
const envelope: Schema = {
  type: "object",
  properties: { reqId: text, statusCode: { type: "number" }, message: text, error: text },
  required: ["reqId", "statusCode", "message", "error"],
  additionalProperties: false,
}

/** What in an answer breaks a promise of the document, in words; undefined when nothing does. */
export function complaintAbout({ answers, preview }: Operation, answer: Answer): string | undefined {
  const { status, headers } = answer
  const body: unknown = answer.body
  const isPreview = status === 200 && preview !== undefined && headers["content-type"] === previewType
  const declared = status === 500 ? undefined : isPreview ? preview : answers[status]
  const schema = declared ?? (ofAnyRoute.has(status) ? envelope : undefined)
  if (!schema) return `the status ${status} is not declared`
  if (!isPreview && headers["content-type"] !== jsonType)
    return `the type ${String(headers["content-type"])} is not JSON`
  const validate = validatorOf(schema)
  if (!validate(body)) return `${status} is off its schema: ${ajv.errorsText(validate.errors)}`
  const said = (body as { statusCode: unknown }).statusCode
  if (status !== 200 && said !== status) return `${status} says ${String(said)}`
  if (answer.text.includes("$argon2")) return "the answer has the hash of a password"
  return undefined
}
