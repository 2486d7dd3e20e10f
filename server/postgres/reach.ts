import { join } from "node:path"
import { StartError } from "../start-error.ts"
import { DATABASE, USER } from "./cluster.ts"
import { exists, readText } from "./files.ts"
import { startPostgres } from "./launcher.ts"
import { FolderInUse } from "./lock.ts"
import { findPlace, makeDataDir, PORT } from "./placement.ts"
import { waitUntilReady, type Address } from "./ready.ts"

const PATIENCE_MS = 10_000

/** A PostgreSQL that answers, for a tool that needs it for a moment. */
export type Reached = { address: Address; leave(): Promise<void> }

/**
 * Reaches the PostgreSQL of this data folder: that of the server which is running on it, or one that is started for the
 * time and stopped by `leave`. Makes nothing: where there is no database it throws a `StartError`.
 */
export async function reachPostgres(options: { dataDir: string }): Promise<Reached> {
  const { dataDir } = options
  const passwordFile = join(dataDir, "postgres-password")
  if (!(await exists(passwordFile))) {
    throw new StartError(
      `There is no database in ${dataDir}: set CONCLAVE_DATA_DIR or DATABASE_URL to those of the server.`,
    )
  }
  try {
    const { socketDir, port, user, password, database, stop } = await startPostgres({ dataDir })
    return { address: { host: socketDir, port, user, password, database }, leave: stop }
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error
  }
  const { socketDir } = await findPlace(await makeDataDir(dataDir))
  const password = await readText(passwordFile)
  const address = { host: socketDir, port: PORT, user: USER, password, database: DATABASE }
  if ((await waitUntilReady(address, () => false, PATIENCE_MS)) !== "ready") {
    throw new StartError(`The PostgreSQL of the server on ${dataDir} does not answer: try again shortly.`)
  }
  return { address, leave: async () => {} }
}
