import { setTimeout as sleep } from "node:timers/promises"
import { Client, DatabaseError } from "pg"
import { StartError } from "../start-error.ts"

/** What a client needs to reach the database. */
export type Address = { host: string; port: number; user: string; password: string; database: string }

/** What became of a PostgreSQL that was waited for. */
export type Outcome = "ready" | "gone" | "silent"

const POLL_MS = 25
const RECOVERY_MS = 5 * 60_000

/**
 * Waits until the database answers, or PostgreSQL is gone, or it has stayed silent for so long. While it says that
 * it is starting up, as it does when it recovers from a crash, it is given five minutes.
 */
export async function waitUntilReady(
  address: Address,
  isGone: () => boolean,
  patienceMs: number,
): Promise<Outcome> {
  const begin = performance.now()
  let limit = begin + patienceMs
  for (;;) {
    const answer = await ask(address)
    if (answer === "ready") return "ready"
    if (isGone()) return "gone"
    const now = performance.now()
    if (answer === "starting") limit = Math.min(now + patienceMs, begin + RECOVERY_MS)
    if (now > limit) return "silent"
    await sleep(POLL_MS)
  }
}

async function ask(address: Address): Promise<"ready" | "starting" | "silent"> {
  try {
    await query(address, "select 1")
    return "ready"
  } catch (error) {
    if (!(error instanceof DatabaseError)) return "silent"
    if (error.code === "57P03") return "starting"
    if (error.code === "3D000") return await createDatabase(address)
    // Too many connections: it answers others.
    if (error.code === "53300") return "ready"
    if (error.code?.startsWith("28")) {
      throw new StartError(
        `PostgreSQL does not accept the password in the data folder (${error.message}): restore the file postgres-password from the backup that has the database too.`,
        { cause: error },
      )
    }
    return "silent"
  }
}

async function createDatabase(address: Address): Promise<"ready" | "silent"> {
  try {
    await query({ ...address, database: "postgres" }, `create database "${address.database}"`)
    return "ready"
  } catch (error) {
    if (!(error instanceof DatabaseError)) return "silent"
    throw new StartError(
      `PostgreSQL could not create the database ${address.database} (${error.message}): see its log in the data folder.`,
      { cause: error },
    )
  }
}

async function query(address: Address, text: string): Promise<void> {
  const client = new Client({ ...address, ssl: false, connectionTimeoutMillis: 5000 })
  // Without a listener an error on an idle connection ends the process.
  client.on("error", () => {})
  try {
    await client.connect()
    await client.query(text)
  } finally {
    await client.end().catch(() => {})
  }
}
