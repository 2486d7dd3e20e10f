import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { singleConnection } from "../db/database.ts"
import { startHarness } from "./harness.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"

/*
 * A database that is there and does not get to it: every connection taken, a lock that is not given up, a statement
 * without an end.
 */
const poolSize = 8
const harness = await startHarness({
  DATABASE_CONNECTION_TIMEOUT_MS: "500",
  DATABASE_STATEMENT_TIMEOUT_MS: "4000",
  DATABASE_LOCK_TIMEOUT_MS: "500",
})
const acme = await people.bootstrap(harness)
const sql = singleConnection(harness.database.connection)
// It ends with the database.
sql.on("error", () => {})
await sql.connect()

const addGroup = (name: string): Promise<Answer> =>
  harness.call("POST /api/v1/groups", { token: acme.token, body: { name } })

function assertUnavailable(answer: Answer): void {
  assert.equal(answer.status, 503, answer.text)
  assert.equal(answer.body.error, "ServiceUnavailable")
  assert.match(String(answer.headers["retry-after"]), /^[1-9]\d*$/)
}

const sleeping = async (): Promise<number> =>
  (
    await sql.query(
      "select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
    )
  ).rowCount ?? 0

test("whoever gets no connection, and whoever's statement takes too long, is answered 503, and nothing is written", async (t) => {
  await sql.query(`
    create function dawdle() returns trigger language plpgsql as
      $$ begin perform pg_sleep(60); return new; end $$;
    create trigger dawdle before insert on groups for each row execute function dawdle()`)
  t.after(() => sql.query("drop function if exists dawdle() cascade"))
  const before = await harness.state()
  const holding = Array.from({ length: poolSize }, (_, number) => addGroup(`Slow ${number}`))
  while ((await sleeping()) < poolSize) await sleep(5)
  for (const answer of await Promise.all(["a", "b", "c"].map(addGroup))) assertUnavailable(answer)
  // They were not kept until a connection was given back.
  assert.equal(await sleeping(), poolSize)
  assert.equal((await harness.call("GET /api/status")).status, 200)
  for (const answer of await Promise.all(holding)) assertUnavailable(answer)
  assert.equal(await sleeping(), 0)
  assert.deepEqual(await harness.state(), before)
  await sql.query("drop function dawdle() cascade")
  people.ok(await addGroup("a"))
})

test("whoever waits for a lock is answered 503 while it is held, and nothing is written", async () => {
  const group = await people.addGroup(harness, acme, "Readers")
  const before = await harness.state()
  await sql.query("begin; lock table group_user_memberships, groups in access exclusive mode")
  const { token } = acme
  const routes = [
    `POST /api/v1/groups/${group.id}/users/${encodeURIComponent(acme.adminUsername)}`,
    `DELETE /api/v1/groups/${group.id}/users/${encodeURIComponent(acme.adminUsername)}`,
    `DELETE /api/v1/groups/${group.id}`,
    "GET /api/v1/groups",
  ]
  const answers = await Promise.all(routes.map((route) => harness.call(route, { token })))
  await sql.query("rollback")
  for (const answer of answers) assertUnavailable(answer)
  assert.deepEqual(await harness.state(), before)
  people.ok(await harness.call(routes[0] ?? "", { token }))
})
