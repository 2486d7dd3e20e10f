import assert from "node:assert/strict"
import { after, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { singleConnection } from "../db/database.ts"
import { createWorld, endWorld, faultRound, type FaultKind } from "./faults.ts"
import { connectionOf, waitingFor } from "./processes.ts"

// Many more rounds, with a limit on the time of the recovery: npm run faults.
const world = await createWorld()
after(() => endWorld(world))

async function keepsItsWord(kind: FaultKind): Promise<number> {
  const { acknowledged, lost, orphans, strange, recoveryMs } = await faultRound(world, kind)
  assert.deepEqual({ lost, orphans, strange }, { lost: [], orphans: [], strange: [] })
  assert.ok(acknowledged > 0)
  return recoveryMs
}

test("a kill of everything amid writes loses nothing that was acknowledged", async (t) => {
  t.diagnostic(`back after ${Math.round(await keepsItsWord("group"))} ms`)
})

test("a kill of the server amid writes loses nothing, and the next start takes PostgreSQL over", async (t) => {
  t.diagnostic(`back after ${Math.round(await keepsItsWord("node"))} ms`)
})

test("a kill of PostgreSQL amid writes loses nothing, and the server heals by itself", async (t) => {
  const { pid } = world.server
  t.diagnostic(`back after ${Math.round(await keepsItsWord("postgres"))} ms`)
  assert.equal(world.server.pid, pid)
})

test("a connection that breaks in the middle of a transaction fails that request and nothing else", async (t) => {
  const { server, dataDir, token } = world
  const sql = singleConnection(connectionOf(dataDir))
  await sql.connect()
  t.after(() => sql.end())
  for (let round = 0; round < 10; round++) {
    await sql.query("begin; lock table group_role_grants in share row exclusive mode")
    // By now it has inserted the group, and waits to give it its role; the look-up before it reads past the lock.
    const answer = server.call("POST /api/v1/groups", { token, body: { name: `Broken ${round}` } })
    while ((await waitingFor(sql, "group_role_grants")) === 0) await sleep(5)
    await sql.query("select pg_terminate_backend(pid) from pg_locks where not granted")
    await sql.query("rollback")
    assert.equal((await answer).status, 503)
    assert.equal((await server.call("GET /api/status")).status, 200)
  }
  const { rowCount } = await sql.query("select from groups where name like 'Broken %'")
  assert.equal(rowCount, 0)
})

test("the status is answered while every connection of the pool is busy", async (t) => {
  const { server, dataDir, token } = world
  const sql = singleConnection(connectionOf(dataDir))
  await sql.connect()
  t.after(() => sql.end())
  await sql.query(`
    create function dawdle() returns trigger language plpgsql as
      $$ begin perform pg_sleep(1); return new; end $$;
    create trigger dawdle before insert on groups for each row execute function dawdle()`)
  const adding = Array.from({ length: 12 }, (_, number) =>
    server.call("POST /api/v1/groups", { token, body: { name: `Slow ${number}` } }),
  )
  const sleeping = async () =>
    (await sql.query("select pid from pg_stat_activity where wait_event = 'PgSleep' order by pid")).rows
  while ((await sleeping()).length < 4) await sleep(5)
  await sleep(100)
  const before = await sleeping()
  const begin = performance.now()
  assert.equal((await server.call("GET /api/status")).status, 200)
  const tookMs = performance.now() - begin
  // Nobody had given a connection back meanwhile.
  assert.deepEqual(await sleeping(), before)
  assert.ok(before.length < adding.length)
  t.diagnostic(`answered after ${Math.round(tookMs)} ms`)
  for (const answer of await Promise.all(adding)) assert.equal(answer.status, 200, answer.text)
})
