import { CompiledQuery, Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely"
import pg from "pg"
import { gathered, typesOf, type Send } from "./gathered.ts"
import { isPlannedAnew } from "./paging.ts"
import type { DB } from "./schema.ts"

/** The pool or a transaction: a store runs the same on both. */
export type Queries = Kysely<DB>

/** How to reach PostgreSQL; a `host` beginning with `/` is the folder of a unix socket. */
export type Connection =
  { url: string } | { host: string; port: number; user: string; password: string; database: string }

export type Database = {
  queries: Queries
  /**
   * For look-ups by key that every request begins with: a few connections on which statements are sent without
   * waiting for the answers before them, and the same ones for one organization together. Nothing slow, nothing that
   * writes and no transaction may go here, since others wait behind it.
   */
  lookups: Queries
  close(): Promise<void>
}

const limits = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 15_000,
  idle_in_transaction_session_timeout: 10_000,
  application_name: "conclave",
}

const addressOf = (connection: Connection): pg.PoolConfig =>
  "url" in connection ? { connectionString: connection.url } : connection

/** One connection outside the pool, without its time limits; the caller ends it. */
export const singleConnection = (connection: Connection): pg.Client =>
  new pg.Client({ ...addressOf(connection), connectionTimeoutMillis: 5_000, application_name: "conclave" })

/** Opens a pool of `size` connections (8 by default: more gains nothing on few cores and costs latency). */
export function openDatabase(connection: Connection, size = 8, lockTimeoutMs = 5_000): Database {
  const settings: pg.PoolConfig = {
    ...addressOf(connection),
    ...limits,
    lock_timeout: lockTimeoutMs,
    keepAlive: true,
  }
  const pool = new pg.Pool({ ...settings, max: size })
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => {})
  // Nor is there one on a connection that is handed out; there the statement under way tells of the break.
  pool.on("connect", (client) => void client.on("error", () => {}))
  const queries = new Kysely<DB>({ dialect: new PostgresDialect({ pool: preparing(pool) }) })
  const shared = sharedConnections(settings, 2)
  const lookups = new Kysely<DB>({ dialect: new PostgresDialect({ pool: shared }) })
  const records = besideConnections(settings, 1)
  // Where batches are written nobody waits for a lock: whoever must wait does so in the pool.
  const writes = besideConnections({ ...settings, lock_timeout: 100 }, 2)
  besidePools.set(queries, { records: records.queries, writes: writes.queries })
  directWays.set(queries, async (text, values) => (await pool.query(named(text, values))).rows)
  const send = async (text: string, values: unknown[]) =>
    (await (await shared.client()).query(named(text, values))).rows
  directWays.set(
    lookups,
    gathered(send, (text) => learnTypes(pool, text)),
  )
  return {
    queries,
    lookups,
    async close() {
      // Not through the query builder, which ends only what it has itself begun.
      await Promise.all([pool.end(), shared.end(), records.end(), writes.end()])
    },
  }
}

/** What types the values of a statement have. */
async function learnTypes(pool: pg.Pool, text: string): Promise<string[]> {
  const client = await pool.connect()
  try {
    const types = await typesOf(
      async (statement, values) => (await client.query(statement, values)).rows,
      text,
    )
    client.release()
    return types
  } catch (error) {
    // It may be broken, or hold a statement of that name still: nobody else gets this connection.
    client.release(true)
    throw error
  }
}

/** Statements are prepared once a connection. Their texts come from code, so they are few; the cap is for safety. */
const preparedNames = new Map<string, string>()
const maxPrepared = 500

function nameOf(text: string): string | undefined {
  const known = preparedNames.get(text)
  if (known) return known
  if (preparedNames.size >= maxPrepared || !/^\s*(select|insert|update|delete|with)\b/i.test(text))
    return undefined
  if (isPlannedAnew(text)) return undefined
  const name = `s${preparedNames.size}`
  preparedNames.set(text, name)
  return name
}

function named(text: string, values: unknown[]): pg.QueryConfig {
  const name = nameOf(text)
  return name === undefined ? { text, values } : { name, text, values }
}

/** A connection as Kysely sees it, with every statement named so that PostgreSQL parses and plans it once. */
function preparingClient(client: pg.ClientBase, release: (error?: boolean) => void): PostgresPoolClient {
  const query = (text: unknown, values?: readonly unknown[]): unknown => {
    if (typeof text !== "string") throw new Error("Cursors are not used here.")
    return client.query(named(text, [...(values ?? [])]))
  }
  return { query, release } as PostgresPoolClient
}

const preparing = (pool: pg.Pool): PostgresPool => ({
  options: pool.options,
  async connect() {
    const client = await pool.connect()
    return preparingClient(client, (error) => client.release(error))
  },
  end: () => pool.end(),
})

/** `count` connections that take turns and are never given back; one that breaks is replaced when its turn comes. */
function sharedConnections(settings: pg.PoolConfig, count: number) {
  const slots: (Promise<pg.Client> | undefined)[] = Array(count).fill(undefined)
  let turn = 0
  const open = async (slot: number): Promise<pg.Client> => {
    const client = new pg.Client({ ...settings, pipeline: true })
    const forget = () => void (slots[slot] = undefined)
    client.on("error", forget)
    client.on("end", forget)
    try {
      await client.connect()
      // Look-ups by key: how they are done does not hang on the values, and planning them takes longer than they do.
      // A table that one folder or one organization fills would be read as a whole for every other one, too.
      await client.query("set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off")
    } catch (error) {
      forget()
      throw error
    }
    return client
  }
  const next = (): Promise<pg.Client> => {
    const slot = turn++ % count
    return (slots[slot] ??= open(slot))
  }
  return {
    options: settings,
    client: next,
    connect: async () => preparingClient(await next(), () => {}),
    async end() {
      const ends = slots.map(async (slot) => (await slot?.catch(() => undefined))?.end())
      await Promise.all(ends)
    },
  }
}

/** Shared connections with a way to ask on them. */
function besideConnections(settings: pg.PoolConfig, count: number) {
  const shared = sharedConnections(settings, count)
  const queries = new Kysely<DB>({ dialect: new PostgresDialect({ pool: shared }) })
  directWays.set(
    queries,
    async (text, values) => (await (await shared.client()).query(named(text, values))).rows,
  )
  return { queries, end: () => shared.end() }
}

/**
 * Runs a hand-written statement with its values; rows come as the driver gives them. On the pool and on the look-up
 * connections it goes straight to the driver, since the query builder has nothing to build.
 */
export async function run<Row>(db: Queries, text: string, values: unknown[]): Promise<Row[]> {
  const direct = directWays.get(db)
  if (direct) return (await direct(text, values)) as Row[]
  const result = await db.executeQuery<Row>(CompiledQuery.raw(text, values))
  return result.rows
}

/**
 * Connections beside those of the pool, for statements that are transactions by themselves: where what is read is
 * recorded, so that who reads does not wait for who writes, and where small writes go together. A transaction has none,
 * and stays with itself.
 */
export const besidePool = (db: Queries, purpose: "records" | "writes"): Queries =>
  besidePools.get(db)?.[purpose] ?? db

const besidePools = new WeakMap<Queries, { records: Queries; writes: Queries }>()
const directWays = new WeakMap<Queries, Send>()
