import fc, { type Arbitrary } from "fast-check"
import { hostileSegments } from "../hostile-names.ts"
import type { Request } from "../access-cases.ts"
import { fixedSegments, type Operation, type Schema } from "./document.ts"

/** What exists in the world, for requests to name. */
export type Known = {
  /** Good requests for the operation. */ samples: Request[]
  /** Values that exist, by the name of the field they belong to. */ byName: Record<string, unknown[]>
  /** Ids and names that exist, of whatever kind and of whatever organization. */ names: string[]
  /** Who may be asking, by name. */ callers: string[]
}

/** A request as it goes over the wire, but for the caller, who is named. */
export type Sent = {
  caller: string
  route: string
  headers: Record<string, string>
  rawBody: string | undefined
}

// prettier-ignore
const oddValues: unknown[] = [
  null, true, false, 0, -1, 1.5, 1e308, -0, 2 ** 31, 2 ** 53, "", " ", "\0", "\ud800", "%", "__proto__",
  "null", "true", "0", "[object Object]", "1; drop table users", "a".repeat(2_000), [], {}, [[]], [null],
  "custom", "admin", "no-access", "2026-02-30T00:00:00Z", "0.0.0.0/33", "::ffff:1.2.3.4", "-Infinity",
]

const junk: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...oddValues),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: "binary", maxLength: 40 }),
)

function ofText({ format, pattern, minLength = 0, maxLength }: Schema): Arbitrary<string> {
  if (format === "uuid") return fc.uuid()
  if (format === "date-time") {
    const dates = fc.date({ min: new Date("1970-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    return dates.map((date) => date.toISOString())
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  const longest = maxLength ?? 60
  const between = fc.string({ unit: "grapheme", minLength, maxLength: Math.min(longest, minLength + 40) })
  const plain = fc.stringMatching(/^[a-z0-9-]{1,12}$/)
  const limits = [minLength, minLength - 1, longest, longest + 1].filter((size) => size >= 0)
  return fc.oneof(
    { weight: 3, arbitrary: plain },
    { weight: 2, arbitrary: between },
    { weight: 1, arbitrary: fc.constantFrom(...limits.map((size) => "a".repeat(size))) },
  )
}

function ofNumber({ minimum = -1_000, maximum = 2 ** 53 - 1, type }: Schema): Arbitrary<unknown> {
  const limits = [minimum, maximum, minimum - 1, maximum + 1, minimum + 0.5]
  const small = fc.integer({ min: minimum, max: Math.min(maximum, minimum + 200) })
  const any = type === "integer" ? fc.integer({ min: minimum, max: maximum }) : fc.double({ noNaN: true })
  return fc.oneof(
    { weight: 5, arbitrary: small },
    { weight: 2, arbitrary: any },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(...limits) },
  )
}

function ofList({ items = {}, minItems = 0, maxItems = 10 }: Schema, known: Known, name: string) {
  const item = valueOf(items, known, name)
  const few = fc.array(item, { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 4)) })
  const tooMany = fc.array(item, { minLength: maxItems + 1, maxLength: maxItems + 1, size: "max" })
  return maxItems > 20 ? few : fc.oneof({ weight: 8, arbitrary: few }, { weight: 1, arbitrary: tooMany })
}

function ofObject(schema: Schema, known: Known): Arbitrary<unknown> {
  const { properties, required = [] } = schema
  if (!properties)
    return fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
  const fields = Object.entries(properties).map(
    ([name, field]) => [name, valueOf(field, known, name)] as const,
  )
  const present = required.filter((name) => name in properties)
  return fc.record(Object.fromEntries(fields), { requiredKeys: present })
}

function ofSchema(schema: Schema, known: Known, name: string): Arbitrary<unknown> {
  const options = schema.anyOf ?? schema.oneOf
  if (options) return fc.oneof(...options.map((option) => valueOf(option, known, name)))
  if (schema.enum) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case "string":
      return ofText(schema)
    case "number":
    case "integer":
      return ofNumber(schema)
    case "boolean":
      return fc.boolean()
    case "array":
      return ofList(schema, known, name)
    case "object":
      return ofObject(schema, known)
    default:
      return fc.jsonValue({ maxDepth: 3 })
  }
}

/** A value for a field: mostly one that fits, or that exists; sometimes a stranger's, and sometimes nonsense. */
function valueOf(schema: Schema, known: Known, name: string): Arbitrary<unknown> {
  const fitting = ofSchema(schema, known, name)
  const existing = known.byName[name] ?? []
  const choices = [
    { weight: 10, arbitrary: fitting },
    { weight: 1, arbitrary: junk },
    ...(schema.nullable ? [{ weight: 1, arbitrary: fc.constant<unknown>(null) }] : []),
    ...(existing.length > 0 ? [{ weight: 8, arbitrary: fc.constantFrom(...existing) }] : []),
    ...(schema.type === "string" ? [{ weight: 2, arbitrary: fc.constantFrom(...known.names) }] : []),
  ]
  return fc.oneof(...choices)
}

/** A body as a good request has it, with some fields of another value, missing, or besides. */
function bodyOf(schema: Schema, known: Known): Arbitrary<unknown> {
  const bodies = known.samples.flatMap(({ body }) => (body ? [body] : []))
  const drawn = valueOf(schema, known, "")
  if (bodies.length === 0 || !schema.properties) return drawn
  const patch = Object.entries(schema.properties).map(
    ([name, field]) => [name, valueOf(field, known, name)] as const,
  )
  const changed = fc
    .tuple(
      fc.constantFrom(...bodies),
      fc.record(Object.fromEntries(patch), { requiredKeys: [] }),
      fc.array(fc.constantFrom(...Object.keys(schema.properties)), { maxLength: 2 }),
      fc.option(fc.tuple(fc.constantFrom("id", "__proto__", "org_id", "a.b", "a[b]", "constructor"), junk)),
    )
    .map(([body, fields, taken, extra]) => {
      const chosen = Object.entries(fields).slice(0, 2)
      const all = [...Object.entries(body), ...chosen, ...(extra ? [extra] : [])]
      return Object.fromEntries(all.filter(([name]) => !taken.includes(name)))
    })
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<unknown>(...bodies) },
    { weight: 10, arbitrary: changed },
    { weight: 6, arbitrary: drawn },
  )
}

/** The text of a body: JSON, and sometimes JSON that something happened to. */
function textOf(body: Arbitrary<unknown>): Arbitrary<string> {
  const whole = body.map((value) => JSON.stringify(value) ?? "")
  const harmed = fc
    .tuple(whole, fc.nat(), fc.string({ unit: "binary", maxLength: 3 }))
    .map(([text, at, piece]) => {
      const place = at % (text.length + 1)
      return text.slice(0, place) + piece + text.slice(place + (at % 3))
    })
  return fc.oneof({ weight: 12, arbitrary: whole }, { weight: 1, arbitrary: harmed })
}

/** A value as it stands in an address. An object without a prototype, which fast-check makes too, has no text of its own. */
function inText(value: unknown): string {
  if (Array.isArray(value)) return value.map(inText).join()
  return typeof value === "object" && value !== null ? "[object Object]" : String(value)
}

function segmentOf(schema: Schema, known: Known, name: string): Arbitrary<string> {
  const written = valueOf(schema, known, name).map((value) => encoded(inText(value)))
  const segments = hostileSegments.filter((segment) => segment.length < 2_000 && !/^\.{0,2}$/.test(segment))
  return fc
    .oneof({ weight: 10, arbitrary: written }, { weight: 1, arbitrary: fc.constantFrom(...segments) })
    .filter((segment) => segment !== "" && !fixedSegments.has(decoded(segment)))
}

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function pathOf({ path, parameters }: Operation, known: Known): Arbitrary<string> {
  const places = parameters.filter((parameter) => parameter.in === "path")
  const values = Object.fromEntries(
    places.map(({ name, schema }) => [name, segmentOf(schema, known, name)] as const),
  )
  const good = known.samples.flatMap(({ path: sample }) => (sample ? [sample] : []))
  const samples = good.map((sample) =>
    Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, encoded(value)])),
  )
  const drawn = fc.record(values)
  const mixed = fc
    .tuple(
      fc.constantFrom<Record<string, string>>(...samples, {}),
      fc.record(values, { requiredKeys: [] }),
      drawn,
    )
    .map(([sample, some, all]) => ({ ...all, ...sample, ...some }))
  const chosen = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom<Record<string, string>>(...samples, {}), drawn)
        .map(([sample, all]) => ({ ...all, ...sample })),
    },
    { weight: 2, arbitrary: mixed },
    { weight: 1, arbitrary: drawn },
  )
  return chosen.map((segments) => path.replace(/\{(\w+)\}/g, (_whole, name: string) => segments[name] ?? ""))
}

const oddQueries = [
  "",
  "?",
  "&&",
  "=",
  "__proto__=a",
  "a[b]=c",
  "limit=1&limit=2",
  "limit[]=1",
  "%",
  "a=%zz",
  "offset=1e9",
]

function queryOf({ parameters }: Operation, known: Known): Arbitrary<string> {
  const fields = parameters
    .filter((parameter) => parameter.in === "query")
    .map(({ name, schema }) => [name, valueOf(schema, known, name).map(inText)] as const)
  const good = known.samples.flatMap(({ query }) => (query ? [query] : []))
  const written = fc
    .tuple(
      fc.constantFrom<Record<string, string>>(...good, {}),
      fc.record(Object.fromEntries(fields), { requiredKeys: [] }),
    )
    .map(([sample, some]) => {
      const few = Object.fromEntries(Object.entries(some).slice(0, 2)) as Record<string, string>
      return new URLSearchParams({ ...sample, ...few }).toString()
    })
    .filter((query) => query.length < 6_000)
  return fc
    .oneof({ weight: 10, arbitrary: written }, { weight: 1, arbitrary: fc.constantFrom(...oddQueries) })
    .map((query) => (query === "" ? "" : `?${query}`))
}

const json = { "content-type": "application/json" }
const contentTypes = [
  { weight: 20, arbitrary: fc.constant<Record<string, string>>(json) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "a/b",
      )
      .map((type): Record<string, string> => ({ "content-type": type })),
  },
]

const oddHeaders: Arbitrary<Record<string, string>> = fc.constantFrom<Record<string, string>>(
  { origin: "https://evil.example" },
  { "x-forwarded-for": "8.8.8.8, 127.0.0.1" },
  { "x-http-method-override": "DELETE" },
  { cookie: "jid=garbage; jid=a.b.c; __proto__=x" },
  { "user-agent": "x".repeat(3_000) },
  { "x-infisical-organization": "00000000-0000-0000-0000-000000000000" },
  { "accept-encoding": "br;q=2", accept: "text/html", range: "bytes=0-1", "if-none-match": "*" },
)

/** Requests for an operation, drawn from its entry in the document and from what is known of the world. */
export function requestsFor(operation: Operation, known: Known): Arbitrary<Sent> {
  const body = operation.body ? bodyOf(operation.body, known) : fc.constant<unknown>({})
  const asked = textOf(body).map((text): string | undefined => text)
  const ignored = fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: asked })
  const cookies = known.samples.flatMap(({ headers }) => (headers ? [headers as Record<string, string>] : []))
  return fc
    .record({
      caller: fc.constantFrom(...known.callers),
      path: pathOf(operation, known),
      query: queryOf(operation, known),
      rawBody: operation.body ? asked : ignored,
      type: fc.oneof(...contentTypes),
      cookie: fc.constantFrom<Record<string, string>>(...cookies, {}),
      odd: fc.oneof(
        { weight: 9, arbitrary: fc.constant<Record<string, string>>({}) },
        { weight: 1, arbitrary: oddHeaders },
      ),
    })
    .map(({ caller, path, query, rawBody, type, cookie, odd }) => ({
      caller,
      route: `${operation.method} ${path}${query}`,
      headers: { ...(rawBody === undefined ? {} : type), ...cookie, ...odd },
      rawBody,
    }))
}
