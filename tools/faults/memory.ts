import { makeBig } from "../../bench/big-organization.ts"
import { residentMib } from "../../bench/machine.ts"
import { isAlive, processFacts } from "../../server/postgres/process.ts"
import { judged, type Line } from "./line.ts"
import { inWorld, slowest, statuses, timed, type Timed, type World } from "./world.ts"

const heapMib = 128
const sizes = { people: 10_000, groups: 2_000, machines: 2_000 }
const [atOnce, requests] = [16, 240]

async function askForMuch(world: World): Promise<Line[]> {
  const { server, acme, sql } = world
  const { fullGroupId } = await makeBig(sql, acme.id, sizes)
  const facts = processFacts(server.pid)
  const paths = [
    `/api/v1/groups/${fullGroupId}/members?limit=100`,
    `/api/v1/groups/${fullGroupId}/users?limit=100&offset=10000`,
    "/api/v1/groups",
    `/api/v2/organizations/${acme.id}/identity-memberships`,
    `/api/v2/organizations/${acme.id}/memberships`,
    `/api/v1/groups/${fullGroupId}/users?limit=100000`,
    "/api/v1/identities/search",
  ]
  const all: Timed[] = []
  let mostMib = 0
  let next = 0
  const ask = async () => {
    while (next < requests) {
      const path = paths[next++ % paths.length] ?? ""
      const isSearch = path.endsWith("search")
      const route = `${isSearch ? "POST" : "GET"} ${path}`
      all.push(await timed(server.call(route, { token: acme.token, ...(isSearch ? { body: {} } : {}) })))
      if (facts && isAlive(facts)) mostMib = Math.max(mostMib, residentMib(server.pid))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, ask))
  const lived = facts !== undefined && isAlive(facts)
  const isAllowed = ({ answer }: Timed) =>
    answer !== undefined && (answer.status < 500 || answer.status === 503)
  return [
    {
      what: `a heap of ${heapMib} MiB and lists of ${sizes.people + sizes.machines} members`,
      times: requests,
      expected: "the process lives; answered, refused with 4xx, or 503",
      seen: `${lived ? "lived" : "DIED"}; ${statuses(all)}; slowest ${Math.round(slowest(all))} ms; at most ${Math.round(mostMib)} MiB resident`,
      outcome: judged(lived && all.every(isAllowed)),
    },
  ]
}

/** Big lists on a server with little memory. */
export const littleMemory = (): Promise<Line[]> =>
  inWorld(askForMuch, { env: { NODE_OPTIONS: `--max-old-space-size=${heapMib}` } })
