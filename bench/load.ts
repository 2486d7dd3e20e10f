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
export type Report = { kind: "begun" } | { kind: "ended" } | { kind: "outcome"; outcome: Outcome }

/**
 * Runs one order in a process of its own, so that reading its answers does not wait for anything else here.
 * `mark` is called where the measured time begins and where it ends.
 */
export async function generate(order: Order, mark: () => void = () => {}): Promise<Outcome> {
  const child = fork(fileURLToPath(new URL("generator.ts", import.meta.url)), { stdio: "inherit" })
  const result = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject)
    child.on("exit", (code) => reject(new Error(`The load generator ended with ${code}.`)))
    child.on("message", (report: Report) => (report.kind === "outcome" ? resolve(report.outcome) : mark()))
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
