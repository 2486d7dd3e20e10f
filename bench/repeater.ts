import { once } from "node:events"
import { setPriority } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { open, type Connection } from "./connection.ts"
import type { RepeatOrder, RepeatOutcome, Report } from "./load.ts"

const quantile = (sorted: number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

async function run(
  order: RepeatOrder,
  tell: (report: Report<RepeatOutcome>) => void,
): Promise<RepeatOutcome> {
  if (order.givesWay) setPriority(19)
  const connections = await Promise.all(Array.from({ length: order.connections }, () => open(order)))
  const answers: Record<string, number> = {}
  const latencies: number[] = []
  const phase = { isMeasuring: false, isOver: false }
  let turn = 0

  async function sendOne(connection: Connection): Promise<void> {
    const begin = performance.now()
    const { status } = await connection.send(order.requests[turn++ % order.requests.length] ?? "")
    if (!phase.isMeasuring) return
    latencies.push(performance.now() - begin)
    answers[status] = (answers[status] ?? 0) + 1
  }

  async function sendAlways(connection: Connection): Promise<void> {
    while (!phase.isOver) await sendOne(connection)
  }

  /** Keeps to its rate however slow the answers are, as a flood does; what finds no free connection is not sent. */
  async function sendAtRate(perSecond: number): Promise<void> {
    const free = [...connections]
    const begin = performance.now()
    let sent = 0
    while (!phase.isOver) {
      for (const due = ((performance.now() - begin) / 1_000) * perSecond; sent < due; sent++) {
        // In turn, so that none is idle for so long that it is closed.
        const connection = free.shift()
        if (connection) void sendOne(connection).finally(() => free.push(connection))
      }
      await sleep(1)
    }
    while (free.length < connections.length) await sleep(10)
  }

  async function direct(): Promise<number> {
    await sleep(order.warmUpMs)
    phase.isMeasuring = true
    tell({ kind: "begun" })
    const begin = performance.now()
    await sleep(order.measureMs)
    phase.isMeasuring = false
    tell({ kind: "ended" })
    phase.isOver = true
    return (performance.now() - begin) / 1_000
  }

  const directing = direct()
  await (order.perSecond === undefined
    ? Promise.all(connections.map(sendAlways))
    : sendAtRate(order.perSecond))
  const seconds = await directing
  for (const connection of connections) connection.close()
  const sorted = latencies.toSorted((a, b) => a - b)
  const perSecond = latencies.length / seconds
  const [p50Ms, p95Ms, p99Ms] = [quantile(sorted, 0.5), quantile(sorted, 0.95), quantile(sorted, 0.99)]
  return { answers, perSecond, p50Ms, p95Ms, p99Ms }
}

const [order] = (await once(process, "message")) as [RepeatOrder]
const tell = (report: Report<RepeatOutcome>) => void process.send?.(report)
tell({ kind: "outcome", outcome: await run(order, tell) })
