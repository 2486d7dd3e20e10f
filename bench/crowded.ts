import { call } from "../server/test/http.ts"
import { addNewcomers, joinThousand, makeBig } from "./big-organization.ts"
import { ms, reached, type Goal } from "./goals.ts"
import { addOrganization, signIn } from "./instance.ts"
import type { Bench } from "./steady.ts"

const sizes = { people: 100_000, groups: 10_000, machines: 1_000 }
const [adds, checks] = [200, 500]
const [addMs, checkMs] = [50, 20]

const p95 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? Number.NaN

/** Adding to a group of everybody, and asking as somebody who is in a thousand groups. */
export async function crowdedOrganization({ server, database }: Bench): Promise<Goal[]> {
  const big = await addOrganization(server, "Crowded")
  const { fullGroupId } = await makeBig(database.client, big.orgId, sizes)
  await joinThousand(database.client, big.orgId, "admin@example.com")
  await database.client.query("vacuum (analyze)")
  const newcomers = await addNewcomers(database.client, big.orgId, {
    word: "new",
    first: 1,
    count: adds,
  })
  const { token } = await signIn(server, big)
  const timed = async (route: string): Promise<number> => {
    const begin = performance.now()
    const answer = await call(`http://${server.host}:${server.port}`, route, { token })
    if (answer.status !== 200) throw new Error(`${route} was answered with ${answer.status}: ${answer.text}`)
    return performance.now() - begin
  }
  const added: number[] = []
  for (const username of newcomers)
    added.push(await timed(`POST /api/v1/groups/${fullGroupId}/users/${encodeURIComponent(username)}`))
  const checked: number[] = []
  for (let time = 0; time < checks; time++) checked.push(await timed(`GET /api/v1/groups/${fullGroupId}`))
  const where = `${sizes.people} people and ${sizes.groups} groups`
  return [
    {
      what: `adding to a group of all, by somebody in 1,000 groups, of ${where}`,
      target: `< ${addMs} ms`,
      seen: `p95 ${ms(p95(added))}, at most ${ms(Math.max(...added))}`,
      outcome: reached(p95(added) < addMs),
    },
    {
      what: "a checked read by the same",
      target: `p95 < ${checkMs} ms`,
      seen: `p95 ${ms(p95(checked))}`,
      outcome: reached(p95(checked) < checkMs),
    },
  ]
}
