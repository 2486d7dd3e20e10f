import { setTimeout as sleep } from "node:timers/promises"
import { judged, seconds, type Line } from "./line.ts"
import { add, inWorld, rowsOf, slowest, statuses, timed, type Timed, type World } from "./world.ts"

const asked = 50
// What the server sets for the wait for a connection, for a lock and for a statement, and a second for the rest.
const [connectionMs, lockMs, statementMs] = [3_000, 6_000, 16_000]

const isRefused = ({ answer }: Timed): boolean =>
  answer?.status === 503 && Number(answer.headers["retry-after"]) > 0

/** More requests than connections, all of which wait for a table that somebody has locked. */
async function exhaustedPool(world: World): Promise<Line[]> {
  const { sql, server } = world
  await sql.query("begin; lock table group_user_memberships in access exclusive mode")
  const adding = Array.from({ length: asked }, () => add(world, world.nextPerson()))
  await sleep(500)
  const healthy: Timed[] = []
  for (let time = 0; time < 10; time++) healthy.push(await timed(server.call("GET /api/status")))
  const all = await Promise.all(adding)
  await sql.query("rollback")
  const after = await add(world, world.nextPerson())
  const isQuick = slowest(all) <= connectionMs
  return [
    {
      what: "every connection of the pool taken",
      times: asked,
      expected: `503 with Retry-After within ${seconds(connectionMs)}, then well`,
      seen: `${statuses(all)} in ${seconds(slowest(all))}; then ${statuses([after])}`,
      outcome: judged(all.every(isRefused) && isQuick && after.answer?.status === 200),
    },
    {
      what: "the status meanwhile",
      times: healthy.length,
      expected: `answered within ${seconds(connectionMs)}`,
      seen: `${statuses(healthy)} in ${seconds(slowest(healthy))}`,
      outcome: judged(healthy.every(({ answer }) => answer) && slowest(healthy) <= connectionMs),
    },
  ]
}

async function lockHeld(world: World): Promise<Line> {
  const { sql, groupId } = world
  const usernames = Array.from({ length: 3 }, world.nextPerson)
  const all: Timed[] = []
  let written = 0
  for (const username of usernames) {
    await sql.query("begin; lock table group_user_memberships in access exclusive mode")
    all.push(await add(world, username))
    await sql.query("rollback")
    written += (await rowsOf(sql, groupId, username)).memberships
    all.push(await add(world, username))
  }
  const refused = all.filter((_, index) => index % 2 === 0)
  const after = all.filter((_, index) => index % 2 === 1)
  return {
    what: "a lock that is not given up",
    times: refused.length,
    expected: `503 with Retry-After within ${seconds(lockMs)}, nothing written, then well`,
    seen: `${statuses(refused)} in ${seconds(slowest(refused))}, ${written} rows; then ${statuses(after)}`,
    outcome: judged(
      refused.every(isRefused) &&
        slowest(refused) <= lockMs &&
        written === 0 &&
        after.every(({ answer }) => answer?.status === 200),
    ),
  }
}

async function slowStatement(world: World): Promise<Line> {
  const { sql, groupId } = world
  await sql.query(`
    create function dawdle() returns trigger language plpgsql as
      $$ begin perform pg_sleep(60); return new; end $$;
    create trigger dawdle before insert on group_user_memberships for each row execute function dawdle()`)
  const username = world.nextPerson()
  const first = await add(world, username)
  await sql.query("drop trigger dawdle on group_user_memberships; drop function dawdle")
  const { memberships, events } = await rowsOf(sql, groupId, username)
  const after = await add(world, username)
  return {
    what: "a statement that takes a minute",
    times: 1,
    expected: `503 with Retry-After within ${seconds(statementMs)}, nothing written, then well`,
    seen: `${statuses([first])} in ${seconds(first.ms)}, ${memberships + events} rows; then ${statuses([after])}`,
    outcome: judged(
      isRefused(first) &&
        first.ms <= statementMs &&
        memberships + events === 0 &&
        after.answer?.status === 200,
    ),
  }
}

/** Connections, locks and statements that keep requests waiting. */
export const waiting = (): Promise<Line[]> =>
  inWorld(async (world) => [
    ...(await exhaustedPool(world)),
    await lockHeld(world),
    await slowStatement(world),
  ])
