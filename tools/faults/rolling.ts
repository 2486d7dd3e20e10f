import { membersOf, replaceWorkers, startSteadyLoad } from "../../server/test/workers.ts"
import { judged, show, type Line } from "./line.ts"
import { inWorld, type World } from "./world.ts"
import * as people from "../../server/test/people.ts"

const workers = 2
const connections = 8
/** So many may be added in a round. */
const peopleOfRound = 600

async function roll({ server, acme, groupId }: World, times: number): Promise<Line[]> {
  const usernames = await people.inviteMany(server, acme, peopleOfRound * times)
  const nextPerson = () => usernames.pop()
  const load = startSteadyLoad({ server, acme, groupId, nextPerson }, connections)
  for (let time = 1; time <= times; time++) {
    const begin = performance.now()
    await replaceWorkers(server)
    console.log(
      `${String(time).padStart(3)}  every worker replaced in ${Math.round(performance.now() - begin)} ms`,
    )
  }
  const { added, reads, failed } = await load.stop()
  const members = await membersOf(server, acme.token, groupId)
  const lost = added.filter((username) => !members.has(username))
  for (const line of failed.slice(0, 10)) console.log(`     ${line}`)
  return [
    {
      what: `${workers} workers replaced amid requests over ${connections} connections`,
      times,
      expected: "every request answered 200, nothing acknowledged lost",
      seen: `${reads} reads and ${added.length} adds answered 200, ${failed.length} failed, ${lost.length} lost`,
      outcome: judged(failed.length === 0 && lost.length === 0 && added.length > 0 && reads > 0),
    },
  ]
}

/** Replaces the workers of a server so many times, one after the other, while it is used. */
export const rollingRestarts = async (times: number): Promise<boolean> =>
  show(await inWorld((world) => roll(world, times), { env: { CONCLAVE_WORKERS: String(workers) } }))
