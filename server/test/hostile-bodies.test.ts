import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { z } from "zod"
import { endpoints } from "../endpoints.ts"
import type { Endpoint } from "../http/endpoint.ts"
import {
  adminTokenFor,
  caseOf,
  createWorld,
  keptCaseOf,
  routeOf,
  send,
  type Request,
  withoutSuccess,
} from "./access-cases.ts"
import { watchChanges } from "./changes.ts"
import { assertEnvelope } from "./envelope.ts"
import { fewAtOnce } from "./few-at-once.ts"
import { startHarness } from "./harness.ts"
import { listed } from "./hostile-names.ts"
import type { Answer, Call } from "./http.ts"
import * as people from "./people.ts"

const harness = await startHarness()
const world = await createWorld(harness)
const { acme, elsewhere } = world
const changes = await watchChanges(harness.db)
const withBody = endpoints.filter(({ body }) => body !== undefined)
const columns = [
  ...new Set(
    (await harness.db.introspection.getTables()).flatMap((table) => table.columns.map(({ name }) => name)),
  ),
]

/** Fields that stand in place of others, which the line in the table of cases has. */
const inPlaceOfOthers: Record<string, readonly string[]> = { createUserPrivilege: ["projectId", "userId"] }

const nested = (open: string, close: string, depth = 10_000): string =>
  open.repeat(depth) + close.repeat(depth)
const deepArray = nested("[", "]")
const deepObject = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`

/** A refusal in the envelope, which may tell of a dozen wrong fields and more, but does not say back what was sent. */
function assertShortEnvelope(answer: Answer, what: string): void {
  assertEnvelope(answer, what)
  assert.ok(answer.text.length < 4_000, `${what}: the answer says back what was sent`)
}

const tokenFor = (endpoint: Endpoint, request: Request, organization = acme): string | undefined =>
  request.token ?? (endpoint.access === "public" ? undefined : adminTokenFor(endpoint, organization))

/** Sends each and sees that it is answered so, and that all of them together have changed nothing. */
async function refuses(
  endpoint: Endpoint,
  attempts: Record<string, Call>,
  statuses: number[],
): Promise<void> {
  const request = await keptCaseOf(endpoint, harness, acme)
  const token = tokenFor(endpoint, request)
  const before = await changes()
  await fewAtOnce(Object.entries(attempts), async ([what, options]) => {
    const answer = await send(harness, endpoint, { request, token, ...options })
    assertShortEnvelope(answer, what)
    assert.ok(statuses.includes(answer.status), `${what}: ${answer.text}`)
  })
  assert.deepEqual(await changes(), before)
}

const bodies = (contents: Record<string, string | Buffer>): Record<string, Call> =>
  Object.fromEntries(Object.entries(contents).map(([what, rawBody]) => [what, { rawBody }]))

const malformed = bodies({
  "an open brace": "{",
  "a closing brace": "}",
  "a word": "hello",
  "nothing defined": "undefined",
  "no number": "NaN",
  "a comma too many": '{"name":"a",}',
  "single quotes": "{'name':'a'}",
  "a key without quotes": '{name:"a"}',
  "no value": '{"name":}',
  "two values": '{"name":"a"}{"name":"b"}',
  "an unfinished text": '{"name":"a',
  "an unfinished escape": '{"name":"\\u12"}',
  "an unknown escape": '{"name":"\\x41"}',
  "a control character in a text": '{"name":"a\u0001"}',
  "a line's end in a text": '{"name":"a\nb"}',
  "a byte order mark": "\ufeff{}",
  "a NUL at the end": '{"name":"a"}\0',
  "a comment": '{"name":"a"/* b */}',
  "a hexadecimal number": '{"name":0x41}',
  "a number that begins with 0": '{"name":012}',
  "an open array 100,000 deep": "[".repeat(100_000),
  "a form": "name=a&role=admin",
  XML: '<?xml version="1.0"?><name>a</name>',
  "white space": "  \n ",
})

/** JSON with a name that holds bytes which are no UTF-8. */
const named = (...bytes: number[]): Buffer =>
  Buffer.concat([Buffer.from('{"name":"a'), Buffer.from(bytes), Buffer.from('"}')])

const noUtf8 = bodies({
  "a letter of Latin-1": named(0xe9),
  "a byte that is never used": named(0xff),
  "an end without a beginning": named(0x80),
  "a beginning without an end": named(0xe2, 0x82),
  "a letter written too long": named(0xc1, 0x81),
  "half a character of two": named(0xed, 0xa0, 0x80),
  "beyond the last character": named(0xf4, 0x90, 0x80, 0x80),
  "UTF-16": Buffer.from("\ufeff{}", "utf16le"),
})

const noObjects = bodies({
  null: "null",
  true: "true",
  "a number": "1",
  "a text": '"text"',
  "an empty array": "[]",
  "an array of objects": '[{"name":"a"}]',
  "an array 10,000 deep": deepArray,
  "a number beyond all": "1e999",
})

const mediaTypes = [
  ...listed(`
    text/plain  text/json  text/html  application/xml  application/x-www-form-urlencoded  application/octet-stream
    multipart/form-data  multipart/form-data; boundary=x  application/jsonx  application/json5  application/x-json
    application/vnd.api+json  application/scim+json  application/merge-patch+json  application  application/  /json  json
    application\\json  application/json, text/plain  text/plain, application/json  application/json/x  */*  ;  ,  a/b/c
    application/json;  application/json; charset=utf-16  APPLICATION/JSON  Application/Json; Charset=UTF-8  application/json;a
    application/json ; charset=utf-8  application/json;charset="utf-8"  application/json; charset=  application/ json
    application/json;charset=utf-8;charset=utf-7
  `),
  "",
  " application/json",
  "application/json\t",
  "application/json\u00a0",
  "a".repeat(4_000),
]

const jsonTypes = ["string", "number", "boolean", "object", "array", "null"] as const
type JsonType = (typeof jsonTypes)[number]
const samples: Record<JsonType, string[]> = {
  string: ['"x"', '""'],
  number: ["1", "-1", "1.5", "1e999", "123456789012345678901234567890"],
  boolean: ["true", "false"],
  object: ["{}", '{"toString":1}', '{"__proto__":{}}', deepObject],
  array: ["[]", '["x"]', deepArray],
  null: ["null"],
}
const typeOf = (value: unknown): JsonType => {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  return jsonTypes.find((name) => name === typeof value) ?? "null"
}

const oddTexts = [
  ...listed(String.raw`
    "a\u0000b"  "\u0000"  "\ud800"  "a\udfff"  "\ud83d"  "\udc00\ud800"  "\u001b[31m"  "\r\nSet-Cookie: a=b"  "\u202eabc"
    "\u2028"  "\uffff"  "\ufeff"  "\\"  "'; drop table users; --"  "$1"  "%"  "__proto__"  "constructor"  "../../x"
    "<script>"  "{}"  "null"  "custom"  " "  "\t"
  `),
  ...["a", "é", "😀", " ", "-", "a-", "a@"].map((text) => JSON.stringify(text.repeat(100_000))),
]

/** The body of a request as text, with one field replaced by text that is JSON. */
const replaced = (body: Record<string, unknown>, field: string, json: string): string => {
  const fields = Object.entries(body).map(([name, value]) => [
    name,
    name === field ? json : JSON.stringify(value),
  ])
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`
}

/** Whether a field may be null, by its schema. */
const takesNull = ({ body }: Endpoint, field: string): boolean =>
  body instanceof z.ZodObject && z.safeParse(body.shape[field] as z.ZodType, null).success

const unknownKeys = Array.from({ length: 80_000 }, (_, index) => `"k${index}":1`).join(",")

const cut = (text: string): string => text.slice(0, 60)

for (const endpoint of withBody) {
  describe(endpoint.id, () => {
    const ready = (request: Request) => ({
      request,
      body: request.body ?? {},
      token: tokenFor(endpoint, request),
    })
    const make = async () => ready(await caseOf(endpoint)(harness, acme))
    /** The same each time, for refusals. */
    const kept = async () => ready(await keptCaseOf(endpoint, harness, acme))

    test("its line in the table of cases has every field of its body", async () => {
      const { body } = await kept()
      assert.ok(endpoint.body)
      const schema = z.toJSONSchema(endpoint.body, { io: "input", unrepresentable: "any" })
      const fields = Object.keys(schema.properties ?? {})
      const others = inPlaceOfOthers[endpoint.id] ?? []
      assert.deepEqual(Object.keys(body).toSorted(), fields.filter((one) => !others.includes(one)).toSorted())
    })

    test("a body that is no JSON is 400", () => refuses(endpoint, malformed, [400]))

    test("a body that is no UTF-8 is 400, and said to be", async () => {
      await refuses(endpoint, noUtf8, [400])
      const { request, token } = await kept()
      const answer = await send(harness, endpoint, { request, token, rawBody: named(0xe9) })
      assert.equal(answer.body.message, "The body is not valid UTF-8")
    })

    test("a body that is no object is 422", () => refuses(endpoint, noObjects, [422]))

    test("no body is 422, unless none is needed", async () => {
      const isNeeded = endpoint.body?.safeParse(undefined).success === false
      const none = { "no body": { body: undefined }, "an empty body": { rawBody: "" } }
      if (isNeeded) await refuses(endpoint, none, [422])
      for (const options of Object.values(none)) {
        const { request, token } = isNeeded ? await kept() : await make()
        const answer = await send(harness, endpoint, { request, token, ...options })
        if (isNeeded) assert.deepEqual(answer.body.message[0].path, [])
        else people.ok(answer)
      }
    })

    test("a field of another type is 422", async () => {
      const { body } = await kept()
      const attempts: Record<string, Call> = {}
      // A field of which no good value but null is there, such as a key of a key manager, has no type to miss.
      for (const [field, value] of Object.entries(body).filter(([, sent]) => sent !== null)) {
        const isFitting = (type: JsonType) =>
          type === typeOf(value) || (type === "null" && takesNull(endpoint, field))
        const wrong = jsonTypes.filter((type) => !isFitting(type)).flatMap((type) => samples[type])
        for (const json of wrong)
          attempts[`${field}: ${cut(json)}`] = { rawBody: replaced(body, field, json) }
        if (Array.isArray(value)) attempts[`${field}: deep`] = { rawBody: replaced(body, field, deepArray) }
      }
      await refuses(endpoint, attempts, [422])
    })

    test("a text of any letters and any length is answered", async () => {
      const { request, body, token } = await make()
      for (const [field, value] of Object.entries(body)) {
        for (const json of typeof value === "string" ? oddTexts : []) {
          const rawBody = replaced(body, field, json)
          const answer = await send(harness, endpoint, { request, token, rawBody })
          if (answer.status !== 200) assertShortEnvelope(answer, `${field}: ${cut(json)}`)
        }
      }
    })

    if (withoutSuccess.has(endpoint.id)) return

    test("keys that it does not know are ignored, those of the database's columns too", async () => {
      const { request, body, token } = await make()
      const known = inPlaceOfOthers[endpoint.id] ?? []
      const names = [...columns, ...columns.map(camelCase)].filter((name) => !known.includes(name))
      const foreign = Object.fromEntries(names.map((name) => [name, elsewhere.id]))
      const extra = { ...foreign, isAdmin: true, superAdmin: true, "access.admin": true, constructor: {} }
      const text = JSON.stringify({ ...extra, ...body }).replace(
        "{",
        '{"__proto__":{"role":"admin","isAdmin":true},',
      )
      const answer = await send(harness, endpoint, { request, token, rawBody: text })
      people.ok(answer)
      assert.ok(!answer.text.includes(elsewhere.id), answer.text)
      assert.equal(({} as Record<string, unknown>)["isAdmin"], undefined)
    })

    test("80,000 keys that it does not know are ignored, and of a key that comes twice the last counts", async () => {
      const many = await make()
      const rawBody = `{${unknownKeys},${JSON.stringify(many.body).slice(1)}`
      people.ok(await send(harness, endpoint, { ...many, body: undefined, rawBody }))
      const twice = await make()
      // No list is no good, and neither is an object in the place of one.
      const wrong = Object.entries(twice.body).map(
        ([name, value]) => `${JSON.stringify(name)}:${Array.isArray(value) ? "{}" : "[]"}`,
      )
      const first = `{${wrong.join(",")},${JSON.stringify(twice.body).slice(1)}`
      people.ok(await send(harness, endpoint, { ...twice, body: undefined, rawBody: first }))
      await refuses(
        endpoint,
        {
          "the wrong one last": { rawBody: `${JSON.stringify(twice.body).slice(0, -1)},${wrong.join(",")}}` },
        },
        [422],
      )
    })
  })
}

describe("a body that nobody asked for", () => {
  const withoutBody = endpoints.filter(({ body }) => body === undefined)
  const writes = withoutBody.filter(({ method }) => method !== "GET")

  for (const endpoint of writes) {
    test(`${endpoint.id} refuses one that is no JSON, after who has no token`, async () => {
      await refuses(endpoint, { ...malformed, ...noUtf8 }, [400])
      const request = await keptCaseOf(endpoint, harness, acme)
      const stranger = await send(harness, endpoint, { request, token: undefined, rawBody: "{" })
      assert.equal(stranger.status, endpoint.access === "public" ? 400 : 401, stranger.text)
    })

    test(`${endpoint.id} ignores any other`, async () => {
      const json = { "content-type": "application/json" }
      const ignored: Call[] = [
        { rawBody: "" },
        { rawBody: "", headers: { ...json, "content-length": [], "transfer-encoding": "chunked" } },
        { headers: json },
        { body: { id: elsewhere.id, role: "admin" } },
        { rawBody: "null" },
        { rawBody: "{", headers: { "content-type": "text/plain" } },
      ]
      for (const options of ignored) {
        const request = await caseOf(endpoint)(harness, acme)
        const headers = { ...request.headers, ...options.headers }
        const token = tokenFor(endpoint, request)
        people.ok(await send(harness, endpoint, { request, token, ...options, headers }))
      }
    })
  }

  test("a GET ignores every one", async () => {
    assert.ok(writes.length >= 4 && withoutBody.length > writes.length)
    for (const endpoint of withoutBody.filter(({ method }) => method === "GET")) {
      const request = await caseOf(endpoint)(harness, acme)
      const token = tokenFor(endpoint, request)
      for (const rawBody of ["", "{}", "{", "null"])
        people.ok(await send(harness, endpoint, { request, token, rawBody }))
    }
  })
})

const camelCase = (name: string): string =>
  name.replace(/_(\w)/g, (_whole, letter: string) => letter.toUpperCase())

describe("the media type", () => {
  for (const endpoint of withBody) {
    test(`${endpoint.id} never takes a body for good by another name`, async () => {
      const attempts = Object.fromEntries(
        mediaTypes.map((type) => [`type ${cut(type)}`, { rawBody: "[]", headers: { "content-type": type } }]),
      )
      await refuses(endpoint, attempts, [400, 415, 422])
    })
  }

  test("a good body is taken as JSON only", async () => {
    assert.ok(mediaTypes.length >= 35)
    for (const type of mediaTypes) {
      const body = { name: `By another name ${randomUUID()}` }
      const options = { token: acme.token, rawBody: JSON.stringify(body), headers: { "content-type": type } }
      const answer = await harness.call("POST /api/v1/groups", options)
      const isJson = /^\s*application\/json\s*(;|$)/i.test(type)
      if (answer.status !== 200) assertShortEnvelope(answer, type)
      assert.ok(
        isJson ? [200, 415].includes(answer.status) : answer.status === 415,
        `${type}: ${answer.text}`,
      )
    }
  })

  test("a body without a type is refused, and so is one with two", async () => {
    const rawBody = '{"name":"a"}'
    for (const type of [["text/plain", "application/json"], []]) {
      const options = { token: acme.token, rawBody, headers: { "content-type": type } }
      const answer = await harness.call("POST /api/v1/groups", options)
      assertShortEnvelope(answer, JSON.stringify(type))
      assert.equal(answer.status, 415)
    }
  })
})

describe("the size", () => {
  const large = JSON.stringify({ name: "a".repeat(2 * 1_048_576) })
  const keys = `{${Array.from({ length: 1_000_000 }, (_, index) => `"${index}":1`).join(",")}}`

  test("a body of 2 MiB, or of a million keys, is 413, with a token and without", async () => {
    const before = await changes()
    for (const endpoint of withBody) {
      const route = routeOf(endpoint, { path: {} })
      for (const rawBody of [large, keys]) {
        for (const token of [undefined, acme.token]) {
          const answer = await harness.call(route, { token, rawBody })
          assertShortEnvelope(answer, endpoint.id)
          assert.equal(answer.status, 413, answer.text)
        }
      }
    }
    assert.deepEqual(await changes(), before)
  })

  test("the largest body that is read is one of 1,048,576 bytes", async () => {
    const of = (size: number) => JSON.stringify({ name: "Limit", filler: "a".repeat(size - 28) })
    assert.equal(of(1_048_576).length, 1_048_576)
    const options = (rawBody: string) => ({ token: acme.token, rawBody })
    people.ok(await harness.call("POST /api/v1/groups", options(of(1_048_576))))
    assert.equal((await harness.call("POST /api/v1/groups", options(of(1_048_577)))).status, 413)
  })

  test("a body in chunks is measured too", async () => {
    const headers = { "transfer-encoding": "chunked", "content-length": [] }
    const answer = await harness.call("POST /api/v1/groups", { token: acme.token, rawBody: large, headers })
    assertShortEnvelope(answer, "chunks")
    assert.equal(answer.status, 413)
  })
})

/*
 * Display names: trimmed, NFC, well-formed, without control characters, otherwise free, to their length.
 */
type NameField = { id: string; field: string; max: number; shown?: (body: Answer["body"]) => string }
const nameFields: NameField[] = [
  { id: "createGroup", field: "name", max: 255, shown: (body) => body.name },
  { id: "updateGroup", field: "name", max: 255, shown: (body) => body.name },
  { id: "createIdentity", field: "name", max: 255, shown: (body) => body.identity.name },
  { id: "createTokenAuthToken", field: "name", max: 255 },
  { id: "createOrganization", field: "name", max: 64, shown: (body) => body.organization.name },
  { id: "completeAccount", field: "organizationName", max: 64 },
  { id: "completeAccount", field: "firstName", max: 255, shown: (body) => body.user.firstName },
  { id: "completeAccount", field: "lastName", max: 255, shown: (body) => body.user.lastName },
]

for (const { id, field, max, shown } of nameFields) {
  describe(`the display name ${field} of ${id}`, () => {
    const endpoint = endpoints.find((one) => one.id === id)
    assert.ok(endpoint)
    const give = async (name: string): Promise<Answer> => {
      // Names of groups are given once in an organization, and creating has given them in the other.
      const organization = id === "updateGroup" ? elsewhere : acme
      const request = await caseOf(endpoint)(harness, organization)
      const body = { ...request.body, [field]: name }
      return send(harness, endpoint, { request, token: tokenFor(endpoint, request, organization), body })
    }
    const assertShown = async (sent: string, expected: string) => {
      const body = people.ok(await give(sent))
      if (shown) assert.equal(shown(body), expected)
    }

    test("is trimmed and composed", async () => {
      await assertShown(`  ${id} ${field} e\u0301lan \u00a0`, `${id} ${field} élan`)
      await assertShown(`${"e\u0301".repeat(max - 1)}x`, `${"é".repeat(max - 1)}x`)
    })

    test(`may have 1 to ${max} characters`, async () => {
      await assertShown("x", "x")
      await assertShown("a".repeat(max), "a".repeat(max))
      // Letters that grow most when they are taken apart for sorting.
      const grown = Array.from({ length: max }, (_, index) =>
        String.fromCharCode(0xac01 + ((index * 7_919) % 11_171)),
      )
      await assertShown(grown.join(""), grown.join(""))
      await assertShown("ﷺ".repeat(max), "ﷺ".repeat(max))
      for (const name of ["", " ", "\u3000", "a".repeat(max + 1), "é".repeat(max + 1)]) {
        const answer = await give(name)
        assertShortEnvelope(answer, `${name.length} characters`)
        assert.equal(answer.status, 422, answer.text)
        assert.deepEqual(answer.body.message[0].path, [field])
      }
    })

    test("has no control characters and no half characters", async () => {
      for (const name of [
        "a\0b",
        "\0",
        "a\nb",
        "a\tb",
        "a\r\nb",
        "\u001b[31m",
        "a\u007f",
        "a\u0085b",
        "\ud800",
        "a\udc00b",
      ]) {
        const answer = await give(name)
        assertShortEnvelope(answer, JSON.stringify(name))
        assert.equal(answer.status, 422, answer.text)
      }
    })

    test("is free otherwise", async () => {
      const names = [
        "שלום",
        "用户",
        "👩\u200d👩\u200d👧",
        "../../etc",
        "<b>&amp;",
        "'; --",
        "${1}",
        "%00",
        "__proto__",
        "admin",
        "null",
      ]
      for (const name of names) await assertShown(name, name)
    })
  })
}
