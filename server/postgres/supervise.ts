import { setTimeout as sleep } from "node:timers/promises"
import { launch, type Server } from "./launch.ts"
import { trimLog } from "./log.ts"
import { clearRemains, isShuttingDown, shutDown } from "./postmaster.ts"
import { isAlive, signal } from "./process.ts"

// A death is seen, and the longest delay over, within a second; a PostgreSQL that dies at once is no load.
const LOOK_MS = 250
const CHECK_MS = 5000
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 600
const STEADY_MS = 10_000

/**
 * Starts the postmaster again whenever it dies: within a second, and not at once when it dies again and again. Returns the function that
 * ends this and shuts the postmaster down.
 */
export function supervise(server: Server): () => Promise<void> {
  const impatience = new AbortController()
  // Waiting must neither keep the process alive nor delay a stop.
  const pause = (ms: number) =>
    sleep(ms, undefined, { ref: false, signal: impatience.signal }).catch(() => {})
  const watching = watch(server, pause)
  return async () => {
    server.isStopping = true
    impatience.abort()
    if (server.postmaster) await shutDown(server.postmaster)
    await watching
    // A launch that was under way may have come to another postmaster.
    if (server.postmaster) await shutDown(server.postmaster)
    await clearRemains(server.place)
  }
}

type Pause = (ms: number) => Promise<void>

async function watch(server: Server, pause: Pause): Promise<void> {
  let delayMs = FIRST_DELAY_MS
  while (!server.isStopping) {
    const since = performance.now()
    await untilGone(server, pause)
    if (performance.now() - since > STEADY_MS) delayMs = FIRST_DELAY_MS
    if (server.isStopping) return

    await pause(delayMs)
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)
    // PostgreSQL has written to its log what was wrong, and the next round tries again.
    await launch(server).catch(() => {})
  }
}

async function untilGone(server: Server, pause: Pause): Promise<void> {
  let checkedAt = performance.now()
  let wasShuttingDown = false
  while (!server.isStopping && server.postmaster && isAlive(server.postmaster)) {
    await pause(LOOK_MS)
    if (performance.now() - checkedAt < CHECK_MS) continue
    checkedAt = performance.now()
    await trimLog(server.place.logFile).catch(() => {})

    // Asked by somebody else to end, PostgreSQL would turn new connections away until the last old one is closed.
    const isEnding = await isShuttingDown(server.place).catch(() => false)
    if (isEnding && wasShuttingDown) signal(server.postmaster, "SIGINT")
    wasShuttingDown = isEnding
  }
}
