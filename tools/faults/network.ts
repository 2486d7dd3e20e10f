import { setTimeout as sleep } from "node:timers/promises"
import type { FaultProxy, Weather } from "../../server/test/fault-proxy.ts"
import { createHistoryWorld, endHistoryWorld, type HistoryWorld } from "../../server/test/histories.ts"
import { untilHealthy } from "../../server/test/faults.ts"
import { call } from "../../server/test/http.ts"
import { addGroup } from "../../server/test/people.ts"
import { connectionOf } from "../../server/test/processes.ts"
import { singleConnection } from "../../server/db/database.ts"
import { judged, seconds, type Line } from "./line.ts"
import { pathOf, rowsOf, slowest, statuses, timed, type Timed } from "./world.ts"

const limitMs = 20_000

const weathers: [string, Weather, number][] = [
  ["connections refused and dropped", { kind: "closed" }, 5],
  ["half open: nothing passes, nobody is told", { kind: "silent" }, 2],
  ["50 ms late", { kind: "late", ms: 50 }, 5],
  ["2,000 ms late", { kind: "late", ms: 2_000 }, 2],
  ["1 KB a second", { kind: "slow", bytesPerSecond: 1_000 }, 3],
  ["reset after 200 bytes", { kind: "reset", afterBytes: 200 }, 5],
]

type Tried = { first: Timed; again: Timed; isWrong: boolean }

/** Adds somebody in this weather, once more when it is over, and looks at the rows. */
async function tryOnce(world: HistoryWorld, proxy: FaultProxy, weather: Weather): Promise<Tried> {
  const { right, token, usernames, dataDir } = world
  const { id: groupId } = await addGroup(right.server, { token }, `Group ${crypto.randomUUID()}`)
  const username = usernames[0] ?? ""
  const request = () => call(right.address, `POST ${pathOf(groupId, username)}`, { token })
  proxy.weather = weather
  const first = await timed(request(), limitMs)
  proxy.weather = { kind: "calm" }
  proxy.drop({ silentOnly: true })
  await untilHealthy(right.server)
  // What the first one has left may still be under way.
  await sleep(200)
  const again = await timed(request())
  const sql = singleConnection(connectionOf(dataDir))
  await sql.connect()
  const rows = await rowsOf(sql, groupId, username)
  await sql.end()
  const expected = first.answer?.status === 200 ? [400] : [200, 400]
  const isOne = rows.memberships === 1 && rows.events === 1
  return { first, again, isWrong: !isOne || !expected.includes(again.answer?.status ?? 0) }
}

async function spoil(world: HistoryWorld, place: string, proxy: FaultProxy): Promise<Line[]> {
  const lines: Line[] = []
  for (const [name, weather, times] of weathers) {
    const tried: Tried[] = []
    for (let time = 0; time < times; time++) tried.push(await tryOnce(world, proxy, weather))
    const first = tried.map((each) => each.first)
    // Whom nothing reaches can be told nothing.
    const mayHang = weather.kind === "silent" && place === "clients"
    const wrong = tried.filter(({ isWrong }) => isWrong).length
    const allowed = [200, 503, ...(place === "clients" ? [undefined] : [])]
    const isAllowed = first.every(({ answer }) => mayHang || allowed.includes(answer?.status))
    lines.push({
      what: `the network of ${place}: ${name}`,
      times,
      expected: mayHang
        ? "one row after trying again"
        : `${allowed.map((status) => status ?? "no answer").join(" or ")} within ${seconds(limitMs)}, one row after trying again`,
      seen: `${statuses(first)} in ${seconds(slowest(first))}; then ${statuses(tried.map((each) => each.again))}; ${wrong} wrong`,
      outcome: judged(wrong === 0 && isAllowed && (mayHang || slowest(first) < limitMs)),
    })
  }
  return lines
}

/** A bad network between clients and a server, and between that and PostgreSQL. */
export async function network(): Promise<Line[]> {
  const world = await createHistoryWorld()
  try {
    return [
      ...(await spoil(world, "clients", world.right.proxy)),
      ...(await spoil(world, "the database", world.betweenDatabase)),
    ]
  } finally {
    await endHistoryWorld(world)
  }
}
