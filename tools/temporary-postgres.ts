import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startPostgres, type LocalPostgres } from "../server/postgres/launcher.ts"
import type { Connection } from "../server/db/database.ts"

export type TemporaryPostgres = {
  postgres: LocalPostgres
  /** The address of one of its databases. */ connection(database?: string): Connection
  /** Stops it and removes its folder. */ stop(): Promise<void>
}

/** A PostgreSQL of its own in a throw-away folder, for tools and tests. */
export async function temporaryPostgres(): Promise<TemporaryPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "conclave-"))
  const postgres = await startPostgres({ dataDir: folder })
  const { socketDir, port, user, password } = postgres
  return {
    postgres,
    connection: (database = postgres.database) => ({ host: socketDir, port, user, password, database }),
    async stop() {
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
