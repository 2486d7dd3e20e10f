import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { createTestDatabase } from "../test/databases.ts"
import { openDatabase, run } from "./database.ts"
import { gathered, overLists, parted, typesOf, type Send } from "./gathered.ts"

const organization = randomUUID()
const text = `
  select $2::int * 2 as doubled, $3::text as word, 1 / (length($3::text) - 3) as divided
  from generate_series(1, $2::int) where $1::uuid is not null`

describe("statements that are gathered", async () => {
  const database = openDatabase((await createTestDatabase()).connection)
  const sent: string[] = []
  const send: Send = (statement, values) => {
    sent.push(statement)
    return run(database.queries, statement, values)
  }
  const ask = gathered(send, (statement) =>
    database.queries
      .connection()
      .execute((db) => typesOf((each, values) => run(db, each, values), statement)),
  )

  test("have the types that the database says", async () => {
    const types = await database.queries
      .connection()
      .execute((db) => typesOf((each, values) => run(db, each, values), text))
    assert.deepEqual(types, ["uuid", "integer", "text"])
  })

  test("go out together once their types are known, and each gets its own rows", async () => {
    while (!sent.some((statement) => statement.includes("unnest"))) {
      const counts = [3, 0, 1, 2, null, 2]
      const answers = await Promise.all(
        counts.map((count, index) => ask(text, [organization, count, `word ${index} "\\,{}`])),
      )
      for (const [index, rows] of answers.entries()) {
        const count = counts[index] ?? 0
        assert.equal(rows.length, count)
        for (const row of rows as { doubled: number; word: string }[]) {
          assert.deepEqual([row.doubled, row.word], [count * 2, `word ${index} "\\,{}`])
        }
      }
    }
  })

  test("do not suffer for one that fails", async () => {
    const outcomes = await Promise.allSettled(
      ["good", "fine", "bad", "well"].map((word) => ask(text, [organization, 1, word])),
    )
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected", "fulfilled"],
    )
  })

  test("are of one organization", async () => {
    const other = randomUUID()
    sent.length = 0
    await Promise.all(
      [organization, other, organization, other, organization].map((id) => ask(text, [id, 1, "word"])),
    )
    // The three of one, and the two of the other.
    assert.equal(sent.length, 2)
  })

  test("of two parts do the first once for all that share it, and the second for each", async () => {
    await run(database.queries, "create sequence read", [])
    const first = "select $2::int * 10 as tens, nextval('read')::int as read where $2::int > 0"
    const own = {
      columns: ", o.*",
      join: "left join lateral (select $3::int + shared_part.tens as sum) o on true",
    }
    const whole = parted(`select f.*, f.tens + $3::int as sum from (${first}) f where $1::uuid is not null`, {
      first,
      shared: 2,
      own,
    })
    for (;;) {
      const asked = [1, 2, 1, 0, 2, 1].map((ten, index) => [organization, ten, index] as const)
      const before = sent.length
      const answers = await Promise.all(asked.map((values) => ask(whole, [...values])))
      const reads = new Map<number, Set<number>>()
      for (const [place, rows] of answers.entries()) {
        const [, ten, index] = asked[place] ?? [organization, 0, 0]
        const found = rows as { tens: number; sum: number; read: number }[]
        assert.deepEqual(
          found.map(({ tens, sum }) => [tens, sum]),
          ten > 0 ? [[ten * 10, ten * 10 + index]] : [],
        )
        for (const { read } of found) reads.set(ten, (reads.get(ten) ?? new Set()).add(read))
      }
      if (sent.length - before > 1) continue
      assert.deepEqual([reads.get(1)?.size, reads.get(2)?.size], [1, 1])
      break
    }
  })

  test("see what was committed before they were asked for", async () => {
    await run(database.queries, "create table seen (number int)", [])
    const first = "select count(*)::int as count from seen where $1::uuid is not null"
    const own = { columns: ", o.*", join: "left join lateral (select $2::int as number) o on true" }
    const inParts = parted(`select f.*, $2::int as number from (${first}) f`, { first, shared: 1, own })
    for (const [count, values] of [
      [first, [organization]],
      [inParts, [organization, 1]],
    ] as const)
      await seesAll(count, [...values])
  })

  async function seesAll(count: string, values: unknown[]): Promise<void> {
    await run(database.queries, "delete from seen", [])
    for (let number = 1; number <= 200; number++) {
      const others = [1, 2, 3].map(() => ask(count, values))
      await run(database.queries, "insert into seen values ($1)", [number])
      const [row] = (await ask(count, values)) as { count: number }[]
      assert.equal(row?.count, number)
      await Promise.all(others)
    }
  }
})

test("a statement with a list among its values stays as it is", () => {
  assert.equal(overLists("select $1::uuid, $2::text[]", ["uuid", "text[]"]), undefined)
})
