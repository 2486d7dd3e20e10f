import { setTimeout as sleep } from "node:timers/promises"
import { judged, seconds, type Line } from "./line.ts"
import { add, inWorld, rowsOf, slowest, statuses, timed, type Timed, type World } from "./world.ts"

const asked = 50
/** So many connections are for requests. */
const poolSize = 8
// What the server sets for the wait for a connection, for a lock and for a statement, and a second for the rest.
const [connectionMs, lockMs, statementMs] = [3_000, 3_000, 6_000]

const isRefused = ({ answer }: Timed): boolean =>
  answer?.status === 503 && Number(answer.headers["retry-after"]) > 0

const dawdling = `
  create function dawdle() returns trigger language plpgsql as
    $$ begin perform pg_sleep(60); return new; end $$;
  create trigger dawdle before insert on groups for each row execute function dawdle()`

const make = ({ server, acme }: World, name: string): Promise<Timed> =>
  timed(server.call("POST /api/v1/groups", { token: acme.token, body: { name, role: "no-access" } }))

/** More requests than connections, each of which takes a connection and a minute: no small ones, which go together. */
async function exhaustedPool(world: World): Promise<Line[]> {
  const { sql, server } = world
  await sql.query(dawdling)
  const making = Array.from({ length: asked }, (_, index) => make(world, `Dawdling ${index}`))
  await sleep(500)
  const healthy: Timed[] = []
  for (let time = 0; time < 10; time++) healthy.push(await timed(server.call("GET /api/status")))
  const all = (await Promise.all(making)).toSorted((a, b) => a.ms - b.ms)
  await sql.query("drop trigger dawdle on groups; drop function dawdle")
  const written = `
    select (select count(*) from groups where name like 'Dawdling %')::int
      + (select count(*) from audit_logs where event_metadata ->> 'name' like 'Dawdling %')::int as rows`
  const rows: number = (await sql.query(written)).rows[0].rows
  const after = await make(world, "Well again")
  const isWell = rows === 0 && after.answer?.status === 200
  const [waited, held] = [all.slice(0, -poolSize), all.slice(-poolSize)]
  const then = `${rows} rows; then ${statuses([after])}`
  const refusal = (limitMs: number) =>
    `503 with Retry-After within ${seconds(limitMs)}, nothing written, then well`
  return [
    {
      what: "no connection left in the pool",
      times: waited.length,
      expected: refusal(connectionMs),
      seen: `${statuses(waited)} in ${seconds(slowest(waited))}, ${then}`,
      outcome: judged(waited.every(isRefused) && slowest(waited) <= connectionMs && isWell),
    },
    {
      what: "a statement that takes a minute",
      times: held.length,
      expected: refusal(statementMs),
      seen: `${statuses(held)} in ${seconds(slowest(held))}, ${then}`,
      outcome: judged(held.every(isRefused) && slowest(held) <= statementMs && isWell),
    },
    {
      what: "the status meanwhile",
      times: healthy.length,
      expected: "200 within 1.0 s",
      seen: `${statuses(healthy)} in ${seconds(slowest(healthy))}`,
      outcome: judged(healthy.every(({ answer }) => answer?.status === 200) && slowest(healthy) <= 1_000),
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

/** Connections, locks and statements that keep requests waiting. */
export const waiting = (): Promise<Line[]> =>
  inWorld(async (world) => [...(await exhaustedPool(world)), await lockHeld(world)])
