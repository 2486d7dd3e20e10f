import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { openBenchDatabase, type BenchDatabase } from "./database.ts"
import { inNewFolder, machine } from "./folder.ts"
import { addClient, addGroups, setUp, signIn, type Instance } from "./instance.ts"
import { floodPerSecond, measureFlood, type Flood } from "./flood.ts"
import type { RepeatOutcome } from "./load.ts"
import { median } from "./machine.ts"
import { findPgbench, runPgbench } from "./pgbench.ts"
import { table } from "./report.ts"
import { answered, requestOf, type Run } from "./requests.ts"
import { loginScript, lookUpScript } from "./callers-sql.ts"
import { startServer, type ServerProcess } from "./server.ts"

/*
 * How fast callers are answered who read or sign in, beside what pgbench reaches with the same statements on the same
 * PostgreSQL in the same run; and what a flood of password logins does to everybody else.
 */

const connections = 16

type Work = { name: string; target: number; request: string; script: string }
type Figures = { outcome: RepeatOutcome; limit: number | undefined }

const whole = (value: number): string => Math.round(value).toLocaleString("en")
const say = (line: string): void => void process.stdout.write(`${line}\n`)

type Bench = Run & { database: BenchDatabase; pgbench: string | undefined }

async function worksOf(server: ServerProcess, instance: Instance, folder: string) {
  const person = await signIn(server, instance)
  const client = await addClient(server, instance)
  const [groupId = ""] = await addGroups(server, instance, "Readers", 1)
  await mkdir(folder)
  const scriptOf = async (name: string, sql: string) => {
    const file = join(folder, `${name}.sql`)
    await writeFile(file, sql)
    return file
  }
  const lookUp = await scriptOf("look-up", lookUpScript(person, instance.orgId))
  const login = await scriptOf("login", loginScript(client, instance.orgId))
  const { clientId, clientSecret } = client
  const profile = requestOf("GET", "/api/v1/user", { token: person.token })
  const works: Work[] = [
    { name: "GET /api/v1/user", target: 3_000, request: profile, script: lookUp },
    {
      name: "GET /api/v1/groups/{id}",
      target: 2_000,
      request: requestOf("GET", `/api/v1/groups/${groupId}`, { token: person.token }),
      script: lookUp,
    },
    {
      name: "universal-auth login",
      target: 1_000,
      request: requestOf("POST", "/api/v1/auth/universal-auth/login", { body: { clientId, clientSecret } }),
      script: login,
    },
  ]
  return { works, profile }
}

async function measure(bench: Bench, { request, script }: Work): Promise<Figures> {
  const { pgbench, database, seconds } = bench
  const order = { scripts: [script], clients: connections, seconds: seconds + 1, firstPerson: 0 }
  const limit = pgbench ? await runPgbench(pgbench, database.address, order) : undefined
  return { outcome: await answered(bench, { requests: [request] }), limit }
}

function report(works: Work[], figures: Figures[][], { quiet, during, flood }: Flood) {
  const rows = works.map(({ name, target }, index) => {
    const rounds = figures.map((round) => round[index]).filter((each) => each !== undefined)
    const of = (value: (each: Figures) => number) => median(rounds.map(value))
    const perSecond = of(({ outcome }) => outcome.perSecond)
    const limit = of(({ limit = Number.NaN }) => limit)
    return [
      name,
      whole(perSecond),
      whole(limit),
      `${Math.round((perSecond / limit) * 100)} %`,
      of(({ outcome }) => outcome.p50Ms).toFixed(1),
      of(({ outcome }) => outcome.p99Ms).toFixed(1),
      whole(target),
      perSecond >= target ? "reached" : "MISSED",
    ]
  })
  const ratio = during / quiet
  say(table([["", "Conclave /s", "pgbench /s", "of it", "p50 ms", "p99 ms", "target /s", ""], ...rows]))
  say("")
  say(
    `A flood of ${floodPerSecond} password logins a second: p99 of GET /api/v1/user ${during.toFixed(1)} ms in its midst, ` +
      `${quiet.toFixed(1)} ms before: ${ratio.toFixed(1)} × (target 2 ×): ${ratio <= 2 ? "reached" : "MISSED"}.`,
  )
  say(`The flood, ${whole(flood.perSecond)} a second, was answered: ${JSON.stringify(flood.answers)}.`)
}

const main = (rounds: number, seconds: number): Promise<string[]> =>
  inNewFolder(async (dataDir) => {
    const server = await startServer(dataDir)
    const instance = await setUp(server)
    const database = await openBenchDatabase(dataDir, instance.orgId)
    const bench: Bench = { server, connections, database, pgbench: findPgbench(), seconds, failures: [] }
    if (!bench.pgbench)
      bench.failures.push("pgbench was NOT RUN: it is neither in PATH nor named by PGBENCH.")
    const { works, profile } = await worksOf(server, instance, join(dataDir, "bench"))
    const figures: Figures[][] = []
    for (let round = 1; round <= rounds; round++) {
      const measured: Figures[] = []
      for (const work of works) measured.push(await measure(bench, work))
      figures.push(measured)
      say(
        `Round ${round}: ${works.map(({ name }, index) => `${name} ${whole(measured[index]?.outcome.perSecond ?? 0)}`).join(", ")}`,
      )
    }
    const flooded = await measureFlood(bench, profile)
    say(`\n${machine()};`)
    say(`${connections} connections, ${rounds} rounds of ${seconds} seconds a figure.\n`)
    report(works, figures, flooded)
    await database.close()
    return bench.failures
  })

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "5" } },
})
const failures = await main(Number(values.rounds), Number(values.seconds))
for (const failure of failures) console.error(`\nFAILED: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
