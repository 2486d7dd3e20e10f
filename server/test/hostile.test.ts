import assert from "node:assert/strict"
import { connect } from "node:net"
import { describe, test } from "node:test"
import { assertEnvelope } from "./envelope.ts"
import { fewAtOnce } from "./few-at-once.ts"
import { hostileSegments, listed, textOf } from "./hostile-names.ts"
import { startHarness } from "./harness.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const group = await people.addGroup(harness, acme, "Readers")
await people.addPerson(harness, acme, { email: "kim@example.com" })
for (const username of [acme.adminUsername, "kim@example.com"]) {
  people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${username}`, { token }))
}

/** What a username of a path must be answered with by its rule, when nobody of the organization has it. */
function expectedForUsername(segment: string): { status: number; message: RegExp } {
  const text = textOf(segment)
  if (text === undefined) return { status: 400, message: /The path has a %/ }
  const isRefused = /\p{Cc}/u.test(text) || Buffer.byteLength(text) > 512 || text.trim() === ""
  if (isRefused) return { status: 422, message: /Username must/ }
  return { status: 404, message: /There is no user with the username/ }
}

const isOneSegment = (segment: string): boolean => !/[/?#]/.test(segment)
const wordsOf = (answer: Answer): string =>
  typeof answer.body.message === "string" ? answer.body.message : JSON.stringify(answer.body.message)

test("there are some 400 hostile segments, and each stays one segment", () => {
  assert.ok(hostileSegments.length >= 350, `${hostileSegments.length}`)
  assert.deepEqual(
    hostileSegments.filter((segment) => !isOneSegment(segment)),
    [],
  )
})

describe("a hostile username", async () => {
  const before = await harness.state()
  for (const method of ["POST", "DELETE"]) {
    test(`${method} is answered by its own operation, and changes nothing`, async () => {
      await fewAtOnce(hostileSegments, async (segment) => {
        const route = `${method} /api/v1/groups/${group.id}/users/${segment}`
        const answer = await harness.call(route, { token })
        assertEnvelope(answer, route)
        const { status, message } = expectedForUsername(segment)
        assert.equal(answer.status, status, `${route}: ${answer.text}`)
        assert.match(wordsOf(answer), message, route)
      })
      assert.deepEqual(await harness.state(), before)
    })
  }

  test("other methods on it find no route", async () => {
    await fewAtOnce(hostileSegments, async (segment) => {
      for (const method of ["GET", "PUT"]) {
        const route = `${method} /api/v1/groups/${group.id}/users/${segment}`
        const answer = await harness.call(route, { token })
        assertEnvelope(answer, route)
        assert.equal(answer.status, textOf(segment) === undefined ? 400 : 404, `${route}: ${answer.text}`)
      }
    })
    assert.deepEqual(await harness.state(), before)
  })

  test("segments that are sent as they are never lead to the group itself", async () => {
    const tails = [
      "..",
      "../",
      "../..",
      "../../",
      "./..",
      "x/..",
      "x/../..",
      "//",
      "/",
      "..;/",
      ".%2e/",
      "%2e%2e/",
      "../x",
    ]
    for (const tail of [...tails, "..\\", "users/../..", "?/../..", "#", "#/../..", "%3f/../.."]) {
      const answer = await harness.call(`DELETE /api/v1/groups/${group.id}/users/${tail}`, { token })
      assertEnvelope(answer, tail)
    }
    assert.deepEqual(await harness.state(), before)
  })

  test("a name without a canonical form, or in another form, is nobody's", async () => {
    const forms = [
      "KIM@example.com",
      "\u212aim@example.com",
      "kim@EXAMPLE.com",
      "kim＠example.com",
      "kim@example.com\u200b",
    ]
    for (const form of forms) {
      const route = `DELETE /api/v1/groups/${group.id}/users/${encodeURIComponent(form)}`
      assert.equal((await harness.call(route, { token })).status, 404, form)
    }
    assert.deepEqual(await harness.state(), before)
  })

  test("its length is judged in bytes: 512 may be looked up, 513 may not", async () => {
    for (const [name, status] of [
      ["a".repeat(512), 404],
      ["a".repeat(513), 422],
      ["é".repeat(256), 404],
      [`${"é".repeat(256)}a`, 422],
      ["😀".repeat(128), 404],
      [`${"😀".repeat(128)}a`, 422],
    ] as const) {
      const route = `POST /api/v1/groups/${group.id}/users/${encodeURIComponent(name)}`
      assert.equal((await harness.call(route, { token })).status, status, `${Buffer.byteLength(name)} bytes`)
    }
  })

  test("one that fills the headers is 431", async () => {
    const answer = await harness.call(`DELETE /api/v1/groups/${group.id}/users/${"a".repeat(17_000)}`, {
      token,
    })
    assertEnvelope(answer, "17,000 letters")
    assert.equal(answer.status, 431)
  })
})

describe("a hostile id", async () => {
  const before = await harness.state()
  const routes: [string, (segment: string) => string, unknown][] = [
    ["GET", (segment) => `/api/v1/groups/${segment}`, undefined],
    ["PATCH", (segment) => `/api/v1/groups/${segment}`, { name: "Taken over" }],
    ["DELETE", (segment) => `/api/v1/groups/${segment}`, undefined],
    ["GET", (segment) => `/api/v1/groups/${segment}/users`, undefined],
    ["POST", (segment) => `/api/v1/groups/${segment}/users/kim@example.com`, undefined],
    ["DELETE", (segment) => `/api/v1/groups/${segment}/users/kim@example.com`, undefined],
    ["GET", (segment) => `/api/v1/groups/${segment}/machine-identities`, undefined],
    ["GET", (segment) => `/api/v1/groups/${segment}/members`, undefined],
    ["GET", (segment) => `/api/v1/groups/${segment}/projects`, undefined],
    ["POST", (segment) => `/api/v1/groups/${group.id}/machine-identities/${segment}`, undefined],
    ["DELETE", (segment) => `/api/v1/groups/${group.id}/machine-identities/${segment}`, undefined],
    ["POST", (segment) => `/api/v1/auth/token-auth/identities/${segment}/tokens`, {}],
    ["POST", (segment) => `/api/v1/auth/token-auth/tokens/${segment}/revoke`, undefined],
    ["GET", (segment) => `/api/v2/organizations/${segment}/memberships`, undefined],
  ]
  for (const [method, pathOf, body] of routes) {
    test(`${method} ${pathOf("…")} names nothing with it, and changes nothing`, async () => {
      await fewAtOnce(hostileSegments, async (segment) => {
        const route = `${method} ${pathOf(segment)}`
        const answer = await harness.call(route, { token, body })
        assertEnvelope(answer, route)
        assert.equal(answer.status, textOf(segment) === undefined ? 400 : 404, `${route}: ${answer.text}`)
        if (answer.status === 404)
          assert.match(answer.body.message, /^There is no (group|organization|token|machine)/, route)
      })
      assert.deepEqual(await harness.state(), before)
    })
  }

  test("a real id with anything around it is none", async () => {
    const lines = ["%0a", "%0D%0A", "%09", "%0b", "%0C", "%C2%85", "%20%0A"]
    const around = [
      ...lines.flatMap((line) => [group.id + line, line + group.id]),
      `${group.id}%00`,
      `%00${group.id}`,
      `%7B${group.id}%7D`,
      `urn:uuid:${group.id}`,
    ]
    for (const id of [
      ...around,
      group.id.replaceAll("-", ""),
      `${group.id}.`,
      `${group.id}%2F`,
      `${group.id};x=1`,
    ]) {
      const answer = await harness.call(`DELETE /api/v1/groups/${id}`, { token })
      assertEnvelope(answer, id)
      assert.equal(answer.status, 404, `${id}: ${answer.text}`)
    }
    assert.deepEqual(await harness.state(), before)
  })
})

test("spaces around an id do not count", async () => {
  for (const id of [`%20${group.id}`, `${group.id}%20%20`, `%C2%A0${group.id}%E3%80%80`])
    assert.equal(people.ok(await harness.call(`GET /api/v1/groups/${id}`, { token })).id, group.id)
})

describe("a hostile query", async () => {
  const before = await harness.state()
  const values = listed(`
    %00  %  %zz  %ED%A0%80  %F0%9F%98%80  '  %27%20or%201=1  %5C  %25  _  []  {}  ${"a".repeat(4_000)}  -1  0  1.5  1e3  1e999
    0x10  NaN  Infinity  9007199254740993  99999999999999999999  true  null  %20  %0a  ,  ,,  %2c  =  a=  =a  a=b=c  a=b,  a=b,c
    __proto__=a  constructor=a  a,a,a  2026-01-01T00:00:00Z  0000-01-01T00:00:00Z  9999-12-31T23:59:59Z
    2026-02-30T00:00:00Z  2026-01-01  now
  `)
  const lists: [string, string[]][] = [
    [`/api/v1/groups/${group.id}/users`, listed("offset  limit  username  search  filter")],
    [`/api/v1/groups/${group.id}/machine-identities`, listed("offset  limit  search  filter")],
    [
      `/api/v1/groups/${group.id}/members`,
      listed("offset  limit  search  orderBy  orderDirection  memberTypeFilter"),
    ],
    [`/api/v1/groups/${group.id}/projects`, listed("offset  limit  search  filter  orderBy  orderDirection")],
    ["/api/v1/groups", listed("offset  limit  search")],
    [
      "/api/v1/organization/audit-logs",
      listed(`
        projectId  environment  actorType  actor  secretPath  secretKey  eventType  userAgentType  eventMetadata
        startDate  endDate  offset  limit
      `),
    ],
  ]
  for (const [path, names] of lists) {
    test(`${path.replace(group.id, "{id}")} answers 200, 400 or 422 to whatever it is asked`, async () => {
      const queries = names.flatMap((name) => [
        ...["", ...values].map((value) => `${name}=${value}`),
        ...["", "=a&NAME=b", "[]=a", "[a]=b", ".a=b", "=1&NAME=1"].map(
          (tail) => name + tail.replace("NAME", name),
        ),
      ])
      await fewAtOnce(
        [...queries, "__proto__=a", "__proto__[a]=b", "&&&", "=", "?", "a".repeat(9_000)],
        async (query) => {
          const answer = await harness.call(`GET ${path}?${query}`, { token })
          if (answer.status !== 200) assertEnvelope(answer, query)
          if (textOf(query) === undefined) {
            assert.equal(answer.status, 400, `${query}: ${answer.text}`)
            assert.equal(answer.body.message, "The query has a % that begins no character", query)
          }
          assert.ok([200, 400, 422].includes(answer.status), `${query}: ${answer.text}`)
        },
      )
      const { audit_logs: _viewed, ...after } = await harness.state()
      const { audit_logs: _before, ...rest } = before
      assert.deepEqual(after, rest)
    })
  }
})

describe("an escape in a query that begins no character", () => {
  const path = "/api/v1/groups"
  const bad = listed(
    "a=%  %=a  %zz  a=%4  a=%4g  a=b&%  a=%C3&b=%A9  a=%ff  a=%ED%A0%80  a=100%  ?%  a=%C3%A9%",
  )

  test("is 400 BadRequest, also where no query is asked for", async () => {
    for (const query of bad) {
      const answer = await harness.call(`GET ${path}?${query}`, { token })
      assertEnvelope(answer, query)
      assert.equal(answer.status, 400, query)
      assert.equal(answer.body.error, "BadRequest")
    }
    const route = `POST /api/v1/groups/${group.id}/users/lee@example.com?a=%`
    assert.equal((await harness.call(route, { token })).status, 400)
  })

  test("is not told to a stranger", async () => {
    assert.equal((await harness.call(`GET ${path}?a=%`)).status, 401)
  })

  test("good ones are read", async () => {
    for (const query of listed("a=%25  a=%C3%A9  %61=%00  a=%F0%9F%98%80  a=+%2B  a=%e2%82%ac&b=%E2%82%AC"))
      people.ok(await harness.call(`GET ${path}?${query}`, { token }))
  })
})

describe("what is no HTTP", () => {
  const host = "Host: localhost\r\n"
  const post = `POST /api/v1/groups HTTP/1.1\r\n${host}Content-Type: application/json\r\n`
  /** Each with the status it is answered with, in the envelope. */
  const requests: Record<string, [string | Buffer, number]> = {
    words: ["hello\r\n\r\n", 400],
    "a greeting of TLS": [
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
      400,
    ],
    "an unknown method": [`FOO /api/status HTTP/1.1\r\n${host}\r\n`, 400],
    "a method in small letters": [`get /api/status HTTP/1.1\r\n${host}\r\n`, 400],
    "HTTP/2 without asking": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    "an unknown version": [`GET /api/status HTTP/3.0\r\n${host}\r\n`, 400],
    "no version but words": [`GET /api/status FTP/1.1\r\n${host}\r\n`, 400],
    "no slash": [`GET api/status HTTP/1.1\r\n${host}\r\n`, 400],
    "no Host": ["GET /api/status HTTP/1.1\r\n\r\n", 400],
    "lines without a carriage return": [`GET /api/status HTTP/1.1\nHost: localhost\n\n`, 400],
    "a tab for a space": [`GET\t/api/status HTTP/1.1\r\n${host}\r\n`, 400],
    "a byte that is no ASCII in the path": [
      Buffer.from(`GET /api/\xe9 HTTP/1.1\r\n${host}\r\n`, "latin1"),
      400,
    ],
    "a NUL in a header": [`GET /api/status HTTP/1.1\r\n${host}x: a\0b\r\n\r\n`, 400],
    "a space before the colon": [`GET /api/status HTTP/1.1\r\n${host}x : a\r\n\r\n`, 400],
    "a header without a name": [`GET /api/status HTTP/1.1\r\n${host}: a\r\n\r\n`, 400],
    "a folded first header": [`GET /api/status HTTP/1.1\r\n x: y\r\n${host}\r\n`, 400],
    "a length below zero": [`${post}Content-Length: -1\r\n\r\n`, 400],
    "a length that is no number": [`${post}Content-Length: two\r\n\r\n{}`, 400],
    "two lengths": [`${post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    "a length and chunks": [`${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    "an unknown transfer encoding": [`${post}Transfer-Encoding: gzip\r\n\r\n`, 400],
    "chunks that are not last": [`${post}Transfer-Encoding: chunked, gzip\r\n\r\n`, 400],
    "a chunk without a size": [`${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    "a chunk size without end": [`${post}Transfer-Encoding: chunked\r\n\r\n${"f".repeat(40)}\r\n`, 400],
    "a header of 20,000 bytes": [`GET /api/status HTTP/1.1\r\n${host}x: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    "5,000 headers": [`GET /api/status HTTP/1.1\r\n${host}${"a: b\r\n".repeat(5_000)}\r\n`, 431],
    "a path of 20,000 bytes": [`GET /${"a".repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, 431],
    "an expectation that nobody meets": [
      `GET /api/status HTTP/1.1\r\n${host}Expect: 200-ok\r\nConnection: close\r\n\r\n`,
      417,
    ],
  }
  for (const [what, [bytes, status]] of Object.entries(requests)) {
    test(`${what} is answered ${status}, in the envelope`, async () => {
      assertEnvelope(await exchange(bytes, status), what)
    })
  }

  test("a tunnel is not opened", async () => {
    const text = await received(
      `CONNECT localhost:80 HTTP/1.1\r\n${host}\r\nGET /api/status HTTP/1.1\r\n${host}\r\n`,
      1_000,
    )
    assert.ok(text === "" || text.startsWith("HTTP/1.1 4"), text)
  })

  test("the server still serves after all that, and after 1,000 mangled requests", async () => {
    const good = `GET /api/v1/groups HTTP/1.1\r\n${host}Authorization: Bearer a.b.c\r\nConnection: close\r\n\r\n`
    let seed = 7
    const next = (limit: number): number => (seed = (seed * 48_271) % 2_147_483_647) % limit
    const mangled = Array.from({ length: 1_000 }, () => {
      const bytes = Buffer.from(good)
      for (let times = 1 + next(4); times > 0; times--) bytes[next(bytes.length)] = next(256)
      return bytes
    })
    await fewAtOnce(mangled, async (bytes) => {
      const text = await received(bytes, 200)
      assert.ok(!text.startsWith("HTTP/1.1 5"), `${bytes.toString("latin1")}\n${text}`)
    })
    people.ok(await harness.call("GET /api/status"))
  })
})

/** What comes back on a socket of its own, until it is closed or `patienceMs` have passed. */
function received(bytes: string | Buffer, patienceMs: number): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(harness.address)
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.setTimeout(patienceMs, () => socket.destroy())
    socket.on("data", (chunk) => chunks.push(chunk))
    socket.on("error", () => {})
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")))
  })
}

/** The one answer to what was sent; its body is read to the length it names. */
async function exchange(bytes: string | Buffer, expected: number): Promise<Answer> {
  const text = await received(bytes, 1_000)
  const [head = "", body = ""] = text.split("\r\n\r\n", 2)
  const [first = "", ...lines] = head.split("\r\n")
  assert.match(first, new RegExp(`^HTTP/1\\.1 ${expected} `), text)
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(":")[0]?.toLowerCase(), line.replace(/^[^:]*: */, "")]),
  )
  assert.equal(headers["content-length"], String(Buffer.byteLength(body)), text)
  return { status: expected, headers, text: body, body: JSON.parse(body) }
}
