import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

type Collect = (options: { type: "major"; execution: "async"; flavor: "last-resort" }) => Promise<void>

/** An answer of so many bytes leaves behind what is worth giving back. */
const largeBytes = 1_024 * 1_024
/** Collecting stops everything for a tenth of a second: it waits until no more than this share of the time is busy. */
const quietShare = 0.1

export type Memory = {
  /** Notes that an answer of so many bytes went out. */ answered(bytes: number): void
  /** No more is given back. */ stop(): void
}

/**
 * Gives memory back to the machine some seconds after the start and after large answers. V8 keeps what it once had for
 * as long as it is not short of it, and collects nothing while nothing happens.
 */
export function createMemory(quietMs = 5_000): Memory {
  let timer: NodeJS.Timeout | undefined
  const collect = collector()
  const soon = (): void => {
    clearTimeout(timer)
    const before = performance.eventLoopUtilization()
    const due = (): void => {
      if (performance.eventLoopUtilization(before).utilization > quietShare) soon()
      else void collect()
    }
    timer = setTimeout(due, quietMs).unref()
  }
  soon()
  return {
    answered: (bytes) => void (bytes >= largeBytes && soon()),
    stop: () => clearTimeout(timer),
  }
}

function collector(): () => Promise<void> {
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as Collect
  return () => collect({ type: "major", execution: "async", flavor: "last-resort" })
}
