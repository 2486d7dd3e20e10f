import { setTimeout as sleep } from "node:timers/promises"
import { StartError } from "../start-error.ts"
import { lastLines, logSize, trimLog } from "./log.ts"
import { makeSocketDir, type Place } from "./placement.ts"
import { clearRemains, isShuttingDown, runningPostmaster, shutDown, spawnPostmaster } from "./postmaster.ts"
import { isAlive, type ProcessFacts } from "./process.ts"
import { waitUntilReady, type Address } from "./ready.ts"

/** A database and the postmaster that serves it at present. */
export type Server = {
  place: Place
  /** The command line that starts the postmaster. */
  command: string[]
  address: Address
  postmaster: ProcessFacts | undefined
  /** True once somebody wants it stopped: from then on nothing is started. */
  isStopping: boolean
}

const ADOPTION_MS = 5000
const READY_MS = 60_000
const RETRY_MS = 5000

/** Takes over a postmaster that is still running as it should, or starts one. Resolves when the database answers. */
export async function launch(server: Server): Promise<"adopted" | "started"> {
  if (await adopt(server)) return "adopted"

  const begin = performance.now()
  for (;;) {
    const failure = await start(server)
    if (failure === undefined) return "started"
    // A killed postmaster may for a moment still hold what the next one needs.
    const isPassing = /lock file|shared memory/.test(failure) && performance.now() - begin < RETRY_MS
    if (!isPassing || server.isStopping) throw new StartError(failure)
    await sleep(100)
  }
}

async function adopt(server: Server): Promise<boolean> {
  const running = await runningPostmaster(server.place)
  if (!running) return false

  server.postmaster = running
  // One of another version, or with other settings, is better started afresh.
  const isAsItShouldBe = running.command.join("\0") === server.command.join("\0")
  if (isAsItShouldBe && !(await isShuttingDown(server.place))) {
    const isGone = () => server.isStopping || !isAlive(running)
    if ((await waitUntilReady(server.address, isGone, ADOPTION_MS)) === "ready") return true
  }
  await shutDown(running)
  return false
}

/** Starts a postmaster; returns why that failed, if it did. */
async function start(server: Server): Promise<string | undefined> {
  const { place } = server
  await clearRemains(place)
  await makeSocketDir(place)
  await trimLog(place.logFile)
  const logOffset = await logSize(place.logFile)
  if (server.isStopping) return "PostgreSQL was stopped while it was being started."

  const postmaster = await spawnPostmaster(place, server.command)
  server.postmaster = postmaster
  try {
    const isGone = () => server.isStopping || !isAlive(postmaster)
    const outcome = await waitUntilReady(server.address, isGone, READY_MS)
    if (outcome === "ready") return undefined
    const lines = await lastLines(place.logFile, logOffset)
    await shutDown(postmaster)
    const what = outcome === "gone" ? "ended while it was starting" : "does not answer"
    return `PostgreSQL ${what}; the end of ${place.logFile} says why: ${lines}`
  } catch (error) {
    await shutDown(postmaster)
    throw error
  }
}
