import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after } from "node:test"
import { sql } from "kysely"
import pino from "pino"
import { loadConfig } from "../config.ts"
import { openDatabase, type Queries } from "../db/database.ts"
import { startServer, type RunningServer } from "../server.ts"
import { createTestDatabase, type Address, type TestDatabase } from "./databases.ts"
import { call, type Answer, type Call } from "./http.ts"
import { allReplicated } from "./replicas.ts"

export type Harness = {
  address: string
  database: TestDatabase
  /** The server's data folder. */ dataDir: string
  /** The tests' own view of the database. */ db: Queries
  server: RunningServer
  call(route: string, options?: Call): Promise<Answer>
  /**
   * Every row of every table as text, by table: what a refusal must leave as it was. Without when a session was last
   * used, which is noted after the answer of whatever request. Waits for what goes on by itself.
   */
  state(): Promise<Record<string, string[]>>
}

/** Where tests of many files share a machine, everything takes longer than a person would wait for. */
const patience = {
  DATABASE_CONNECTION_TIMEOUT_MS: "10000",
  DATABASE_STATEMENT_TIMEOUT_MS: "20000",
  DATABASE_LOCK_TIMEOUT_MS: "10000",
}

/**
 * A server on a database of its own, stopped after the tests of the file. `env` adds to its environment; `reach` may
 * put something between the server and its database, and `log` keep what it logs.
 */
export async function startHarness(
  env: Record<string, string> = {},
  reach: (database: Address) => Promise<Address> = async (database) => database,
  log = pino({ level: "silent" }),
): Promise<Harness> {
  const database = await createTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), "conclave-test-"))
  const config = loadConfig({ PORT: "0", CONCLAVE_DATA_DIR: folder, ...patience, ...env })
  const server = await startServer(config, await reach(database.connection), log)
  const own = openDatabase(database.connection, 2)
  after(async () => {
    await server.stop()
    await own.close()
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    address: server.address,
    database,
    dataDir: folder,
    db: own.queries,
    server,
    call: (route, options) => call(server.address, route, options),
    state: await readState(own.queries),
  }
}

/** A function that reads every row of every table in one statement; the tables are those that are there now. */
async function readState(db: Queries): Promise<() => Promise<Record<string, string[]>>> {
  const tables = (await db.introspection.getTables()).filter(({ isView }) => !isView)
  const each = tables.map(
    ({ name }) => sql`
      select ${sql.lit(name)} as name, array(
        select x.text from (select (to_jsonb(each) - 'last_used_at')::text from ${sql.table(name)} each) x(text)
        order by x.text collate "C"
      ) as rows`,
  )
  const all = sql<{ name: string; rows: string[] }>`${sql.join(each, sql` union all `)}`
  return async () => {
    await allReplicated(db)
    return Object.fromEntries((await all.execute(db)).rows.map(({ name, rows }) => [name, rows] as const))
  }
}
