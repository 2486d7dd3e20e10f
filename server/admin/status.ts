import { setTimeout } from "node:timers/promises"
import type { PublicContext } from "../context.ts"
import { besidePool } from "../db/database.ts"
import { unavailable } from "../errors.ts"
import { instanceConfig } from "./settings.ts"
import { ping } from "./status.store.ts"

const patienceMs = 2_000

/**
 * Throws 503 while the database is away or does not answer within two seconds. Asks beside the pool, since a server is
 * well whose connections all happen to be busy.
 */
export async function requireHealthy(ctx: PublicContext): Promise<void> {
  const timer = new AbortController()
  const tooLate = setTimeout(patienceMs, false, { signal: timer.signal }).catch(() => false)
  const answered = await Promise.race([ping(besidePool(ctx.db)).then(() => true), tooLate])
  timer.abort()
  if (!answered) throw unavailable("The database does not answer at the moment; try again shortly")
}

/** Whether people may make accounts by themselves. */
export const isSignUpOpen = async (ctx: PublicContext): Promise<boolean> =>
  (await instanceConfig(besidePool(ctx.db))).allow_sign_up
