import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

const patienceMs = 30_000

/** Waits until nothing is left to be copied for replicated imports. */
export async function allReplicated(db: Queries): Promise<void> {
  const until = Date.now() + patienceMs
  for (;;) {
    const { rows } = await sql`select 1 from secret_replication_jobs limit 1`.execute(db)
    if (rows.length === 0) return
    assert.ok(Date.now() < until, "What is to be replicated stays so")
    await sleep(20)
  }
}

/** Waits until what is read is as it should be. */
export async function becomes(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  const until = Date.now() + patienceMs
  for (;;) {
    const found = await read()
    try {
      assert.deepEqual(found, expected)
      return
    } catch (error) {
      if (Date.now() > until) throw error
    }
    await sleep(20)
  }
}
