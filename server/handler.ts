import type { PublicContext, Reply } from "./context.ts"
import { isTransient, translate } from "./db/constraints.ts"
import type { Queries } from "./db/database.ts"
import { DomainError } from "./errors.ts"
import type { Endpoint } from "./http/endpoint.ts"
import { Prepared } from "./http/prepared.ts"
import { requireMatch, tagOf } from "./preconditions.ts"
import { createTurns, type Turns } from "./turns.ts"
import type { Outcome } from "./idempotency/idempotency.ts"

export const maxTries = 3

type Confirm = (db: Queries) => Promise<void>
/** What is done before the commit; and, for a call that is done once, how. */
type How = {
  confirm?: Confirm
  once?: ((db: Queries, act: () => Promise<string>) => Promise<Outcome>) | undefined
  /** Previews what is done, in a transaction that is rolled back; nothing that it asks for happens behind it. */
  preview?: Preview | undefined
}
type Preview = (db: Queries, act: () => Promise<unknown>) => Promise<unknown>

/**
 * Runs the handler, in a transaction where the endpoint says so, which is committed when `confirm` lets it; a deadlock
 * is tried again.
 */
export async function run(
  endpoint: Endpoint,
  ctx: PublicContext,
  input: unknown,
  { confirm, once, preview }: How = {},
): Promise<unknown> {
  const handle = async (more: Partial<PublicContext>): Promise<unknown> =>
    endpoint.handle({ ...ctx, ...more }, input)
  for (let attempt = 1; ; attempt++) {
    const jobs: (() => Promise<void>)[] = []
    const cookies = new Map<string, string>()
    const headers = new Map<string, string>()
    const request = { ...ctx.request, afterCommit: (job: () => Promise<void>) => void jobs.push(job) }
    const reply: Reply = {
      setCookie: (name, value) => void cookies.set(name, value),
      setHeader: (name, value) => void headers.set(name, value),
    }
    const work = async (db: Queries): Promise<unknown> => {
      const act = async () => {
        await requireMatch(endpoint, { ...ctx, db }, input)
        const result = await handle({ request, reply, db })
        if (endpoint.tagOf) reply.setHeader("etag", tagOf(endpoint.tagOf(result), ctx.services.keyedHash))
        return result
      }
      if (preview) {
        return preview(db, async () => {
          const result = await act()
          await confirm?.(db)
          return render(endpoint, result)
        })
      }
      if (!once) return act()
      const { text, isReplay } = await once(db, async () => textOf(endpoint, await act()))
      if (isReplay) reply.setHeader("idempotent-replayed", "true")
      return new Prepared(text)
    }
    try {
      const whole = () => {
        if (preview) return rolledBack(ctx.db, work)
        return endpoint.transaction || once ? inTransaction(ctx.db, work, confirm) : work(ctx.db)
      }
      // A preview may be of what touches everybody, and reads that twice.
      const takesTurns = endpoint.isBulk || preview !== undefined
      const result = takesTurns ? await turnsOf(ctx.db)(whole) : await whole()
      if (preview) return result
      for (const job of jobs) ctx.request.afterCommit(job)
      for (const [name, value] of cookies) ctx.reply.setCookie(name, value)
      for (const [name, value] of headers) ctx.reply.setHeader(name, value)
      return result
    } catch (error) {
      if (attempt < maxTries && isTransient(error)) continue
      throw translate(error)
    }
  }
}

/** Of the connections of a pool, and for how long one may wait for its turn. */
const bulk = { atOnce: 2, waitMs: 10_000 }
const turns = new WeakMap<Queries, Turns>()

function turnsOf(pool: Queries): Turns {
  const known = turns.get(pool) ?? createTurns(bulk.atOnce, bulk.waitMs)
  turns.set(pool, known)
  return known
}

/** Carries a result out of a transaction that does not end well. */
class RolledBack extends Error {
  readonly result: unknown

  constructor(result: unknown) {
    super("rolled back")
    this.result = result
  }
}

/** What the work returns, and nothing of what it wrote. */
async function rolledBack(pool: Queries, work: (db: Queries) => Promise<unknown>): Promise<unknown> {
  try {
    return await pool.transaction().execute(async (db): Promise<never> => {
      throw new RolledBack(await work(db))
    })
  } catch (error) {
    if (error instanceof RolledBack) return error.result
    throw error
  }
}

/** Commits what the work returns, and what was written before a refusal that says it keeps that. */
async function inTransaction(
  pool: Queries,
  work: (db: Queries) => Promise<unknown>,
  confirm: Confirm | undefined,
): Promise<unknown> {
  const outcome = await pool.transaction().execute(async (db) => {
    try {
      const result = await work(db)
      await confirm?.(db)
      return { result }
    } catch (refusal) {
      if (refusal instanceof DomainError && refusal.keepsChanges) return { refusal }
      throw refusal
    }
  })
  if ("refusal" in outcome) throw outcome.refusal
  return outcome.result
}

/** The answer as it leaves: only what the endpoint's allow-list names. */
export const render = (endpoint: Endpoint, result: unknown): unknown =>
  result instanceof Prepared ? result : endpoint.result.parse(result)

const textOf = (endpoint: Endpoint, result: unknown): string => {
  const rendered = render(endpoint, result)
  return rendered instanceof Prepared ? rendered.reveal().toString() : JSON.stringify(rendered)
}
