import assert from "node:assert/strict"
import { after, test } from "node:test"
import { createTestDatabase } from "../test/databases.ts"
import { openDatabase, run } from "./database.ts"

const { connection, drop } = await createTestDatabase()
const database = openDatabase(connection, 1)
after(async () => {
  await database.close()
  await drop()
})
const processOf = async (): Promise<number | undefined> => {
  const [row] = await run<{ pid: number }>(database.queries, "select pg_backend_pid() as pid", [])
  return row?.pid
}

test("a connection is kept when a statement on it is refused", async () => {
  await run(database.queries, "create table named (name text primary key)", [])
  const insert = () => run(database.queries, "insert into named values ($1)", ["taken"])
  await insert()
  const before = await processOf()
  await assert.rejects(insert(), { code: "23505" })
  assert.equal(await processOf(), before)
})

test("one whose process ended is replaced", async () => {
  const before = await processOf()
  await assert.rejects(run(database.queries, "select pg_terminate_backend(pg_backend_pid())", []), {
    code: "57P01",
  })
  assert.notEqual(await processOf(), before)
})
