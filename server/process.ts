import type { Config } from "./config.ts"
import type { Connection } from "./db/database.ts"
import { createLog } from "./log.ts"
import { startPostgres } from "./postgres/launcher.ts"
import type { RunningServer } from "./server.ts"

/**
 * Starts everything, hands the running server to `started`, and stops in the reverse order on SIGTERM or SIGINT.
 * Returns when all of it is down.
 */
export async function serveUntilStopped(
  config: Config,
  started: (server: RunningServer) => Promise<void> | void,
): Promise<void> {
  const stopping = untilStopped()
  const { log, flush } = createLog(config.logLevel)
  // Read while PostgreSQL starts, and not by a process that only looks after others.
  const sources = import("./server.ts")
  onHangUp(() => log.warn("SIGHUP does nothing to a server of one process; see CONCLAVE_WORKERS"))
  try {
    await withDatabase(config, undefined, async (connection) => {
      const { startServer } = await sources
      const server = await startServer(config, connection, log)
      try {
        await Promise.race([started(server), stopping])
        await stopping
      } finally {
        await server.stop()
      }
    })
  } finally {
    flush()
  }
}

/**
 * Does some work with the database that is configured, our own or another one; our own is started before and stopped
 * after it, and allows so many connections.
 */
export async function withDatabase(
  { databaseUrl, dataDir }: Config,
  connections: number | undefined,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  if (databaseUrl !== undefined) return work({ url: databaseUrl })
  const postgres = await startPostgres({ dataDir, connections })
  try {
    const { socketDir, port, user, password, database } = postgres
    await work({ host: socketDir, port, user, password, database })
  } finally {
    await postgres.stop()
  }
}

const impatientAfterMs = 3_000

/**
 * Resolves at the first signal to stop; one that comes some seconds later ends the process at once. Not sooner: a
 * terminal signals the whole process group and npm passes the signal on, so that one Ctrl-C arrives twice.
 */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined
    const ask = () => {
      if (askedAt !== undefined && performance.now() - askedAt > impatientAfterMs) process.exit(1)
      askedAt ??= performance.now()
      resolve()
    }
    process.on("SIGTERM", ask)
    process.on("SIGINT", ask)
    // A server that was started in a terminal ends with it.
    if (process.stdin.isTTY) process.on("SIGHUP", ask)
  })
}

/** Does something at each SIGHUP that does not mean that the terminal was closed. */
export function onHangUp(work: () => void): void {
  if (!process.stdin.isTTY) process.on("SIGHUP", work)
}
