import { mkdir } from "node:fs/promises"
import type { BenchDatabase } from "./database.ts"
import { addGroups, type Instance } from "./instance.ts"
import { answersWithout, generate, type Outcome } from "./load.ts"
import { cpuUs, familyCpuUs } from "./machine.ts"
import { findPgbench, runPgbench, writeScripts } from "./pgbench.ts"
import type { ServerProcess } from "./server.ts"

export const contenders = ["four", "one", "server"] as const
export type Contender = (typeof contenders)[number]

/** A running server with what the measurements need. */
export type Bench = {
  server: ServerProcess
  instance: Instance
  database: BenchDatabase
  /** The groups that each contender fills. */ groupIds: Record<Contender, string[]>
  /** For what all contenders put into the same group. */ oneGroupIds: string[]
  /** Absent: there is no pgbench, and the server is measured alone. */ pgbench: Pgbench | undefined
  /** What the server has answered so far with 200. */ added: number
  /** Sentences about what was not as it must be. */ failures: string[]
  /** The most people that a contender ever added in a second on so many connections. */
  best: Map<string, number>
}

type Pgbench = { file: string; scripts: { four: string[]; one: string[] } }

/** How many at once, how long, and whether all go into one group. */
export type Setting = { connections: number; seconds: number; isOneGroup?: boolean }

/** What one contender reached at one level in one round. */
export type Figures = {
  perSecond: number
  p50Ms?: number
  p99Ms?: number
  /** CPU time of the Node process for one add. */ nodeUs?: number
  /** CPU time of PostgreSQL for one add. */ postgresUs?: number
}

const groupsEach = 8

export async function openGroups(
  server: ServerProcess,
  instance: Instance,
  scriptsDir: string,
): Promise<Pick<Bench, "groupIds" | "pgbench">> {
  const groupIds = {
    four: await addGroups(server, instance, "Four statements", groupsEach),
    one: await addGroups(server, instance, "One statement", groupsEach),
    server: await addGroups(server, instance, "Engineering", groupsEach),
  }
  const file = findPgbench()
  if (!file) return { groupIds, pgbench: undefined }
  const { orgId, admin } = instance
  const work = { orgId, identityId: admin.identityId, tokenId: admin.tokenId }
  await mkdir(scriptsDir)
  const scripts = {
    four: await writeScripts(scriptsDir, "four", { ...work, groupIds: groupIds.four }),
    one: await writeScripts(scriptsDir, "one", { ...work, groupIds: groupIds.one }),
  }
  return { groupIds, pgbench: { file, scripts } }
}

/** Measures one contender for so many seconds after one second of warm-up, with people of its own. */
export async function measure(
  bench: Bench,
  contender: Contender,
  setting: Setting,
): Promise<Figures | undefined> {
  if (contender !== "server" && !bench.pgbench) return undefined
  const key = `${contender} ${setting.connections}`
  // Well over what was seen so far, since a quiet moment may follow a loud one.
  const enough = Math.max(2 * (bench.best.get(key) ?? 4_000), 4_000)
  const people = Math.ceil((setting.seconds + 1) * enough)
  const run = { ...setting, people, firstPerson: await bench.database.addPeople(people) }
  const figures =
    contender === "server" ? await measureServer(bench, run) : await measurePgbench(bench, contender, run)
  bench.best.set(key, Math.max(bench.best.get(key) ?? 0, figures.perSecond))
  return figures
}

type Run = Setting & { people: number; firstPerson: number }

async function measurePgbench(bench: Bench, contender: "four" | "one", run: Run): Promise<Figures> {
  if (!bench.pgbench) throw new Error("There is no pgbench.")
  const { file, scripts } = bench.pgbench
  const order = {
    scripts: run.isOneGroup ? scripts[contender].slice(0, 1) : scripts[contender],
    clients: run.connections,
    seconds: run.seconds + 1,
    firstPerson: run.firstPerson,
  }
  return { perSecond: await runPgbench(file, bench.database.address, order) }
}

/** Drives the server; what it answered is counted for the comparison at the end. */
async function measureServer(bench: Bench, run: Run): Promise<Figures> {
  const { server, instance, database } = bench
  const { connections, seconds, firstPerson, people } = run
  const marks: { node: number; postgres: number }[] = []
  const outcome = await generate(
    {
      host: server.host,
      port: server.port,
      connections,
      firstPerson,
      people,
      groupIds: run.isOneGroup ? bench.oneGroupIds : bench.groupIds.server,
      warmUpMs: 1_000,
      measureMs: seconds * 1_000,
      tokens: [instance.admin.token],
    },
    () => marks.push({ node: cpuUs(server.pid), postgres: familyCpuUs(database.pid) }),
  )
  keep(bench, outcome)
  if (outcome.ranOut) throw new Error("The people did not last: the machine was busier before. Run it again.")
  const [begun, ended] = marks
  const used = (of: "node" | "postgres") => ((ended?.[of] ?? 0) - (begun?.[of] ?? 0)) / outcome.measured
  const { perSecond, p50Ms, p99Ms } = outcome
  return { perSecond, p50Ms, p99Ms, nodeUs: used("node"), postgresUs: used("postgres") }
}

function keep(bench: Bench, outcome: Outcome): void {
  bench.added += outcome.answers[200] ?? 0
  const others = answersWithout(outcome.answers, 200)
  if (others > 0)
    bench.failures.push(`${others} adds were not answered with 200: ${JSON.stringify(outcome.answers)}.`)
}
