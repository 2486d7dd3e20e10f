import { connect, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { ms, reached, type Goal } from "./goals.ts"
import { repeat } from "./load.ts"
import { median } from "./machine.ts"
import { requestOf } from "./requests.ts"
import type { Bench } from "./steady.ts"

const clients = 1_000
const [watchMs, closedWithinMs] = [30_000, 15_000]
const windows = 3
const maxRatio = 2

type Kind = {
  name: string
  /** Sent at once. */ begin: string
  /** Sent each second. */ more: string
  /** Reads nothing. */ isDeaf?: boolean
}

const kinds: Kind[] = [
  { name: "headers", begin: "GET /api/status HTTP/1.1\r\nhost: slow\r\n", more: "x-slow: 1\r\n" },
  {
    name: "body",
    begin:
      "POST /api/v3/auth/login HTTP/1.1\r\nhost: slow\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{",
    more: " ",
  },
  // Answers that nobody takes: more of them than the buffers of the machine hold.
  {
    name: "reading",
    begin: "GET /api/docs/json HTTP/1.1\r\nhost: slow\r\n\r\n".repeat(4),
    // Nothing to the server; by it the client finds out that it was closed.
    more: "\r\n",
    isDeaf: true,
  },
]

type Held = {
  /** Milliseconds until each of the first connections was closed, by kind. */ closed: Map<string, number[]>
  end(): void
}

/** Keeps so many connections busy with next to nothing; one that the server closes is opened again. */
function hold({ host, port }: { host: string; port: number }): Held {
  const closed = new Map(kinds.map(({ name }) => [name, [] as number[]]))
  const sockets = new Set<Socket>()
  const state = { isOver: false }
  const open = (kind: Kind, isFirst: boolean): void => {
    if (state.isOver) return
    const begin = performance.now()
    const socket = connect({ host, port })
    sockets.add(socket)
    socket.on("error", () => {}).on("connect", () => socket.write(kind.begin))
    if (kind.isDeaf) socket.pause()
    else socket.resume()
    const timer = setInterval(() => socket.writable && socket.write(kind.more), 1_000)
    socket.on("close", () => {
      clearInterval(timer)
      sockets.delete(socket)
      if (isFirst && !state.isOver) closed.get(kind.name)?.push(performance.now() - begin)
      setTimeout(() => open(kind, false), 100)
    })
  }
  for (let index = 0; index < clients; index++) open(kinds[index % kinds.length] as Kind, true)
  return {
    closed,
    end() {
      state.isOver = true
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** A thousand connections that send or take next to nothing, and what they do to everybody else. */
export async function slowClients({ server, instance, failures }: Bench): Promise<Goal[]> {
  const { host, port } = server
  const requests = [requestOf("GET", "/api/v1/groups", { token: instance.admin.token })]
  const p99Ms = async (): Promise<number> => {
    const measured: number[] = []
    for (let time = 0; time < windows; time++) {
      const times = { warmUpMs: 500, measureMs: 4_000 }
      const outcome = await repeat({ host, port, connections: 4, requests, ...times, perSecond: 200 })
      const { 200: _good, ...others } = outcome.answers
      if (Object.keys(others).length > 0)
        failures.push(`Amid slow clients, others were answered: ${JSON.stringify(others)}.`)
      measured.push(outcome.p99Ms)
    }
    return median(measured)
  }
  const quiet = await p99Ms()
  const held = hold(server)
  const begin = performance.now()
  await sleep(2_000)
  const during = await p99Ms()
  await sleep(Math.max(0, watchMs - (performance.now() - begin)))
  held.end()
  const goals = kinds.map(({ name }, index): Goal => {
    const asked = Math.ceil((clients - index) / kinds.length)
    const times = (held.closed.get(name) ?? []).toSorted((a, b) => a - b)
    const inTime = times.filter((time) => time <= closedWithinMs).length
    const span = times.length > 0 ? `, after ${ms(times[0] ?? NaN)} to ${ms(times.at(-1) ?? NaN)}` : ""
    return {
      what: `${asked} connections slow in ${name}`,
      target: `closed within ${closedWithinMs / 1_000} s`,
      seen: `${inTime} in time, ${times.length} within ${watchMs / 1_000} s${span}`,
      outcome: reached(inTime === asked),
    }
  })
  const ratio = during / quiet
  return [
    ...goals,
    {
      what: `everybody else amid ${clients} slow connections`,
      target: `p99 at most ${maxRatio} ×`,
      seen: `${ms(quiet)} before, ${ms(during)} amid: ${ratio.toFixed(1)} ×`,
      outcome: reached(ratio <= maxRatio),
    },
  ]
}
