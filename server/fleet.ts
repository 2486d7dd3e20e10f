import cluster, { type Worker } from "node:cluster"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Logger } from "pino"
import { readReport, type Greeting, type Order } from "./orders.ts"
import { StartError } from "./start-error.ts"

const startMs = 60_000
/** Who lived so long did not die of its start. */
const steadyMs = 10_000
const delays = { firstMs: 100, longestMs: 5_000 }
/** So many that die at once, one after the other and with none that serves, are enough. */
const mostVain = 10

/** A worker process, from when it is forked. */
type Member = {
  worker: Worker
  /** Resolves when it listens; rejects when it ends before, with what it said. */ serving: Promise<Greeting>
  isServing: boolean
  /** Told to end: nobody is to come in its place. */ isLeaving: boolean
  gone: Promise<void>
}

/** Workers that serve together. */
export type Fleet = {
  /** Resolves when all of them listen. Throws `StartError` when one cannot. */ start(): Promise<Greeting>
  /** Rejects when workers only die. */ lost: Promise<never>
  /**
   * Replaces each worker by a new one, one after the other: it begins to end when the new one listens. When a new one
   * cannot start, the others stay.
   */
  replaceAll(): Promise<void>
  /** Ends all of them. */ stop(): Promise<void>
}

export type FleetOptions = {
  size: number
  /** What each is told once it takes orders. */ first: Order
  /** After so long one that was told to end is killed. */ endMs: number
  log: Logger
}

/** Keeps `size` workers alive. They share one port, which this process holds: no connection is lost when one ends. */
export function createFleet(options: FleetOptions): Fleet {
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({ exec: fileURLToPath(new URL("../start.mjs", import.meta.url)), args: [] })
  const state: State = {
    options,
    members: new Set(),
    phase: "starting",
    awaited: 0,
    vain: 0,
    lost: Promise.withResolvers<never>(),
    impatience: new AbortController(),
  }
  // Nobody may be waiting yet.
  state.lost.promise.catch(() => {})
  return {
    lost: state.lost.promise,
    async start() {
      const serving = Array.from({ length: options.size }, () => launch(state).serving)
      const [greeting] = await Promise.all(serving)
      if (!greeting) throw new Error("There are no workers.")
      if (state.phase === "starting") state.phase = "kept"
      fill(state)
      return greeting
    },
    async replaceAll() {
      for (const old of staying(state)) await replace(state, old)
    },
    async stop() {
      state.phase = "stopping"
      state.impatience.abort()
      await Promise.all([...state.members].map((member) => end(member, { order: "stop" }, options.endMs)))
    },
  }
}

type State = {
  options: FleetOptions
  members: Set<Member>
  /** Only in the midst of the three somebody comes for who dies. */ phase: "starting" | "kept" | "stopping"
  /** How many are about to be launched. */ awaited: number
  /** How many died soon after their start since one last lived for long. */ vain: number
  lost: PromiseWithResolvers<never>
  impatience: AbortController
}

const staying = ({ members }: State): Member[] => [...members].filter(({ isLeaving }) => !isLeaving)
const lacks = (state: State): boolean =>
  state.phase === "kept" && staying(state).length + state.awaited < state.options.size

function launch(state: State): Member {
  const since = performance.now()
  const member = fork(state.options)
  state.members.add(member)
  member.worker.once("exit", (code, signal) => {
    state.members.delete(member)
    if (state.phase !== "kept" || member.isLeaving) return
    const { id, process } = member.worker
    state.options.log.error({ worker: id, pid: process.pid, code, signal }, "a worker ended by itself")
    state.vain = performance.now() - since > steadyMs ? 0 : state.vain + 1
    fill(state)
  })
  return member
}

/** Has somebody come for each who is missing: later and later when those before died soon, and at last no more. */
function fill(state: State): void {
  const serves = [...state.members].some(({ isServing }) => isServing)
  if (state.vain >= mostVain && !serves) return state.lost.reject(vanished())
  while (lacks(state)) {
    state.awaited++
    void launchLater(state, Math.min(delays.firstMs * 2 ** state.vain, delays.longestMs))
  }
}

async function launchLater(state: State, delayMs: number): Promise<void> {
  await sleep(delayMs, undefined, { signal: state.impatience.signal }).catch(() => {})
  state.awaited--
  if (lacks(state)) launch(state)
}

async function replace(state: State, old: Member): Promise<void> {
  // Whoever died meanwhile is replaced already, and nobody comes while all of them go.
  if (state.phase !== "kept" || !state.members.has(old)) return
  await launch(state).serving
  old.isLeaving = true
  await end(old, { order: "leave" }, state.options.endMs)
}

const vanished = (): StartError =>
  new StartError(
    `${mostVain} workers have ended soon after their start, and none is left: the log says how each of them did.`,
  )

function fork({ first }: FleetOptions): Member {
  const worker = cluster.fork()
  const serving = Promise.withResolvers<Greeting>()
  const gone = Promise.withResolvers<void>()
  // One that hangs is one that has died.
  const late = setTimeout(() => worker.process.kill("SIGKILL"), startMs).unref()
  const member = {
    worker,
    serving: serving.promise,
    isServing: false,
    isLeaving: false,
    gone: gone.promise,
  }
  serving.promise.catch(() => {})
  worker.on("message", (message: unknown) => {
    const report = readReport(message)
    if (report?.report === "awake") send(worker, first)
    if (report?.report === "failed") serving.reject(new StartError(report.message))
    if (report?.report !== "serving") return
    clearTimeout(late)
    member.isServing = true
    serving.resolve(report.greeting)
  })
  worker.once("error", (error) => serving.reject(error))
  worker.once("exit", (code, signal) => {
    clearTimeout(late)
    member.isServing = false
    serving.reject(
      new StartError(`A worker ended with ${signal ?? code} before it listened; what it wrote says why.`),
    )
    gone.resolve()
  })
  return member
}

/** Tells it to end, and kills it when it has not after so long. */
async function end({ worker, gone }: Member, order: Order, limitMs: number): Promise<void> {
  send(worker, order)
  const late = setTimeout(() => worker.process.kill("SIGKILL"), limitMs)
  await gone
  clearTimeout(late)
}

function send(worker: Worker, order: Order): void {
  // It may have died just now, of which its end tells.
  if (worker.isConnected()) worker.send(order, () => {})
}
