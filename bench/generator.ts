import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { open, type Connection } from "./connection.ts"
import { usernameOf } from "./database.ts"
import type { Order, Outcome, Report } from "./load.ts"

const post = (path: string, token: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: bench\r\nuser-agent: bench\r\nauthorization: Bearer ${token}\r\ncontent-length: 0\r\n\r\n`

const tally = (counts: Record<string, number>, status: number): void => {
  counts[status] = (counts[status] ?? 0) + 1
}

async function run(order: Order, tell: (report: Report<Outcome>) => void): Promise<Outcome> {
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
const tell = (report: Report<Outcome>) => void process.send?.(report)
tell({ kind: "outcome", outcome: await run(order, tell) })
