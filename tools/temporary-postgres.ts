import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startPostgres, type LocalPostgres } from "../server/postgres/launcher.ts"
import { singleConnection, type Connection } from "../server/db/database.ts"
import { migrate } from "../server/db/migrate.ts"
import { testDatabases } from "../server/test/databases.ts"

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

/** Makes the migrated template of test databases; returns what tells tests where to find it, for their environment. */
export async function makeTemplate({ connection }: TemporaryPostgres): Promise<Record<string, string>> {
  const admin = singleConnection(connection())
  await admin.connect()
  await admin.query(`create database ${testDatabases.template}`)
  await admin.end()
  await migrate(connection(testDatabases.template))
  return { [testDatabases.variable]: JSON.stringify(connection()) }
}
