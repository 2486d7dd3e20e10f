import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { reached, type Goal } from "./goals.ts"
import { cpuUs } from "./machine.ts"
import type { Bench } from "./steady.ts"

const [patienceMs, maxCpuMs] = [20_000, 100]

type Odd = {
  name: string
  head: string
  /** Pieces of the body, one after the other, until there is an answer. */ body?: () => Iterable<string>
  /** Statuses that are right. */ right: number[]
}

function* repeated(piece: string, count: number): Iterable<string> {
  for (let time = 0; time < count; time++) yield piece
}

const mib = 1_048_576

function oddRequests(token: string): Odd[] {
  const head = (length: number | "chunked", path = "/api/v1/groups", more = "") =>
    `POST ${path} HTTP/1.1\r\nhost: odd\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n${
      length === "chunked" ? "transfer-encoding: chunked" : `content-length: ${length}`
    }\r\n${more}\r\n`
  const whole = (name: string, text: string, right: number[]): Odd => ({
    name,
    head: head(Buffer.byteLength(text)),
    body: () => [text],
    right,
  })
  const nested = (depth: number) => `{"name":${"[".repeat(depth)}${"]".repeat(depth)}}`
  const keys = (count: number) =>
    `{${Array.from({ length: count }, (_, index) => `"k${index}":0`).join(",")}}`
  const refusals = [400, 422]
  return [
    whole("a body of 1 byte", "x", refusals),
    whole("a body of 1 MiB", `{"name":"${"x".repeat(mib - 11)}"}`, refusals),
    whole("a body of 1 MiB and a byte", `{"name":"${"x".repeat(mib - 10)}"}`, [413]),
    {
      name: "a body of 100 MB",
      head: head(100_000_000),
      body: () => repeated("x".repeat(mib), 100),
      right: [413],
    },
    {
      name: "a body without an end",
      head: head("chunked"),
      body: () => repeated(`10000\r\n${"x".repeat(65_536)}\r\n`, 10_000),
      right: [413],
    },
    { name: "headers of 17 KiB", head: head(0, undefined, `x: ${"y".repeat(17 * 1_024)}\r\n`), right: [431] },
    { name: "10,000 headers", head: head(0, undefined, "x: y\r\n".repeat(10_000)), right: [431] },
    { name: "a URL of 64 KiB", head: head(0, `/api/v1/groups/${"x".repeat(65_536)}`), right: [414, 431] },
    whole("JSON 33 deep", nested(33), refusals),
    whole("JSON 100,000 deep", nested(100_000), refusals),
    whole("JSON with 80,000 keys", keys(80_000), refusals),
    whole("JSON with 1,000,000 keys", keys(1_000_000), [413]),
  ]
}

type Answered = { status: number | undefined; isClosed: boolean; tookMs: number }

/** Sends a request as it stands; waits for the status of its answer, or for the end of the connection. */
function send({ host, port }: { host: string; port: number }, { head, body }: Odd): Promise<Answered> {
  return new Promise((resolve) => {
    const begin = performance.now()
    const socket = connect({ host, port })
    const timer = setTimeout(() => done(false), patienceMs)
    let received = ""
    const done = (isClosed: boolean): void => {
      clearTimeout(timer)
      const status = /^HTTP\/1.1 (\d{3})/.exec(received)?.[1]
      resolve({ status: status ? Number(status) : undefined, isClosed, tookMs: performance.now() - begin })
      socket.destroy()
    }
    socket.setEncoding("latin1").on("data", (text: string) => {
      received += text
      if (received.length >= 12) done(false)
    })
    socket.on("error", () => {}).on("close", () => done(true))
    const write = async (): Promise<void> => {
      socket.write(head)
      for (const piece of body?.() ?? []) {
        if (socket.destroyed) return
        if (!socket.write(piece)) await Promise.race([drained(socket), sleep(patienceMs)])
      }
    }
    socket.once("connect", () => void write())
  })
}

const drained = (socket: ReturnType<typeof connect>): Promise<void> =>
  new Promise((resolve) => socket.once("drain", resolve).once("close", () => resolve()))

/** Requests of all sizes and depths that nobody in their right mind sends. */
export async function strangeRequests({ server, instance, failures }: Bench): Promise<Goal[]> {
  const goals: Goal[] = []
  for (const odd of oddRequests(instance.admin.token)) {
    const before = cpuUs(server.pid)
    const { status, isClosed, tookMs } = await send(server, odd)
    const cpuMs = (cpuUs(server.pid) - before) / 1_000
    const isRight = status !== undefined && odd.right.includes(status)
    if (status !== undefined && (status >= 500 || status < 400))
      failures.push(`${odd.name} was answered with ${status}.`)
    goals.push({
      what: odd.name,
      target: `${odd.right.join(" or ")}, < ${maxCpuMs} ms of the processor`,
      seen: `${status ?? (isClosed ? "closed without an answer" : "no answer")} in ${Math.round(tookMs)} ms, ${Math.round(cpuMs)} ms of the processor`,
      outcome: reached(isRight && cpuMs < maxCpuMs),
    })
  }
  return goals
}
