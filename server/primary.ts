import type { Logger } from "pino"
import type { Config } from "./config.ts"
import { allowedConnections } from "./db/allowed.ts"
import { migrate } from "./db/migrate.ts"
import { createFleet, type Fleet } from "./fleet.ts"
import { mostLeavingMs } from "./leaving.ts"
import { createLog } from "./log.ts"
import { createMemory } from "./memory.ts"
import type { Greeting } from "./orders.ts"
import { onHangUp, untilStopped, withDatabase } from "./process.ts"
import { connectionsFor, countOf, shareOf } from "./share.ts"

/**
 * Starts the database, brings its schema in order, and has workers serve, which are replaced when they die, and all of
 * them one after the other at SIGHUP. Hands to `started` where they listen. Stops in the reverse order on SIGTERM or
 * SIGINT; returns when all of it is down.
 */
export async function serveByWorkers(config: Config, started: (greeting: Greeting) => void): Promise<void> {
  const stopping = untilStopped()
  const { log, flush } = createLog(config.logLevel)
  const memory = createMemory()
  try {
    await withDatabase(config, connectionsFor(countOf(config.workers)), async (connection) => {
      await migrate(connection)
      const share = shareOf(config.workers, await allowedConnections(connection))
      const fleet = createFleet({
        size: share.workers,
        first: { order: "serve", connection, share },
        endMs: config.stopNoticeMs + mostLeavingMs,
        log,
      })
      try {
        const starting = fleet.start().then(started)
        onHangUp(replaceOnceAtATime(fleet, log, starting))
        await Promise.race([starting, stopping])
        await Promise.race([stopping, fleet.lost])
      } finally {
        await fleet.stop()
      }
    })
  } finally {
    memory.stop()
    flush()
  }
}

/** One who asks while it is under way has it done once more after that: what started by then may be of before. */
function replaceOnceAtATime(fleet: Fleet, log: Logger, starting: Promise<void>): () => void {
  let underWay: Promise<void> | undefined
  let isAskedAgain = false
  const replace = async (): Promise<void> => {
    do {
      await starting
      isAskedAgain = false
      try {
        log.info("replacing every worker")
        await fleet.replaceAll()
        log.info("every worker was replaced")
      } catch (err) {
        log.error({ err }, "a new worker does not start: those that are there stay")
      }
    } while (isAskedAgain)
    underWay = undefined
  }
  return () => {
    isAskedAgain = underWay !== undefined
    underWay ??= replace()
  }
}
