/*
 * The load: one request at a time on each of some connections, over plain sockets, because a client library would
 * take from the server more of the machine than the requests do.
 */
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { usernameOf } from "./database.ts"
import type { Order, Outcome, Report } from "./load.ts"

type Reply = { status: number; text: string }

/** One connection that is kept; `send` resolves with the whole answer. */
class Connection {
  readonly #socket: Socket
  #received = ""
  #settle: { resolve(reply: Reply): void; reject(error: Error): void } | undefined

  constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true).setEncoding("latin1")
    socket.on("data", (chunk) => this.#read(String(chunk)))
    socket.on("error", (error) => this.#settle?.reject(error))
    socket.on("close", () => this.#settle?.reject(new Error("The server closed a connection.")))
  }

  send(request: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#socket.write(request, "latin1")
    })
  }

  close(): void {
    this.#settle = undefined
    this.#socket.destroy()
  }

  #read(chunk: string): void {
    this.#received += chunk
    const headEnd = this.#received.indexOf("\r\n\r\n")
    if (headEnd < 0) return
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1]
    if (length === undefined) throw new Error("An answer has no Content-Length.")
    if (this.#received.length < headEnd + 4 + Number(length)) return
    const reply = { status: Number(this.#received.slice(9, 12)), text: this.#received.slice(headEnd + 4) }
    this.#received = ""
    this.#settle?.resolve(reply)
  }
}

async function open({ host, port }: Order): Promise<Connection> {
  const socket = connect({ host, port })
  await once(socket, "connect")
  return new Connection(socket)
}

const post = (path: string, token: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: bench\r\nuser-agent: bench\r\nauthorization: Bearer ${token}\r\ncontent-length: 0\r\n\r\n`

const tally = (counts: Record<string, number>, status: number): void => {
  counts[status] = (counts[status] ?? 0) + 1
}

async function run(order: Order, tell: (report: Report) => void): Promise<Outcome> {
  const outcome = { answers: {}, afterRevocation: {}, ranOut: false }
  const connections = await Promise.all(Array.from({ length: order.connections }, () => open(order)))
  const latencies = new Float64Array(order.people)
  let measured = 0
  let next = 0
  const phase = { isMeasuring: false, isOver: false, isRevoked: false }

  async function work(connection: Connection, index: number): Promise<void> {
    const token = order.tokens[index % order.tokens.length] ?? ""
    const isOfRevoked = order.revocation?.index === index % order.tokens.length
    while (!phase.isOver) {
      if (next === order.people) {
        outcome.ranOut = true
        return
      }
      const person = order.firstPerson + next++
      const groupId = order.groupIds[person % order.groupIds.length]
      const username = encodeURIComponent(usernameOf(person))
      const isAfterRevocation = isOfRevoked && phase.isRevoked
      const sent = performance.now()
      const { status } = await connection.send(post(`/api/v1/groups/${groupId}/users/${username}`, token))
      if (phase.isMeasuring) latencies[measured++] = performance.now() - sent
      tally(outcome.answers, status)
      if (isAfterRevocation) tally(outcome.afterRevocation, status)
    }
  }

  // Cut short when everybody has been added.
  const atEnd = new AbortController()
  const pause = (ms: number) => sleep(ms, undefined, { signal: atEnd.signal }).catch(() => {})

  async function direct(): Promise<number> {
    await pause(order.warmUpMs)
    phase.isMeasuring = true
    tell({ kind: "begun" })
    const begin = performance.now()
    if (order.revocation) {
      await pause(order.measureMs / 2)
      await revoke(order)
      phase.isRevoked = true
    }
    await pause(Math.max(0, order.measureMs - (performance.now() - begin)))
    phase.isMeasuring = false
    tell({ kind: "ended" })
    phase.isOver = true
    return (performance.now() - begin) / 1_000
  }

  const directing = direct()
  await Promise.all(connections.map(work)).finally(() => atEnd.abort())
  const seconds = await directing
  for (const connection of connections) connection.close()
  const sorted = latencies.subarray(0, measured).toSorted()
  const quantile = (share: number) =>
    sorted[Math.min(measured - 1, Math.floor(measured * share))] ?? Number.NaN
  return { ...outcome, measured, perSecond: measured / seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

async function revoke(order: Order): Promise<void> {
  const { path = "", token = "" } = order.revocation ?? {}
  const connection = await open(order)
  const { status, text } = await connection.send(post(path, token))
  connection.close()
  if (status !== 200) throw new Error(`Revoking was answered with ${status}: ${text}`)
}

const [order] = (await once(process, "message")) as [Order]
const tell = (report: Report) => void process.send?.(report)
tell({ kind: "outcome", outcome: await run(order, tell) })
