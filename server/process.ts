import type { Config } from "./config.ts"
import type { Connection } from "./db/database.ts"
import { startPostgres, type LocalPostgres } from "./postgres/launcher.ts"
import { createLog, startServer, type RunningServer } from "./server.ts"
import { StartError } from "./start-error.ts"

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
  const postgres = config.databaseUrl ? undefined : await startPostgres({ dataDir: config.dataDir })
  try {
    const server = await startServer(config, connectionTo(config, postgres), log)
    try {
      await Promise.race([started(server), stopping])
      await stopping
    } finally {
      await server.stop()
    }
  } finally {
    await postgres?.stop()
    flush()
  }
}

/** Runs the main function of a process: a `StartError` is one sentence, anything else is a defect, and shown whole. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    console.error(error instanceof StartError ? error.message : error)
    process.exitCode = 1
  }
}

function connectionTo(config: Config, postgres: LocalPostgres | undefined): Connection {
  if (config.databaseUrl !== undefined) return { url: config.databaseUrl }
  if (!postgres) throw new StartError("There is no database: set DATABASE_URL.")
  const { socketDir, port, user, password, database } = postgres
  return { host: socketDir, port, user, password, database }
}

const impatientAfterMs = 3_000

/**
 * Resolves at the first signal to stop; one that comes some seconds later ends the process at once. Not sooner: a
 * terminal signals the whole process group and npm passes the signal on, so that one Ctrl-C arrives twice.
 */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined
    const ask = () => {
      if (askedAt !== undefined && performance.now() - askedAt > impatientAfterMs) process.exit(1)
      askedAt ??= performance.now()
      resolve()
    }
    process.on("SIGTERM", ask)
    process.on("SIGINT", ask)
  })
}
