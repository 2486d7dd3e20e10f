import { setTimeout } from "node:timers/promises"
import type { PublicContext } from "../context.ts"
import { unavailable } from "../errors.ts"
import { instanceConfig } from "./settings.ts"
import { beside, ping } from "./status.store.ts"

const patienceMs = 2_000

/**
 * Throws 503 while the database is away or does not answer within two seconds, and once the server is told to stop, so
 * that a balancer sends nobody here any more.
 */
export async function requireHealthy(ctx: PublicContext): Promise<void> {
  if (ctx.services.isStopping) throw unavailable("The server is about to stop; others may be there")
  const timer = new AbortController()
  const tooLate = setTimeout(patienceMs, false, { signal: timer.signal }).catch(() => false)
  const answered = await Promise.race([ping(beside(ctx.db)).then(() => true), tooLate])
  timer.abort()
  if (!answered) throw unavailable("The database does not answer at the moment; try again shortly")
}

/** Whether people may make accounts by themselves. */
export const isSignUpOpen = async (ctx: PublicContext): Promise<boolean> =>
  (await instanceConfig(beside(ctx.db))).allow_sign_up
