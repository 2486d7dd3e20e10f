import assert from "node:assert/strict"
import { test } from "node:test"
import { createTestDatabase } from "../test/databases.ts"
import { openDatabase, run, takeLonger } from "./database.ts"
import { databaseLimits } from "./limits.ts"

test("a transaction may take longer than others, and nobody after it", async (t) => {
  const testDatabase = await createTestDatabase()
  const { queries, close } = openDatabase(testDatabase.connection, 1, { ...databaseLimits, statementMs: 100 })
  t.after(async () => {
    await close()
    await testDatabase.drop()
  })
  // Longer than PostgreSQL would let it, and than an answer would be waited for.
  const dawdle = "select pg_sleep(2), pg_backend_pid() as pid"
  const [longer] = await queries.transaction().execute(async (db) => {
    await takeLonger(db, 60_000)
    return run<{ pid: number }>(db, dawdle, [])
  })
  assert.ok(longer)
  await queries.connection().execute(async (db) => {
    assert.deepEqual(await run(db, "select pg_backend_pid() as pid", []), [{ pid: longer.pid }])
    await assert.rejects(run(db, dawdle, []), { code: "57014" })
  })
})
