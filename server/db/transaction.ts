import { isTransient } from "./constraints.ts"
import type { Queries } from "./database.ts"

const maxTries = 5

/** Runs `work` in a transaction; of two that wait for each other this one is tried again. */
export async function inTransaction<Result>(
  db: Queries,
  work: (transaction: Queries) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      if (!isTransient(error) || attempt === maxTries) throw error
    }
  }
}
