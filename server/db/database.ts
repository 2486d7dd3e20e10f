import { CompiledQuery, Kysely, PostgresDialect, type PostgresPoolClient } from "kysely"
import pg from "pg"
import type { DB } from "./schema.ts"

/** The pool or a transaction: a store runs the same on both. */
export type Queries = Kysely<DB>

/** How to reach PostgreSQL; a `host` beginning with `/` is the folder of a unix socket. */
export type Connection =
  { url: string } | { host: string; port: number; user: string; password: string; database: string }

export type Database = {
  queries: Queries
  /** The driver's pool, for what is no query: waiting for the server, and its own health. */ pool: pg.Pool
  close(): Promise<void>
}

const limits = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 15_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 10_000,
  application_name: "conclave",
}

const addressOf = (connection: Connection): pg.PoolConfig =>
  "url" in connection ? { connectionString: connection.url } : connection

/** One connection outside the pool, without its time limits; the caller ends it. */
export const singleConnection = (connection: Connection): pg.Client =>
  new pg.Client({ ...addressOf(connection), connectionTimeoutMillis: 5_000, application_name: "conclave" })

/** Opens a pool of `size` connections (8 by default: more gains nothing on few cores and costs latency). */
export function openDatabase(connection: Connection, size = 8): Database {
  const pool = new pg.Pool({ ...addressOf(connection), ...limits, max: size, keepAlive: true })
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => {})
  const queries = new Kysely<DB>({ dialect: new PostgresDialect({ pool: preparing(pool) }) })
  return { queries, pool, close: () => queries.destroy() }
}

/** Statements are prepared once a connection. Their texts come from code, so they are few; the cap is for safety. */
const preparedNames = new Map<string, string>()
const maxPrepared = 500

function nameOf(text: string): string | undefined {
  const known = preparedNames.get(text)
  if (known) return known
  if (preparedNames.size >= maxPrepared || !/^\s*(select|insert|update|delete|with)\b/i.test(text))
    return undefined
  const name = `s${preparedNames.size}`
  preparedNames.set(text, name)
  return name
}

/** The pool as Kysely sees it, with every statement named so that PostgreSQL parses and plans it once. */
function preparing(pool: pg.Pool) {
  return {
    options: pool.options,
    async connect(): Promise<PostgresPoolClient> {
      const client = await pool.connect()
      const query = (text: unknown, values?: readonly unknown[]): unknown => {
        if (typeof text !== "string") throw new Error("Cursors are not used here.")
        const name = nameOf(text)
        return client.query({ text, values: [...(values ?? [])], ...(name ? { name } : {}) })
      }
      return { query, release: (error?: boolean) => client.release(error) } as PostgresPoolClient
    },
    end: () => pool.end(),
  }
}

/** Runs a hand-written statement with its values; rows come as the driver gives them. */
export async function run<Row>(db: Queries, text: string, values: readonly unknown[]): Promise<Row[]> {
  const result = await db.executeQuery<Row>(CompiledQuery.raw(text, [...values]))
  return result.rows
}
