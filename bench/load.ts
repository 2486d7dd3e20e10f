import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

/** What the load generator is to do: add each of `people` people once, over so many connections. */
export type Order = {
  host: string
  port: number
  connections: number
  warmUpMs: number
  measureMs: number
  /** People take turns in these. */ groupIds: readonly string[]
  firstPerson: number
  people: number
  /** Connections take turns in these. */ tokens: readonly string[]
  /** Revokes the token at this place in `tokens` in the midst of the measurement. */
  revocation?: { index: number; path: string; token: string }
}

export type Outcome = {
  /** Answers by status, warm-up included. */ answers: Record<string, number>
  perSecond: number
  /** Answers within the measured time. */ measured: number
  p50Ms: number
  p99Ms: number
  /** Answers to requests sent with the revoked token after its revocation was answered, by status. */
  afterRevocation: Record<string, number>
  ranOut: boolean
}

/** What the generator tells while it works, in this order. */
export type Report<Result> = { kind: "begun" } | { kind: "ended" } | { kind: "outcome"; outcome: Result }

/** What the repeater is to do: send these requests in turn, as they stand. */
export type RepeatOrder = {
  host: string
  port: number
  connections: number
  /** Whole HTTP requests. */ requests: readonly string[]
  warmUpMs: number
  measureMs: number
  /** So many a second on whatever connection is free; absent: each connection sends as soon as it was answered. */
  perSecond?: number
  /** Behind everything else on this machine, as what comes from another one is. */ givesWay?: boolean
}

export type RepeatOutcome = {
  /** Answers within the measured time, by status. */ answers: Record<string, number>
  perSecond: number
  p50Ms: number
  p95Ms: number
  p99Ms: number
}

/** Adds people; `mark` is called where the measured time begins and where it ends. */
export const generate = (order: Order, mark: () => void = () => {}): Promise<Outcome> =>
  drive<Outcome>("generator.ts", order, mark)

/** Sends requests over and over; `mark` is called where the measured time begins and where it ends. */
export const repeat = (order: RepeatOrder, mark: () => void = () => {}): Promise<RepeatOutcome> =>
  drive<RepeatOutcome>("repeater.ts", order, mark)

/** Runs one order in a process of its own, so that reading its answers does not wait for anything else here. */
async function drive<Result>(script: string, order: object, mark: () => void): Promise<Result> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), { stdio: "inherit" })
  const result = new Promise<Result>((resolve, reject) => {
    child.on("error", reject)
    child.on("exit", (code) => reject(new Error(`The load generator ended with ${code}.`)))
    child.on("message", (report: Report<Result>) =>
      report.kind === "outcome" ? resolve(report.outcome) : mark(),
    )
  })
  child.send(order)
  try {
    return await result
  } finally {
    child.disconnect()
    if (child.exitCode === null) await once(child, "exit")
  }
}

/** How many answers had any other status. */
export const answersWithout = (answers: Record<string, number>, status: number): number =>
  Object.entries(answers).reduce((sum, [key, count]) => sum + (key === String(status) ? 0 : count), 0)
