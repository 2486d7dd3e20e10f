import { fileURLToPath } from "node:url"
import { urlOf } from "../../server/test/databases.ts"
import * as people from "../../server/test/people.ts"
import { connectionOf, startProcess } from "../../server/test/processes.ts"
import { judged, type Line } from "./line.ts"
import { inWorld, pathOf, statuses, timed, type Timed, type World } from "./world.ts"

const preload = fileURLToPath(new URL("shifted-clock.mjs", import.meta.url))
const hourMs = 3_600_000
const times = 20

const issuedAt = (token: string): number =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).iat * 1_000

/** A second server on the same database, whose clock is wrong. */
async function withShift(world: World, hours: number): Promise<Line> {
  const { dataDir, server, acme, groupId, sql } = world
  const env = {
    LOG_LEVEL: "error",
    NODE_OPTIONS: `--import=${preload}`,
    CLOCK_SHIFT_MS: String(hours * hourMs),
  }
  const other = await startProcess({ dataDir, databaseUrl: urlOf(connectionOf(dataDir)), env })
  try {
    const own: Timed[] = []
    const foreign: Timed[] = []
    const token = await people.signIn(other, acme.adminUsername)
    const selected = await people.select(other, token, acme.id)
    const isShifted = Math.abs(issuedAt(selected) - Date.now() - hours * hourMs) < 60_000
    for (let time = 0; time < times; time++) {
      const route = `POST ${pathOf(groupId, world.nextPerson())}`
      own.push(await timed(other.call(route, { token: selected })))
      // A token of each server on the other one: judged by the clock of that, which may find it ended.
      foreign.push(await timed(other.call("GET /api/v1/groups", { token: acme.adminToken })))
      foreign.push(await timed(server.call("GET /api/v1/groups", { token: selected })))
    }
    const { token: short } = await people.addIdentity(other, acme, "member")
    people.ok(await server.call("POST /api/v1/auth/token/revoke", { body: { accessToken: short } }))
    const revoked = await timed(other.call("GET /api/v1/groups", { token: short }))
    const { rows } = await sql.query<{ count: number }>(
      `select count(*)::int as count from (
         select id, created_at, lag(created_at) over (order by id) as before from audit_logs
       ) a where created_at < before - interval '1 minute'`,
    )
    const disorder = rows[0]?.count ?? 0
    const is = (all: Timed[], allowed: number[]) =>
      all.every(({ answer }) => allowed.includes(answer?.status ?? 0))
    return {
      what: `a server whose clock is ${hours > 0 ? "+" : "−"}1 h`,
      times,
      expected: "its own tokens 200, those of the other 200 or 401, a revoked one 401, audit log in order",
      seen: `own ${statuses(own)}; of the other ${statuses(foreign)}; revoked ${statuses([revoked])}; ${disorder} events out of order${isShifted ? "" : "; THE CLOCK WAS NOT SHIFTED"}`,
      outcome: judged(
        isShifted && is(own, [200]) && is(foreign, [200, 401]) && is([revoked], [401]) && disorder === 0,
      ),
    }
  } finally {
    other.kill("SIGTERM")
    await other.exited
  }
}

/** Servers whose clocks are an hour fast and an hour slow. */
export const clocks = (): Promise<Line[]> =>
  inWorld(async (world) => [await withShift(world, 1), await withShift(world, -1)])
