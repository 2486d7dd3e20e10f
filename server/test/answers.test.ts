import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { endpoints } from "../endpoints.ts"
import { openapi } from "../http/openapi.ts"

// What is answered is kept under an Idempotency-Key; credentials are not, and values of secrets are sealed by their project.
type Schema = {
  $ref?: string
  type?: string
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  additionalProperties?: Schema | boolean
}
type Operation = {
  operationId: string
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}
const document = openapi(endpoints, "http://localhost") as unknown as {
  paths: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

const credentials =
  /^(token|accessToken|refreshToken|signupToken|serviceToken|clientSecret|link|completeInviteLinks|recoveryCodes|otpUrl|encryptedPrivateKey)$/

/** The names of all texts, and lists of something, in a schema. */
function namesIn(schema: Schema, name: string, names: Set<string>): void {
  if (schema.$ref) {
    const target = document.components?.schemas?.[schema.$ref.split("/").at(-1) ?? ""]
    if (target) namesIn(target, name, names)
  }
  if (schema.type === "string" || schema.type === "array") names.add(name)
  for (const [key, value] of Object.entries(schema.properties ?? {})) namesIn(value, key, names)
  if (schema.items) namesIn(schema.items, name, names)
  for (const each of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])])
    namesIn(each, name, names)
}

const operations = new Map(
  Object.values(document.paths)
    .flatMap((path) => Object.values(path))
    .map((operation) => [operation.operationId, operation] as const),
)

/** The mutations of an organization in whose answers there is a text of such a name. */
const answering = (pattern: RegExp): string[] =>
  endpoints
    .filter(
      ({ method, access }) => method !== "GET" && (typeof access === "object" || access === "inOrganization"),
    )
    .filter(({ id }) => {
      const names = new Set<string>()
      for (const { content } of Object.values(operations.get(id)?.responses ?? {}))
        for (const { schema } of Object.values(content ?? {})) namesIn(schema, "", names)
      return [...names].some((name) => pattern.test(name))
    })
    .map(({ id }) => id)

const declared = (what: string): string[] =>
  endpoints.filter(({ answers }) => answers === what).map(({ id }) => id)

describe("whoever answers", () => {
  test("a credential says so", () => {
    const found = answering(credentials)
    assert.ok(found.length >= 6)
    assert.deepEqual(declared("credential"), found)
  })

  test("values of secrets says so", () => {
    const found = answering(/^secretValue$/)
    assert.ok(found.length >= 12)
    assert.deepEqual(declared("secretValues"), found)
  })
})
