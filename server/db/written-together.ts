import { isUndone } from "./constraints.ts"
import { besidePool, type Queries } from "./database.ts"
import type { Waiting } from "./standing.ts"
import { together } from "./together.ts"

export type WrittenTogether<Write, Outcome> = {
  /** What writes of one statement have in common: it begins with their organization. */ keyOf(
    write: Write,
  ): string
  /** Writes all of them in one statement; the outcomes are in their order. */
  send(db: Queries, writes: readonly Write[], waiting: Waiting): Promise<Outcome[]>
  /** False for an outcome that may be another one once whoever is changing something is waited for. */
  isDecided(outcome: Outcome): boolean
}

const maxTogether = 32

/**
 * Sends writes so that those of one key that come together go out together, passing over what somebody else is
 * changing. Where that leaves a doubt, the write is decided alone, and waits; see docs/decisions/0010.
 */
export function writtenTogether<Write, Outcome>({ keyOf, send, isDecided }: WrittenTogether<Write, Outcome>) {
  const batches = new WeakMap<Queries, (key: string, write: Write) => Promise<Outcome>>()

  const batchOf = (db: Queries) => {
    const batch =
      batches.get(db) ??
      together<Write, Outcome>((_key, writes) => send(besidePool(db, "writes"), writes, "skips"), {
        most: maxTogether,
        mayRedo: () => false,
      })
    batches.set(db, batch)
    return batch
  }

  const alone = async (db: Queries, write: Write): Promise<Outcome> => {
    const [outcome] = await send(db, [write], "waits")
    if (!outcome) throw new Error("A write had no outcome.")
    return outcome
  }

  return async (db: Queries, write: Write): Promise<Outcome> => {
    // In a transaction it is alone, and what fails there fails the transaction.
    if (besidePool(db, "writes") === db) return alone(db, write)
    try {
      const outcome = await batchOf(db)(keyOf(write), write)
      if (isDecided(outcome)) return outcome
    } catch (error) {
      if (!isUndone(error)) throw error
    }
    return alone(db, write)
  }
}
