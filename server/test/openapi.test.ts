import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { describe, test } from "node:test"
import { z } from "zod"
import { endpoints } from "../endpoints.ts"
import { endpoint } from "../http/endpoint.ts"
import { openapi, withoutExtensions } from "../http/openapi.ts"
import { startHarness } from "./harness.ts"

type Json = { [key: string]: unknown }
type Operation = Json & {
  operationId: string
  tags: string[]
  parameters?: { in: string; name: string; required: boolean; schema: Json; description?: string }[]
  responses: Record<string, { content: { "application/json": { schema: Json } } }>
}
type Document = {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  servers: { url: string }[]
}

const siteUrl = "http://localhost:8080"
const harness = await startHarness({ SITE_URL: "https://conclave.example.com" })
const document = openapi(endpoints, siteUrl) as unknown as Document
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
)

/** What a header may have answered. */
const statusesBy: Record<string, string> = { "Idempotency-Key": "409", "If-Match": "412" }

/** What clients delete by a body, in place of a path that names it. */
const deletesByBody = new Set([
  "deleteFolder",
  "deleteFolderOfWorkspace",
  "deletePrivilegeBySlug",
  "removeProjectUsers",
  "removeProjectUsersV2Workspace",
  "deleteSecret",
  "deleteRawSecret",
  "deleteSecrets",
  "deleteSecretImport",
  "deleteSecretImportOfWorkspace",
  "deleteRawSecrets",
  "detachSecretTags",
])

describe("the document", () => {
  test("openapi.json is what the endpoints declare", async () => {
    const committed = await readFile(new URL("../../openapi.json", import.meta.url), "utf8")
    const current = `${JSON.stringify(document, null, 2)}\n`
    assert.ok(committed === current, 'openapi.json is not current: run "npm run generate"')
  })

  test("is served with the address under which people reach the server", async () => {
    const answer = await harness.call("GET /api/docs/extended.json")
    assert.equal(answer.status, 200)
    assert.equal(answer.headers["content-type"], "application/json; charset=utf-8")
    assert.deepEqual(
      answer.body,
      JSON.parse(JSON.stringify(openapi(endpoints, "https://conclave.example.com"))),
    )
  })

  test("is served to clients of the API that others speak without what is Conclave's own", async () => {
    const answer = await harness.call("GET /api/docs/json")
    assert.equal(answer.status, 200)
    const { paths, ...rest } = answer.body as Document
    const own = endpoints.filter(({ isExtension }) => isExtension)
    assert.ok(own.length > 0)
    for (const { path, method } of own) assert.equal(paths[path]?.[method.toLowerCase()], undefined, path)
    for (const word of ["dryRun", "preview", "Idempotency-Key", "If-Match"])
      assert.ok(!answer.text.includes(word), `${word} is Conclave's own`)
    const expected = openapi(endpoints, "https://conclave.example.com", "compatible")
    assert.deepEqual({ ...rest, paths }, JSON.parse(JSON.stringify(expected)))
  })

  test("has Conclave's own part of an operation where it has what is Conclave's own", () => {
    const both = endpoint("doIt", "POST /do/{id}", {
      tags: ["Test"],
      access: "public",
      params: z.object({ id: z.string() }),
      query: z.object({ there: z.string().optional() }),
      extended: {
        query: z.object({ here: z.string().optional() }),
        body: z.object({ until: z.string().optional() }),
      },
      result: z.object({}),
      handle: async () => ({}),
    })
    const shown = (document: Record<string, unknown>) => {
      const operation = (document as Document).paths["/do/{id}"]?.["post"]
      return [
        operation?.parameters?.map(({ name }) => name),
        bodyPropertiesOf(operation ?? ({} as Operation)),
      ]
    }
    assert.deepEqual(shown(openapi([both], siteUrl)), [
      ["there", "here", "id"],
      { until: { type: "string" } },
    ])
    assert.deepEqual(shown(openapi(withoutExtensions([both]), siteUrl)), [["there", "id"], undefined])
  })

  test("is OpenAPI 3.0.3 and has every endpoint, and nothing else", () => {
    assert.equal(document.openapi, "3.0.3")
    const documented = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`)
    const declared = endpoints.map(({ path, method }) => `${method} ${path}`)
    assert.deepEqual(documented.toSorted(), declared.toSorted())
  })

  test("gives each operation an id of its own", () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    assert.equal(new Set(ids).size, ids.length)
    for (const id of ids) assert.match(id, /^[a-z][A-Za-z0-9]+$/)
  })

  test("holds only what JSON can carry, and no reference that leads nowhere", () => {
    const text = JSON.stringify(document)
    assert.deepEqual(JSON.parse(text), document)
    assert.ok(!text.includes('"$ref"') && !text.includes('"$schema"'))
  })
})

for (const { path, method, operation } of operations) {
  describe(operation.operationId, () => {
    test("declares every name in its path, described and required", () => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "")
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path")
      assert.deepEqual(declared.map(({ name }) => name).toSorted(), inPath.toSorted())
      for (const parameter of operation.parameters ?? []) {
        assert.ok(["path", "query", "header"].includes(parameter.in))
        if (parameter.in === "path") assert.equal(parameter.required, true)
        assert.ok((parameter.description ?? "").length > 5, `${parameter.name} is not described`)
        assert.ok(!("description" in parameter.schema))
      }
    })

    test("has the answers that every operation has", () => {
      const ofAll = ["200", "400", "401", "403", "404", "422", "500"]
      const more = (operation.parameters ?? []).flatMap(({ name }) => statusesBy[name] ?? [])
      assert.deepEqual(Object.keys(operation.responses), [...ofAll, ...more].toSorted())
      for (const [status, { content }] of Object.entries(operation.responses)) {
        const { schema } = content["application/json"]
        assert.ok(Object.keys(schema).length > 0, `${status} has no schema`)
        if (status !== "200") assert.equal(schema["additionalProperties"], false)
      }
    })

    test("says no more in an answer than its schema names", () => {
      for (const object of objectsOf(operation.responses["200"])) {
        if (object["properties"]) assert.equal(object["additionalProperties"], false)
      }
    })

    test("describes every field of its body", () => {
      const properties = bodyPropertiesOf(operation)
      const mayHaveNone =
        method === "get" || (method === "delete" && !deletesByBody.has(operation.operationId))
      if (mayHaveNone) assert.equal(properties, undefined)
      for (const [name, property] of Object.entries(properties ?? {})) {
        assert.ok(typeof property["description"] === "string", `${name} is not described`)
      }
    })

    test("has a tag that begins with a capital, and a summary unless the contract leaves it out", () => {
      assert.equal(operation.tags.length, 1)
      assert.match(operation.tags[0] ?? "", /^[A-Z]/)
      assert.equal("summary" in operation, operation.operationId !== "addUserToGroup")
    })
  })
}

/** Every object inside a value, itself included. */
function objectsOf(value: unknown): Json[] {
  if (typeof value !== "object" || value === null) return []
  const inner = Object.values(value).flatMap(objectsOf)
  return Array.isArray(value) ? inner : [value as Json, ...inner]
}

function bodyPropertiesOf(operation: Operation): Record<string, Json> | undefined {
  const body = operation["requestBody"] as Operation["responses"][string] | undefined
  return body?.content["application/json"].schema["properties"] as Record<string, Json> | undefined
}

describe("the page to read it", () => {
  test("refers to nothing outside the server, and what it refers to is there", async () => {
    const page = await harness.call("GET /api/docs")
    assert.equal(page.status, 200)
    assert.equal(page.headers["content-type"], "text/html; charset=utf-8")
    const references = [...page.text.matchAll(/(?:src|href|action|content|data|poster)\s*=\s*"([^"]*)"/g)]
      .map(([, reference]) => reference ?? "")
      .filter((reference) => /[/:]/.test(reference))
    assert.ok(references.length >= 4, page.text)
    for (const reference of references.filter((found) => !found.startsWith("data:"))) {
      assert.match(reference, /^\/[^/]/, `${reference} leaves the server`)
      const asset = await harness.call(`GET ${reference}`)
      assert.equal(asset.status, 200, reference)
      assert.ok(asset.text.length > 100, reference)
    }
    assert.ok(!/https?:|\/\/\w/.test(page.text), page.text)
  })

  test("may load nothing from elsewhere, and be framed by nobody", async () => {
    const { headers } = await harness.call("GET /api/docs")
    const policy = String(headers["content-security-policy"])
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /script-src 'self';/)
    assert.match(policy, /connect-src 'self';/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.ok(!/https?:|\*/.test(policy), policy)
  })

  test("its style sheet and its script name no other server to load from", async () => {
    const css = await harness.call("GET /api/docs/swagger-ui.css")
    assert.match(String(css.headers["content-type"]), /^text\/css/)
    const loaded = [...css.text.matchAll(/(?:url\(\s*["']?|@import\s*["']?)([^"')]{0,40})/g)].map(
      ([, target]) => target,
    )
    assert.deepEqual(
      loaded.filter((target) => !target?.startsWith("data:")),
      [],
    )
    const start = await harness.call("GET /api/docs/start.js")
    assert.match(String(start.headers["content-type"]), /^text\/javascript/)
    assert.ok(!/https?:/.test(start.text))
    assert.match(start.text, /validatorUrl: null/)
  })
})
