import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startPostgres, type LocalPostgres } from "../server/postgres/launcher.ts"
import type { Connection } from "../server/db/database.ts"
import { migrate } from "../server/db/migrate.ts"
import { administer, testDatabases } from "../server/test/databases.ts"

export type TemporaryPostgres = {
  postgres: LocalPostgres
  /** The address of one of its databases. */ connection(database?: string): Connection
  /** Stops it and removes its folder. */ stop(): Promise<void>
}

/** A PostgreSQL of its own in a throw-away folder, for tools and tests; commits in it do not wait for the disk. */
export async function temporaryPostgres(): Promise<TemporaryPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "conclave-"))
  const postgres = await startPostgres({ dataDir: folder })
  const { socketDir, port, user, password } = postgres
  const connection = (database = postgres.database) => ({ host: socketDir, port, user, password, database })
  // What is thrown away need not outlive a crash. Everything that is about one has a PostgreSQL of its own.
  await administer(connection(), `alter role ${user} set synchronous_commit = off`)
  return {
    postgres,
    connection,
    async stop() {
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Makes the migrated template of test databases; returns what tells tests where to find it, for their environment. */
export async function makeTemplate({ connection }: TemporaryPostgres): Promise<Record<string, string>> {
  await administer(connection(), `create database ${testDatabases.template}`)
  await migrate(connection(testDatabases.template))
  return { [testDatabases.variable]: JSON.stringify(connection()) }
}
