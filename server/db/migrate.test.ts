import assert from "node:assert/strict"
import { test } from "node:test"
import { createTestDatabase } from "../test/databases.ts"
import { openDatabase } from "./database.ts"
import { migrate } from "./migrate.ts"

test("a migration that comes after those with higher numbers is applied, and no other one again", async (t) => {
  const database = await createTestDatabase()
  const { queries, close } = openDatabase(database.connection, 1)
  t.after(async () => {
    await close()
    await database.drop()
  })
  const applied = () => queries.selectFrom("schema_migrations").selectAll().orderBy("version").execute()
  const before = await applied()
  // It only describes a column, so that it can be applied again.
  const late = 21
  await queries.deleteFrom("schema_migrations").where("version", "=", late).execute()
  await migrate(database.connection)
  const after = await applied()
  const others = (rows: typeof before) => rows.filter(({ version }) => version !== late)
  assert.deepEqual(others(after), others(before))
  const names = (rows: typeof before) => rows.map(({ name }) => name)
  assert.deepEqual(names(after), names(before))
})
