import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"

/*
 * Nobody waits without end for a connection on which nothing comes back. PostgreSQL ends a statement that takes too
 * long and says so; when it does not say so either, it cannot be reached any more.
 */

/** How much later than PostgreSQL's own limit an answer may come. */
const graceMs = 1_500
const closeMs = 1_000

/** How a connection is to notice by itself that there is nobody at its other end. */
export const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 }

export type Bounded = {
  /**
   * Sends a statement. Where no answer comes in time the connection is destroyed, and all that was asked on it fails;
   * whether it was done is not known then. `allowedMs` is what PostgreSQL was told to allow this time.
   */
  ask(client: pg.ClientBase, statement: pg.QueryConfig, allowedMs?: number): Promise<pg.QueryResult>
  /** Knows of a connection that it is open. */ add(client: pg.ClientBase): void
  /** Waits until those are gone that were told to end; one whose other end does not say so is cut off. */
  gone(): Promise<void>
}

/** Bounds what is asked by statements that PostgreSQL ends after so many milliseconds; 0 is without end. */
export function bounded(statementMs: number): Bounded & { watch(pool: pg.Pool): void } {
  const ends = new Map<pg.ClientBase, Promise<void>>()
  const idle = new Set<pg.ClientBase>()

  function give(up: pg.ClientBase): void {
    cutOff(up)
    // They lead the same way, and each would cost somebody as long to find out.
    for (const client of idle) cutOff(client)
  }

  function add(client: pg.ClientBase): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    ends.set(client, promise)
    client.once("end", () => {
      ends.delete(client)
      idle.delete(client)
      resolve()
    })
    // Without a listener a break would end the process; the statement under way tells of it.
    client.on("error", () => {})
  }

  return {
    add,
    watch(pool) {
      // A connection that breaks while idle is replaced by the pool.
      pool.on("error", () => {})
      pool.on("connect", add)
      pool.on("acquire", (client) => void idle.delete(client))
      pool.on("release", (_error, client) => void (ends.has(client) && idle.add(client)))
    },
    async ask(client, statement, allowedMs = statementMs) {
      if (allowedMs === 0) return client.query(statement)
      let late: NodeJS.Immediate | undefined
      // What has come while this process was busy is read before the answer counts as missing.
      const timer = setTimeout(() => (late = setImmediate(give, client)), allowedMs + graceMs)
      try {
        return await client.query(statement)
      } finally {
        clearTimeout(timer)
        clearImmediate(late)
      }
    },
    async gone() {
      const timer = new AbortController()
      const late = sleep(closeMs, undefined, { signal: timer.signal }).catch(() => {})
      await Promise.race([Promise.all(ends.values()), late])
      timer.abort()
      for (const client of ends.keys()) cutOff(client)
    },
  }
}

function cutOff(client: pg.ClientBase): void {
  if (!(client instanceof pg.Client)) return
  const error = new Error("The database did not answer in time")
  client.connection.stream.destroy(Object.assign(error, { code: "ETIMEDOUT" }))
}
