import { rm } from "node:fs/promises"
import { after } from "node:test"
import type { Client } from "pg"
import { singleConnection } from "../db/database.ts"
import { createTestDatabase } from "./databases.ts"
import type { Answer, Call } from "./http.ts"
import * as people from "./people.ts"
import { makeDataDir, startProcess, type RunningProcess } from "./processes.ts"

/** Whatever takes requests: a server of its own process, or one that is called in some other way. */
export type Server = Pick<RunningProcess, "call">

/** Two servers on one database, since one process alone hides what races there or is kept in its memory. */
export type TwoServers = {
  left: Server
  right: Server
  /** The tests' own view of the database. */ sql: Client
  acme: people.Organization
}

/**
 * Starts two processes on a database of the test's own, set up with an organization; all of it goes after the tests of the file. Each request comes
 * from an address of its own, so that no limit by address is in the way, unless it says from where it comes.
 */
export async function startTwoServers(
  /** Of the second server alone. */ rightEnv: Record<string, string> = {},
): Promise<TwoServers> {
  const database = await createTestDatabase()
  const dataDir = await makeDataDir()
  const sql = singleConnection(database.connection)
  await sql.connect()
  const env = { LOG_LEVEL: "error", TRUSTED_PROXIES: "127.0.0.1" }
  const options = { dataDir, databaseUrl: database.url, env }
  // The first makes the keys, in the folder that both share.
  const left = await startProcess(options)
  const right = await startProcess({ ...options, env: { ...env, ...rightEnv } })
  after(async () => {
    for (const server of [left, right]) server.kill("SIGTERM")
    await Promise.all([left.exited, right.exited])
    await sql.end()
    await database.drop()
    await rm(dataDir, { recursive: true, force: true })
  })
  const acme = await people.bootstrap(left)
  return { left: fromAnywhere(left), right: fromAnywhere(right), sql, acme }
}

let calls = 0

/** The server, called from a new address each time. */
export function fromAnywhere(server: Server): Server {
  return {
    call(route, options = {}) {
      const number = ++calls
      const source = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
      return server.call(route, { ...options, headers: { "x-forwarded-for": source, ...options.headers } })
    },
  }
}

/** How many of something: `few` in `npm test`, `all` in `npm run races`. */
export const timesOf = (few: number, all: number): number => (process.env["RACES"] === "all" ? all : few)

/** Sends the same request so many times at once, half of them to each server. */
export const parallel = (
  { left, right }: TwoServers,
  count: number,
  request: (index: number) => [route: string, options: Call],
): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) => (index % 2 === 0 ? left : right).call(...request(index))),
  )

/** How often each status was answered. */
export function tally(answers: Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** How many rows there are of `text`, a table and what follows it. */
export async function count({ sql }: TwoServers, text: string, values: unknown[] = []): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(`select count(*) from ${text}`, values)
  return Number(rows[0]?.count)
}
