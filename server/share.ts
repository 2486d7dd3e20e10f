import { availableParallelism } from "node:os"
import { connectionsBesidePool } from "./db/database.ts"
import { StartError } from "./start-error.ts"

/** What one of several processes that serve together may have of what they share. */
export type Share = {
  /** How many serve. */ workers: number
  /** How many connections its pool may have. */ poolSize: number
}

/** More gains nothing on few cores and costs latency. */
const usualPoolSize = 8
const smallestPoolSize = 2
/** Those on which keys alone are read. */
export const keyConnections = 2
const connectionsOf = (poolSize: number): number => poolSize + connectionsBesidePool + keyConnections
/** For a dump, an administrator, and whoever just starts. */
const leftToOthers = 5

/** The share of a process that serves alone. */
export const everything: Share = { workers: 1, poolSize: usualPoolSize }

/** How many connections so many workers use at most, and the one that comes while another leaves. */
export const connectionsFor = (workers: number): number =>
  (workers + 1) * connectionsOf(usualPoolSize) + leftToOthers

/** How many workers are wanted: one for each processor unless it is said. */
export const countOf = (workers: number | "auto"): number =>
  workers === "auto" ? availableParallelism() : workers

/**
 * Divides as many connections as PostgreSQL allows by the workers and one more, which comes before another leaves.
 * `auto`: as many workers as there are processors, or as find connections. Throws `StartError` when so many find none.
 */
export function shareOf(wanted: number | "auto", allowed: number): Share {
  const most = Math.floor((allowed - leftToOthers) / connectionsOf(smallestPoolSize)) - 1
  const workers = wanted === "auto" ? Math.max(1, Math.min(countOf(wanted), most)) : wanted
  if (workers > most) {
    throw new StartError(
      `PostgreSQL allows ${allowed} connections, which are too few for ${workers} workers: set CONCLAVE_WORKERS to ${Math.max(1, most)}, or max_connections to ${connectionsFor(workers)}.`,
    )
  }
  const each = Math.floor((allowed - leftToOthers) / (workers + 1))
  return { workers, poolSize: Math.min(usualPoolSize, each - connectionsOf(0)) }
}
