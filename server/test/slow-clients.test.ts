import assert from "node:assert/strict"
import { connect, type Socket } from "node:net"
import { describe, test, type TestContext } from "node:test"
import { startHarness } from "./harness.ts"
import * as people from "./people.ts"

/*
 * Clients that send or take next to nothing, and that do not go when they are told to: the server closes their
 * connections. That each of these tests ends is what it shows.
 */
const harness = await startHarness({
  HTTP_HEADERS_TIMEOUT_MS: "500",
  HTTP_REQUEST_TIMEOUT_MS: "1000",
  HTTP_ANSWER_TIMEOUT_MS: "1000",
  HTTP_KEEP_ALIVE_TIMEOUT_MS: "1000",
})
const { token } = await people.bootstrap(harness)
const head = `POST /api/v1/groups HTTP/1.1\r\nhost: slow\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`

/** A connection; one that is stubborn stays open on its side when the server ends it. */
function open(t: TestContext, { address = harness.address, isStubborn = false } = {}): Socket {
  const { hostname, port } = new URL(address)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: isStubborn })
  socket.on("error", () => {})
  t.after(() => socket.destroy())
  return socket
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => void socket.once("close", () => resolve()))

/** Sends the beginning and then a little every now and then, until the server has closed; returns what it said. */
async function drip(t: TestContext, begin: string, more: string): Promise<string> {
  // It finds out that the server has gone by sending more.
  const socket = open(t, { isStubborn: more !== "" })
  let text = ""
  socket.setEncoding("utf8").on("data", (piece: string) => (text += piece))
  socket.write(begin)
  const timer = setInterval(() => socket.write(more), 100)
  await closed(socket)
  clearInterval(timer)
  return text
}

function assertTooLate(text: string): void {
  assert.match(text, /^HTTP\/1\.1 408 /)
  assert.equal(JSON.parse(text.split("\r\n\r\n")[1] ?? "").error, "RequestTimeout")
}

describe("a connection is closed", { concurrency: true, timeout: 12_000 }, () => {
  test("on which nothing is sent", async (t) => assertTooLate(await drip(t, "", "")))

  test("whose headers come bit by bit", async (t) =>
    assertTooLate(await drip(t, "GET /api/status HTTP/1.1\r\nhost: slow\r\n", "x: y\r\n")))

  test("whose body comes bit by bit, and nothing of it is done", async (t) => {
    const before = await harness.state()
    assertTooLate(await drip(t, `${head}content-length: 1000\r\n\r\n{"name":"Slow"}`, " "))
    assertTooLate(
      await drip(t, `${head}transfer-encoding: chunked\r\n\r\nf\r\n{"name":"Slow"}\r\n`, "1\r\n \r\n"),
    )
    assert.deepEqual(await harness.state(), before)
  })

  test("whose body comes bit by bit after its answer, which stays the only one", async (t) => {
    const text = await drip(t, "POST /nowhere HTTP/1.1\r\ncontent-length: 1000\r\n\r\n", " ")
    assert.match(text, /^HTTP\/1\.1 400 /)
    assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
  })

  test("on which no further request comes", async (t) => {
    const text = await drip(t, "GET /api/status HTTP/1.1\r\nhost: slow\r\n\r\n", "")
    assert.match(text, /^HTTP\/1\.1 200 /)
  })

  test("whose answers are not taken", async (t) => {
    const socket = open(t).pause()
    // More than the buffers between here and there hold.
    const asked = 40
    socket.write("GET /api/docs/json HTTP/1.1\r\nhost: slow\r\n\r\n".repeat(asked))
    // It finds out that the server has gone by sending more.
    const timer = setInterval(() => socket.write("\r\n"), 100)
    await closed(socket)
    clearInterval(timer)
  })
})

test(
  "a connection beyond the limit is closed, and there is room again when another one goes",
  { timeout: 10_000 },
  async (t) => {
    const few = await startHarness({ HTTP_MAX_CONNECTIONS: "3" })
    const ask = async (socket: Socket): Promise<string> => {
      socket.write("GET /api/status HTTP/1.1\r\nhost: one\r\n\r\n")
      return new Promise((resolve) => {
        socket.once("data", (data) => resolve(data.toString().slice(0, 12)))
        socket.once("close", () => resolve("closed"))
      })
    }
    const sockets = [1, 2, 3].map(() => open(t, { address: few.address }))
    for (const socket of sockets) assert.equal(await ask(socket), "HTTP/1.1 200")
    assert.equal(await ask(open(t, { address: few.address })), "closed")
    sockets[0]?.destroy()
    while ((await ask(open(t, { address: few.address }))) === "closed");
    assert.equal(await ask(sockets[1] ?? open(t, { address: few.address })), "HTTP/1.1 200")
  },
)
