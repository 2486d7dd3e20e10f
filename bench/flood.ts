import { setTimeout as sleep } from "node:timers/promises"
import { repeat, type RepeatOutcome } from "./load.ts"
import { median } from "./machine.ts"
import { answered, requestOf, type Run } from "./requests.ts"

/** So many password logins a second, all of them wrong. */
export const floodPerSecond = 500
export type Flood = {
  /** The 99th percentile of an honest reader before, and in its midst. */ quiet: number
  during: number
  flood: RepeatOutcome
}

const windows = 5

/**
 * The 99th percentile of somebody who reads all along, before the flood and in its midst: the median of several windows of
 * time, since one long pause of the machine makes it what it is in any of them.
 */
export async function measureFlood(bench: Run, profile: string): Promise<Flood> {
  const reading = { requests: [profile], connections: 4, perSecond: 200 }
  const p99Ms = async (): Promise<number> => {
    const measured: number[] = []
    for (let time = 0; time < windows; time++) measured.push((await answered(bench, reading)).p99Ms)
    return median(measured)
  }
  const quiet = await p99Ms()
  const { host, port } = bench.server
  const seconds = windows * (bench.seconds + 2)
  // Each for an account of its own, since many wrong passwords for one are refused without a look at them.
  const floodRequests = Array.from({ length: floodPerSecond * (seconds + 3) }, (_, number) => {
    const body = { email: `flood-${number}@example.com`, password: "wrong" }
    return requestOf("POST", "/api/v3/auth/login", { body })
  })
  const flood = repeat({
    host,
    port,
    connections: 400,
    warmUpMs: 1_000,
    measureMs: seconds * 1_000,
    requests: floodRequests,
    perSecond: floodPerSecond,
    givesWay: true,
  })
  await sleep(1_500)
  const during = await p99Ms()
  return { quiet, during, flood: await flood }
}
