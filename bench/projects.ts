import { parseArgs } from "node:util"
import { authorizeInProject } from "../server/access/access.ts"
import { openDatabase, type Queries } from "../server/db/database.ts"
import { projectRights } from "../server/projects/held.ts"
import { projectsOfMember } from "../server/projects/projects.store.ts"
import { call } from "../server/test/http.ts"
import { makeBig } from "./big-organization.ts"
import { makeProjects } from "./big-projects.ts"
import { openBenchDatabase, type BenchDatabase } from "./database.ts"
import { inNewFolder, machine } from "./folder.ts"
import { setUp, signIn, type Instance, type Person } from "./instance.ts"
import { repeat } from "./load.ts"
import { cpuUs, familyCpuUs, median } from "./machine.ts"
import { table } from "./report.ts"
import { startServer, type ServerProcess } from "./server.ts"

/*
 * What projects cost in a big organization: deciding what somebody may do who has many roles by many groups, listing the
 * projects of somebody who is in a thousand, and making new ones.
 */

const goals = { decisionMs: 1, listMs: 50, perSecond: 100 }
const groups = 20
const connections = 16

const say = (line: string): void => void process.stdout.write(`${line}\n`)

type Options = {
  people: number
  groups: number
  projects: number
  listed: number
  seconds: number
  times: number
}
type Bench = {
  server: ServerProcess
  instance: Instance
  person: Person
  database: BenchDatabase
  /** As the server asks, from this process. */ db: Queries
  membershipId: string
  options: Options
  failures: string[]
}

/** How long the work takes, each time. */
async function timesOf(count: number, work: (index: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = []
  for (let index = 0; index < count; index++) {
    const begin = performance.now()
    await work(index)
    took.push(performance.now() - begin)
  }
  return took
}

const heldSql = `
  select rules_key from held_project_user_rules where org_id = $1 and project_id = $2 and membership_id = $3`

/** The decision beside its query: from the keys of the roles to the answer for a secret that the last role allows. */
async function measureDecision({ database, db, instance, membershipId }: Bench, projectId: string) {
  const place = [instance.orgId, projectId, membershipId]
  const read = async () => (await database.client.query<{ rules_key: string }>(heldSql, place)).rows
  const keys = (await read()).map(({ rules_key }) => rules_key)
  if (keys.length !== 2 * groups) throw new Error(`The person has ${keys.length} roles.`)
  const object = {
    environment: "dev",
    secretPath: `/team-${2 * groups}/api`,
    secretName: "KEY",
    secretTags: [],
  }
  const decide = async (username: string): Promise<void> => {
    const named = { id: membershipId, username, metadata: {} }
    const rights = await projectRights(db, { orgId: instance.orgId, named }, keys)
    authorizeInProject({ rights }, ["readValue", "secrets"], object)
  }
  const [first = NaN] = await timesOf(1, () => decide("first"))
  return {
    first,
    // Rules that name the caller are made anew for each.
    newcomer: median(await timesOf(500, (index) => decide(`newcomer-${index}`))),
    known: median(await timesOf(5_000, () => decide("known"))),
    query: median(await timesOf(200, read)),
  }
}

/** The list over HTTP, and the query that finds its rows. */
async function measureList({ server, database, db, instance, person, membershipId, options }: Bench) {
  const address = `http://${server.host}:${server.port}`
  const list = async () => {
    const answer = await call(address, "GET /api/v1/projects", { token: person.token })
    const count = answer.body.projects?.length
    if (count !== options.listed + 1) throw new Error(`${answer.status}: ${count} projects were listed.`)
    return answer.text.length
  }
  const bytes = await list()
  const before = { node: cpuUs(server.pid), postgres: familyCpuUs(database.pid) }
  const whole = median(await timesOf(options.times, list))
  const perList = (after: number, from: number): number => (after - from) / options.times / 1_000
  const cpuMs = {
    node: perList(cpuUs(server.pid), before.node),
    postgres: perList(familyCpuUs(database.pid), before.postgres),
  }
  const filter = { orgId: instance.orgId, kind: "user", membershipId, type: undefined } as const
  return {
    bytes,
    whole,
    cpuMs,
    query: median(await timesOf(options.times, () => projectsOfMember(db, filter))),
  }
}

function creation(token: string): string {
  const body = JSON.stringify({ projectName: "Made in the benchmark" })
  return [
    "POST /api/v1/projects HTTP/1.1",
    "host: bench",
    "user-agent: bench",
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n")
}

/** New projects a second, each with its environments, its admin and its audit row. */
async function measureCreation({ server, instance, database, options, failures }: Bench) {
  const countOf = async () =>
    Number((await database.client.query("select count(*) from projects")).rows[0].count)
  const before = await countOf()
  const outcome = await repeat({
    host: server.host,
    port: server.port,
    connections,
    warmUpMs: 1_000,
    measureMs: options.seconds * 1_000,
    requests: [creation(instance.admin.token)],
  })
  const { 200: good = 0, ...others } = outcome.answers
  if (Object.keys(others).length > 0) failures.push(`There were other answers: ${JSON.stringify(others)}.`)
  if ((await countOf()) - before < good) failures.push("Fewer projects were made than were answered for.")
  return outcome
}

async function measure(bench: Bench, projectId: string): Promise<void> {
  const { options, failures } = bench
  const decision = await measureDecision(bench, projectId)
  const list = await measureList(bench)
  const made = await measureCreation(bench)
  const row = (name: string, figure: string, goal: string, isReached: boolean): string[] => {
    if (!isReached) failures.push(`${name}: ${figure}, where the goal is ${goal}.`)
    return [name, figure, goal, isReached ? "reached" : "MISSED"]
  }
  const ms = (value: number): string => `${value.toFixed(2)} ms`
  say(
    table([
      ["", "measured", "goal", ""],
      row(
        `decision, ${groups} groups, ${2 * groups} roles with conditions`,
        ms(decision.known),
        `≤ ${goals.decisionMs} ms`,
        decision.known <= goals.decisionMs,
      ),
      row(
        `list of ${options.listed.toLocaleString("en")} projects, by groups`,
        ms(list.whole),
        `≤ ${goals.listMs} ms`,
        list.whole <= goals.listMs,
      ),
      row(
        `new projects a second, ${connections} connections`,
        String(Math.round(made.perSecond)),
        `≥ ${goals.perSecond}`,
        made.perSecond >= goals.perSecond,
      ),
    ]),
  )
  say(
    `\nThe decision for a caller whose values were not met: ${ms(decision.newcomer)}; the very first, which reads the rules: ` +
      `${ms(decision.first)}; the query for the roles, round trip and all: ${ms(decision.query)}.`,
  )
  say(
    `The list has ${Math.round(list.bytes / 1024)} KiB and costs ${ms(list.cpuMs.node)} of the server's processor time and ` +
      `${ms(list.cpuMs.postgres)} of PostgreSQL's; the query for its rows alone takes ${ms(list.query)}.`,
  )
  say(`A new project took ${ms(made.p50Ms)}, p99 ${ms(made.p99Ms)}.`)
}

async function openBench(
  server: ServerProcess,
  dataDir: string,
  options: Options,
): Promise<Bench & { close(): Promise<void> }> {
  const instance = await setUp(server)
  const person = await signIn(server, instance)
  const database = await openBenchDatabase(dataDir, instance.orgId)
  const pool = openDatabase(database.address)
  const text = "select id from organization_user_memberships where org_id = $1 and user_id = $2"
  const { rows } = await database.client.query<{ id: string }>(text, [instance.orgId, person.userId])
  const shared = { server, instance, person, database, db: pool.queries, options, failures: [] }
  return {
    ...shared,
    membershipId: rows[0]?.id ?? "",
    close: async () => void (await Promise.all([pool.close(), database.close()])),
  }
}

const main = (options: Options): Promise<string[]> =>
  inNewFolder(async (dataDir) => {
    const server = await startServer(dataDir)
    const bench = await openBench(server, dataDir, options)
    try {
      const { client } = bench.database
      const { orgId } = bench.instance
      const begin = performance.now()
      await makeBig(client, orgId, { people: options.people, groups: options.groups, machines: 1_000 })
      const sizes = { projects: options.projects, ofPerson: options.listed, groups }
      const projectId = await makeProjects(client, { orgId, userId: bench.person.userId }, sizes)
      say(`Filled in ${((performance.now() - begin) / 1_000).toFixed(1)} seconds.\n`)
      await measure(bench, projectId)
    } finally {
      await bench.close()
    }
    say(`\n${machine()}.`)
    return bench.failures
  })

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "100000" },
    groups: { type: "string", default: "10000" },
    projects: { type: "string", default: "5000" },
    listed: { type: "string", default: "1000" },
    seconds: { type: "string", default: "5" },
    times: { type: "string", default: "30" },
  },
})
const failures = await main({
  people: Number(values.people),
  groups: Number(values.groups),
  projects: Number(values.projects),
  listed: Number(values.listed),
  seconds: Number(values.seconds),
  times: Number(values.times),
})
for (const failure of failures) console.error(`\nFAILED: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
