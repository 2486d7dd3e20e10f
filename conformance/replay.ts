import assert from "node:assert/strict"
import { organization, server } from "./instance.ts"

/** What a client decodes: the kind of each field; `?` behind a kind lets it be absent or null. */
export type Fields = { [name: string]: Kind | Fields | [Fields] | [Kind] }
type Kind = "string" | "number" | "boolean" | "time" | "list" | "string?" | "number?" | "boolean?"

/** Ids that earlier steps have answered, by name, and the `token` to send. */
export type Known = Record<string, string>
type Text = string | ((known: Known) => string)

/** One call of a client, and what the client does with the answer. */
export type Step = {
  call: Text
  body?: object | ((known: Known) => object)
  /** Sent as a form in place of `body`. */ form?: (known: Known) => Record<string, string>
  /** Sent without the `token` that an earlier step has kept. */ as?: "nobody"
  /** 200 when left out. A 404 means to most clients that the thing is gone. */ status?: number
  /** What is decoded of the answer; nothing when left out. */ decodes?: Fields | [Fields]
  /** Names for what later steps need of the answer. */ keeps?: (answer: any) => Known // eslint-disable-line typescript/no-explicit-any
  /** Values that have to come back as they were sent, or the next plan has a difference. */
  holds?: (answer: any, known: Known) => [actual: unknown, expected: unknown] // eslint-disable-line typescript/no-explicit-any
}

/**
 * Makes the calls in order, with the token that one of them has kept. Every read is made twice, and what is decoded of
 * the second has to equal what is decoded of the first: otherwise Terraform's plan after an apply would not be empty.
 */
export async function replay(steps: Step[]): Promise<void> {
  const known: Known = { organizationId: organization.id }
  for (const step of steps) {
    const { route, answer } = await send(step, known)
    const decoded = step.decodes ? decode(step.decodes, answer, route) : undefined
    if (route.startsWith("GET ") && step.decodes) {
      const again = decode(step.decodes, (await send(step, known)).answer, route)
      assert.deepEqual(again, decoded, `${route} drifts`)
    }
    if (step.holds) {
      const [actual, expected] = step.holds(answer, known)
      assert.deepEqual(actual, expected, route)
    }
    Object.assign(known, step.keeps?.(answer))
  }
}

async function send(step: Step, known: Known): Promise<{ route: string; answer: unknown }> {
  const route = typeof step.call === "string" ? step.call : step.call(known)
  const body = typeof step.body === "function" ? step.body(known) : step.body
  const token = step.as === "nobody" ? undefined : known["token"]
  const asForm = step.form && {
    rawBody: new URLSearchParams(step.form(known)).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  }
  const answer = await server.call(route, { token, body, ...asForm })
  assert.equal(answer.status, step.status ?? 200, `${route}: ${answer.text}`)
  // Clients written in Go decode nothing of any other.
  assert.match(String(answer.headers["content-type"]), /^application\/json\b/, route)
  return { route, answer: answer.body }
}

/** The fields that a client takes out of an answer. Fails with the first that it could not. */
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
