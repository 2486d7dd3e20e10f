import assert from "node:assert/strict"
import { organization, server } from "../instance.ts"

/** What the provider decodes: the kind of each field; `?` behind a kind lets it be absent or null. */
export type Fields = { [name: string]: Kind | Fields | [Fields] | [Kind] }
type Kind = "string" | "number" | "boolean" | "time" | "list" | "string?" | "number?"

/** Ids that earlier steps have answered, by name. */
export type Known = Record<string, string>
type Text = string | ((known: Known) => string)

/** One call of the provider, and what it does with the answer. */
export type Step = {
  call: Text
  body?: object | ((known: Known) => object)
  /** 200 when left out. A 404 means to the provider that the resource is gone. */ status?: 200 | 404
  /** What is decoded of the answer; nothing when left out. */ decodes?: Fields | [Fields]
  /** Names for what later steps need of the answer. */ keeps?: (answer: any) => Known // eslint-disable-line typescript/no-explicit-any
  /** Values that have to come back as they were sent, or the next plan has a difference. */
  holds?: (answer: any, known: Known) => [actual: unknown, expected: unknown] // eslint-disable-line typescript/no-explicit-any
}

/**
 * Makes the calls in order with the token of a machine identity. Every read is made twice, and what is decoded of the
 * second has to equal what is decoded of the first: otherwise a plan after an apply would not be empty.
 */
export async function replay(steps: Step[]): Promise<void> {
  const known: Known = { organizationId: organization.id }
  for (const step of steps) {
    const route = typeof step.call === "string" ? step.call : step.call(known)
    const body = typeof step.body === "function" ? step.body(known) : step.body
    const send = async () => {
      const answer = await server.call(route, { token: organization.token, body })
      assert.equal(answer.status, step.status ?? 200, `${route}: ${answer.text}`)
      assert.match(String(answer.headers["content-type"]), /^application\/json\b/, route)
      return answer.body
    }
    const answer = await send()
    const decoded = step.decodes ? decode(step.decodes, answer, route) : undefined
    if (route.startsWith("GET ") && step.decodes)
      assert.deepEqual(decode(step.decodes, await send(), route), decoded, `${route} drifts`)
    if (step.holds) {
      const [actual, expected] = step.holds(answer, known)
      assert.deepEqual(actual, expected, route)
    }
    Object.assign(known, step.keeps?.(answer))
  }
}

/** The fields that the provider takes out of an answer. Fails with the first that it could not. */
export function decode(kind: Fields[string], value: unknown, place: string): unknown {
  if (Array.isArray(kind)) {
    assert.ok(Array.isArray(value), `${place} is no list: ${JSON.stringify(value)}`)
    return value.map((each, index) => decode(kind[0], each, `${place}[${index}]`))
  }
  if (typeof kind === "object") {
    assert.ok(typeof value === "object" && value !== null, `${place} is no object: ${JSON.stringify(value)}`)
    return Object.fromEntries(
      Object.entries(kind).map(([name, field]) => [
        name,
        decode(field, value[name as keyof typeof value], `${place} ${name}`),
      ]),
    )
  }
  assert.ok(isOf(kind, value), `${place} is no ${kind}: ${JSON.stringify(value)}`)
  return value
}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

function isOf(kind: Kind, value: unknown): boolean {
  if (kind.endsWith("?")) return value === undefined || value === null || typeof value === kind.slice(0, -1)
  if (kind === "time") return typeof value === "string" && time.test(value)
  if (kind === "list") return Array.isArray(value)
  return typeof value === kind
}
