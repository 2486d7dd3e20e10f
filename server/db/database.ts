import { CompiledQuery, Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely"
import pg from "pg"
import { isConflict } from "./constraints.ts"
import { bounded, keepAlive, type Bounded } from "./bounded.ts"
import { gathered, typesOf, type Send } from "./gathered.ts"
import { databaseLimits, type DatabaseLimits } from "./limits.ts"
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

const addressOf = (connection: Connection): pg.PoolConfig => ({
  ...("url" in connection ? { connectionString: connection.url } : connection),
  application_name: "conclave",
  ...keepAlive,
})

/** One connection outside the pool, without its time limits; the caller ends it. */
export const singleConnection = (connection: Connection): pg.Client =>
  new pg.Client({ ...addressOf(connection), connectionTimeoutMillis: 5_000 })

const settingsOf = (connection: Connection, limits: DatabaseLimits): pg.PoolConfig => ({
  ...addressOf(connection),
  connectionTimeoutMillis: limits.connectionMs,
  statement_timeout: limits.statementMs,
  lock_timeout: limits.lockMs,
  idle_in_transaction_session_timeout: limits.idleTransactionMs,
})

/** How many connections a database opens beside those of its pool. */
export const connectionsBesidePool = 5

/**
 * Opens a pool of `size` connections (8 by default: more gains nothing on few cores and costs latency). Whatever is
 * asked is answered, or fails, within the limits.
 */
export function openDatabase(
  connection: Connection,
  size = 8,
  limits: DatabaseLimits = databaseLimits,
): Database {
  const settings = settingsOf(connection, limits)
  const bounds = bounded(limits.statementMs)
  const pool = new pg.Pool({ ...settings, max: size })
  bounds.watch(pool)
  const queries = new Kysely<DB>({ dialect: new PostgresDialect({ pool: preparing(pool, bounds) }) })
  const shared = (count: number, lockMs = limits.lockMs) =>
    sharedConnections({ ...settings, lock_timeout: lockMs }, count, bounds)
  const forLookups = shared(2)
  const lookups = queriesOn(forLookups)
  const forRecords = shared(1)
  // Where batches are written nobody waits for a lock: whoever must wait does so in the pool.
  const forWrites = shared(2, 100)
  besidePools.set(queries, { records: queriesOn(forRecords), writes: queriesOn(forWrites) })
  directWays.set(queries, (text, values) =>
    // What a statement by itself was refused for, such as a name that is taken, leaves nothing behind.
    withClient(pool, (client) => rowsOf(client, bounds, text, values), isConflict),
  )
  directWays.set(
    lookups,
    gathered(forLookups.send, (text) => learnTypes(pool, bounds, text)),
  )
  return {
    queries,
    lookups,
    async close() {
      // Not through the query builder, which ends only what it has itself begun.
      await Promise.all([pool.end(), forLookups.end(), forRecords.end(), forWrites.end(), bounds.gone()])
    },
  }
}

/**
 * Runs work on a connection of the pool. One on which something failed is given to nobody else, unless `isWhole` says
 * that it is as good as before.
 */
async function withClient<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
  isWhole: (error: unknown) => boolean,
): Promise<Result> {
  const client = await pool.connect()
  try {
    const result = await work(client)
    client.release()
    return result
  } catch (error) {
    client.release(!isWhole(error))
    throw error
  }
}

/** What types the values of a statement have. */
const learnTypes = (pool: pg.Pool, bounds: Bounded, text: string): Promise<string[]> =>
  // When it fails the connection may hold a statement of that name still.
  withClient(
    pool,
    (client) =>
      typesOf(
        async (statement, values) => (await bounds.ask(client, { text: statement, values })).rows,
        text,
      ),
    () => false,
  )

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

/** What a statement answers, prepared so that PostgreSQL parses and plans it once. */
const rowsOf = async (
  client: pg.ClientBase,
  bounds: Bounded,
  text: string,
  values: unknown[],
): Promise<unknown[]> => (await bounds.ask(client, named(text, values))).rows

/** A connection as Kysely sees it. */
function preparingClient(
  client: pg.ClientBase,
  bounds: Bounded,
  release: (error?: boolean) => void,
): PostgresPoolClient {
  let allowedMs: number | undefined
  const query = (text: unknown, values: readonly unknown[] = []): unknown => {
    if (typeof text !== "string") throw new Error("Cursors are not used here.")
    if (text === takeLongerSql) allowedMs = Number(values[0])
    return bounds.ask(client, named(text, [...values]), allowedMs)
  }
  return { query, release } as PostgresPoolClient
}

const preparing = (pool: pg.Pool, bounds: Bounded): PostgresPool => ({
  options: pool.options,
  async connect() {
    const client = await pool.connect()
    return preparingClient(client, bounds, (error) => client.release(error))
  },
  end: () => pool.end(),
})

/**
 * `count` connections that are never given back. A statement goes to one with the fewest under way, and the first of
 * those: PostgreSQL's process behind it has what it needs at hand still. One that breaks is replaced when it is needed.
 */
function sharedConnections(settings: pg.PoolConfig, count: number, bounds: Bounded) {
  const slots: (Promise<pg.Client> | undefined)[] = Array(count).fill(undefined)
  const underWay: number[] = Array(count).fill(0)
  const connect = async (forget: () => void): Promise<pg.Client> => {
    const client = new pg.Client({ ...settings, pipeline: true })
    client.on("error", forget)
    client.on("end", forget)
    try {
      await client.connect()
      bounds.add(client)
      // Look-ups by key: how they are done does not hang on the values, and planning them takes longer than they do.
      // A table that one folder or one organization fills would be read as a whole for every other one, too.
      const text = "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off"
      await bounds.ask(client, { text })
    } catch (error) {
      forget()
      throw error
    }
    return client
  }
  const connected = (slot: number): Promise<pg.Client> => {
    const known = slots[slot]
    if (known) return known
    const begun = connect(() => {
      // By now another one may be in its place.
      if (slots[slot] === begun) slots[slot] = undefined
    })
    return (slots[slot] = begun)
  }
  /** One with the fewest under way, counted as busier until it is released. */
  async function take(): Promise<{ client: pg.Client; release: () => void }> {
    const slot = underWay.indexOf(Math.min(...underWay))
    const change = (by: 1 | -1) => void (underWay[slot] = (underWay[slot] ?? 0) + by)
    change(1)
    try {
      return { client: await connected(slot), release: () => change(-1) }
    } catch (error) {
      change(-1)
      throw error
    }
  }
  return {
    options: settings,
    async send(text: string, values: unknown[]) {
      const { client, release } = await take()
      try {
        return await rowsOf(client, bounds, text, values)
      } finally {
        release()
      }
    },
    async connect() {
      const { client, release } = await take()
      return preparingClient(client, bounds, release)
    },
    async end() {
      const ends = slots.map(async (slot) => (await slot?.catch(() => undefined))?.end())
      await Promise.race([Promise.all(ends), bounds.gone()])
    },
  }
}

/** A way to ask on shared connections. */
function queriesOn(shared: ReturnType<typeof sharedConnections>): Queries {
  const queries = new Kysely<DB>({ dialect: new PostgresDialect({ pool: shared }) })
  directWays.set(queries, shared.send)
  return queries
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

const takeLongerSql = "select set_config('statement_timeout', $1::text, true)"

/** Lets each statement of a transaction from here on take so long, whatever others may take. */
export async function takeLonger(transaction: Queries, statementMs: number): Promise<void> {
  await run(transaction, takeLongerSql, [String(statementMs)])
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
