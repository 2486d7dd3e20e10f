import assert from "node:assert/strict"
import { connect } from "node:net"
import { test } from "node:test"
import { startHarness } from "./harness.ts"
import * as people from "./people.ts"

/*
 * An answer that is given before the body is read arrives all the same, also at a client that sends everything before it
 * reads anything.
 */
const harness = await startHarness()
const { token } = await people.bootstrap(harness)
const mib = 1_048_576
const headOf = (route: string, more: string, host = "host: big\r\n") =>
  `${route} HTTP/1.1\r\n${host}authorization: Bearer ${token}\r\n${more}\r\n`
const json = "content-type: application/json\r\n"
const chunk = `${(65_536).toString(16)}\r\n${"x".repeat(65_536)}\r\n`

/** Sends everything, then reads to the end; the text of all answers. */
function sendAll(pieces: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(harness.address)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) })
    socket.pause()
    socket.on("error", reject)
    let text = ""
    const write = (index: number): void => {
      const piece = pieces[index]
      if (piece !== undefined) socket.write(piece, () => write(index + 1))
      else
        socket
          .setEncoding("utf8")
          .on("data", (data: string) => (text += data))
          .resume()
    }
    socket.once("connect", () => write(0))
    socket.once("close", () => resolve(text))
  })
}

const big = "x".repeat(8 * mib)
const longLength = `content-length: ${8 * mib}\r\n`
const chunked = "transfer-encoding: chunked\r\n"
const chunks = [...Array<string>(128).fill(chunk), "0\r\n\r\n"]
const after = `${headOf("POST /api/v1/groups", `${json}content-length: 16\r\n`)}{"name":"After"}`

const cases: Record<string, [head: string, status: number, error: string]> = {
  "a body that is too large": [headOf("POST /api/v1/groups", json), 413, "PayloadTooLarge"],
  "a large body of another type": [
    headOf("POST /api/v1/groups", "content-type: text/plain\r\n"),
    413,
    "PayloadTooLarge",
  ],
  "a large body for no route": [headOf("POST /api/v1/nowhere", json), 413, "PayloadTooLarge"],
  "a large body without a Host": [headOf("POST /api/v1/groups", json, ""), 400, "BadRequest"],
}

for (const [what, [head, status, error]] of Object.entries(cases)) {
  for (const [way, length, body] of [
    ["at once", longLength, [big]],
    ["in chunks", chunked, chunks],
  ] as const) {
    test(`${what}, ${way}, is answered ${status}, and what comes after it is not done`, async () => {
      const before = await harness.state()
      const text = await sendAll([head.replace(/\r\n$/, `${length}\r\n`), ...body, after])
      const [first = "", answer = ""] = text.split("\r\n\r\n")
      assert.match(first, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(first, /\r\nconnection: close/i)
      assert.equal(JSON.parse(answer).error, error)
      assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
      assert.deepEqual(await harness.state(), before)
    })
  }
}

test("headers that are too large are answered 431 to whoever sends more of them first", async () => {
  const head = `GET /api/status HTTP/1.1\r\nhost: big\r\n${"x: y\r\n".repeat(200_000)}\r\n`
  const text = await sendAll([head])
  assert.match(text, /^HTTP\/1\.1 431 /)
  assert.equal(JSON.parse(text.split("\r\n\r\n")[1] ?? "").error, "HeadersTooLarge")
})

test("whoever does not stop sending is cut off", async () => {
  const { hostname, port } = new URL(harness.address)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  socket.on("error", () => {}).resume()
  socket.write(headOf("POST /api/v1/groups", `${json}${chunked}`))
  const timer = setInterval(() => socket.write(chunk), 1)
  await new Promise((resolve) => void socket.once("close", resolve))
  clearInterval(timer)
})

test("a connection is kept when what is left of a body is little", async () => {
  const head = headOf("POST /api/v1/nowhere", `${json}content-length: 2\r\n`)
  const next = headOf("GET /api/status", "connection: close\r\n")
  const text = await sendAll([head, "{}", next])
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 404", "HTTP/1.1 200"])
})
