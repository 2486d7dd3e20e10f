import { isUtf8 } from "node:buffer"
import { z } from "zod"
import type { Reply, RequestInfo } from "./context.ts"
import { badRequest, DomainError, ValidationError } from "./errors.ts"
import type { Endpoint } from "./http/endpoint.ts"
import { slug } from "./http/fields.ts"
import { toIssues } from "./http/issues.ts"
import { dryRunIn } from "./previewing.ts"

/** What a request brought, still unread: the body is bytes until its sender is known. */
export type Incoming = {
  request: RequestInfo
  reply: Reply
  params: unknown
  query: unknown
  body:
    { bytes: Buffer; type: "json" | "form" | "csv" } | { type: "unsupported"; mediaType: string } | undefined
}

export type Input = {
  params: unknown
  query: unknown
  body: unknown
  extended: { query: unknown; body: unknown }
}
export type Parsed =
  | { ok: true; input: Input; /** It is to be previewed, and not done. */ isDryRun: boolean }
  | { ok: false; error: DomainError }

/** The input, or what is wrong with it, thrown. */
export function requireParsed(parsed: Parsed): Input {
  if (!parsed.ok) throw parsed.error
  return parsed.input
}

/** All of the input or the first part of it that does not fit: params, then query, then body. */
export function parse(endpoint: Endpoint, incoming: Incoming): Parsed {
  try {
    if (endpoint.access !== "public") requireNoSubOrganization(incoming.request)
    const { isDryRun, query: sentQuery } = dryRunIn(endpoint, incoming.query)
    const params = part(endpoint.params, incoming.params)
    requireDecodable(incoming.request.url)
    const query = part(endpoint.query, sentQuery)
    const sent = readBody(endpoint, incoming.body)
    const body = endpoint.body && part(endpoint.body, sent)
    const { extended } = endpoint
    const more = {
      query: part(extended?.query, sentQuery),
      body: part(extended?.body, isObject(sent) ? sent : {}),
    }
    return { ok: true, input: { params, query, body, extended: more }, isDryRun }
  } catch (error) {
    if (error instanceof DomainError) return { ok: false, error }
    throw error
  }
}

/** Passed over, the header would have a request act in another organization than the one that it names. */
function requireNoSubOrganization(request: RequestInfo): void {
  const name = "x-infisical-org"
  const header = request.header(name)
  if (header === undefined) return
  part(z.object({ [name]: slug(1, 64) }), { [name]: header })
  throw badRequest(`There are no sub-organizations here: leave the header ${name} out`)
}

/** The framework leaves an escape that it cannot read as it is; the path it has refused by then. */
function requireDecodable(url: string): void {
  const start = url.indexOf("?")
  if (start < 0 || !url.includes("%", start)) return
  try {
    decodeURIComponent(url.slice(start + 1))
  } catch (cause) {
    throw badRequest("The query has a % that begins no character", { cause })
  }
}

const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function part(schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) return undefined
  const result = schema.safeParse(value, { reportInput: true })
  if (!result.success) throw new ValidationError(toIssues(result.error))
  return result.data
}

/** A body that nobody asked for may be anything, but what says to be JSON has to be. */
function readBody(endpoint: Endpoint, body: Incoming["body"]): unknown {
  if (body === undefined || (!endpoint.body && body.type !== "json")) return undefined
  if (body.type === "unsupported") throw unsupported(body.mediaType)
  if (body.type === "form" && !endpoint.alsoForm) throw unsupported("a form")
  if (body.type === "csv" && !endpoint.alsoCsv) throw unsupported("CSV")
  if (body.bytes.length === 0) return undefined
  // Read with replacement characters, two bodies that differ would be one.
  if (!isUtf8(body.bytes)) throw badRequest("The body is not valid UTF-8")
  const text = body.bytes.toString()
  if (body.type === "csv") return endpoint.alsoCsv?.(text)
  if (body.type === "form") return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw badRequest("The body is not valid JSON", { cause })
  }
}

const unsupported = (sent: string): DomainError =>
  new DomainError("UnsupportedMediaType", `Send JSON: ${sent} is not supported here`)
