import { parseArgs } from "node:util"
import { call } from "../server/test/http.ts"
import { questionsOf, type Place, type Question } from "./access-questions.ts"
import { makeBig } from "./big-organization.ts"
import { makeProjects } from "./big-projects.ts"
import { openBenchDatabase, type BenchDatabase } from "./database.ts"
import { inNewFolder, machine } from "./folder.ts"
import { goalsTable, ms, reached, type Goal } from "./goals.ts"
import { setUp, signIn, type Instance, type Person } from "./instance.ts"
import { median } from "./machine.ts"
import { makePast } from "./past.ts"
import { startServer, type ServerProcess } from "./server.ts"

/*
 * What it costs to ask who may do what, and to change it in bulk, in an organization with a past: each question by
 * itself, in turn with the least that it could cost. A question of its own is a line in `access-questions.ts`.
 */

const groupsOfPerson = 20
const emptyGroups = 6

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const p95 = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN

type Options = { people: number; groups: number; projects: number; times: number; only: string }
type Bench = { server: ServerProcess; token: string; place: Place }

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

/** Sends a question, which must be answered rightly. */
async function send({ server, token }: Bench, { what, ask, isRight }: Question, time: number): Promise<void> {
  const { route, body } = ask(time)
  const answer = await call(`http://${server.host}:${server.port}`, route, { token, body })
  if (answer.status === 200 && isRight(answer.body)) return
  throw new Error(`${what} was answered with ${answer.status}: ${answer.text.slice(0, 500)}`)
}

/** What takes no more than to find out who asks. */
const smallest = ({ emptyGroupIds: [groupId = ""] }: Place): Question => ({
  what: "smallest request",
  goalMs: Number.POSITIVE_INFINITY,
  ask: () => ({ route: `GET /api/v1/groups/${groupId}` }),
  isRight: ({ id }) => id === groupId,
})

/** The question and its floor in turns, and what came of it. */
async function measure(bench: Bench, question: Question, most: number): Promise<Goal & { floor: string }> {
  const floor = question.floor ?? {
    what: "smallest request",
    run: () => send(bench, smallest(bench.place), 0),
  }
  const took: number[] = []
  const least: number[] = []
  const times = question.times ?? most
  // Whatever is asked often is asked a few times before, as on a server that has run for a while.
  const warmUp = question.times === undefined ? Math.min(5, most) : 0
  for (let time = -warmUp; time < times; time++) {
    const floorTook = await timeOf(() => floor.run(Math.max(time, 0)))
    const questionTook = await timeOf(() => send(bench, question, Math.max(time, 0)))
    if (time < 0) continue
    least.push(floorTook)
    took.push(questionTook)
  }
  return {
    what: question.what,
    target: `≤ ${question.goalMs} ms`,
    seen: `${ms(median(took))}, p95 ${ms(p95(took))}`,
    outcome: reached(median(took) <= question.goalMs),
    floor: `${floor.what} ${ms(median(least))}`,
  }
}

/** The names of whom and what was made, from one on where they are numbered. */
async function placeOf(
  { client }: BenchDatabase,
  { orgId }: Instance,
  person: Person,
  projectId: string,
): Promise<Place> {
  const idsOf = async (text: string): Promise<string[]> =>
    (await client.query<{ id: string }>(text, [orgId])).rows.map(({ id }) => id)
  const emptyGroupIds = await idsOf(`
    select id from groups g where org_id = $1 and substring(slug from '\\d+$')::integer between 51 and 100
      and not exists (select from project_group_memberships p where p.org_id = g.org_id and p.group_id = g.id)
    order by id limit ${emptyGroups}`)
  const usernames = await idsOf(`
    select username as id from organization_user_memberships
    where org_id = $1 and username like 'big-%' and username <> 'big-1@example.com' order by id`)
  const [usualPersonId = ""] = await idsOf(`
    select user_id as id from organization_user_memberships where org_id = $1 and username = 'big-5@example.com'`)
  const { rows } = await client.query(
    "select now() - interval '1 second' as before, now() - interval '500 days' as long_ago",
  )
  const times: { before: string; longAgo: string } = {
    before: rows[0].before.toISOString(),
    longAgo: rows[0].long_ago.toISOString(),
  }
  return {
    orgId,
    personId: person.userId,
    usualPersonId,
    projectId,
    emptyGroupIds,
    usernames,
    ...times,
    client,
  }
}

/** The server filled, with who asks and about what. */
async function filled(server: ServerProcess, dataDir: string, options: Options) {
  const instance = await setUp(server)
  const person = await signIn(server, instance)
  const database = await openBenchDatabase(dataDir, instance.orgId)
  const { client } = database
  const { orgId, admin } = instance
  await makeBig(client, orgId, { people: options.people, groups: options.groups, machines: 1_000 })
  const { projects } = options
  const sizes = { projects, ofPerson: projects, groups: groupsOfPerson }
  const projectId = await makeProjects(client, { orgId, userId: person.userId }, sizes)
  say("Filled with a present.")
  await makePast(client, orgId)
  const place = await placeOf(database, instance, person, projectId)
  return { bench: { server, token: admin.token, place }, database }
}

const main = (options: Options): Promise<string[]> =>
  inNewFolder(async (dataDir) => {
    const server = await startServer(dataDir)
    const begin = performance.now()
    const { bench, database } = await filled(server, dataDir, options)
    try {
      say(`Filled in ${((performance.now() - begin) / 1_000).toFixed(1)} seconds.\n`)
      const goals: (Goal & { floor: string })[] = []
      for (const question of questionsOf(bench.place)) {
        if (question.what.includes(options.only)) goals.push(await measure(bench, question, options.times))
      }
      say(goalsTable(goals))
      say(
        `\nThe floors, each in turn with its question:\n${goals.map(({ what, floor }) => `- ${what}: ${floor}`).join("\n")}`,
      )
      const bare: number[] = []
      for (let time = 0; time < 50; time++) bare.push(await timeOf(() => database.client.query("select 1")))
      say(`\nA bare round trip to the database: ${ms(median(bare))}.`)
      say(`\n${machine()}; medians of ${options.times} where not fewer are asked.`)
      return goals.flatMap(({ what, seen, target, outcome }) =>
        outcome === "reached" ? [] : [`${what}: ${seen}, where the goal is ${target}.`],
      )
    } finally {
      await database.close()
    }
  })

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "100000" },
    groups: { type: "string", default: "10000" },
    projects: { type: "string", default: "1000" },
    times: { type: "string", default: "50" },
    only: { type: "string", default: "" },
  },
})
const failures = await main({
  people: Number(values.people),
  groups: Number(values.groups),
  projects: Number(values.projects),
  times: Number(values.times),
  only: values.only,
})
for (const failure of failures) console.error(`\nFAILED: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
