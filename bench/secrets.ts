import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import { call } from "../server/test/http.ts"
import { openBenchDatabase, type BenchDatabase } from "./database.ts"
import { inNewFolder, machine } from "./folder.ts"
import { addFolder, addProject, addSecrets, setUp, type Instance } from "./instance.ts"
import { cpuUs, familyCpuUs, median, residentMib } from "./machine.ts"
import { table } from "./report.ts"
import { answered, requestOf, type Run } from "./requests.ts"
import { startServer } from "./server.ts"

/*
 * How fast secrets are read and written over HTTP by a machine identity, every value sealed and every read recorded in
 * the audit log; what many writers at once do to who reads; and what a very large folder costs. Infisical's figures were
 * taken in the same setting on another machine: compare the ratios.
 */

const connections = 16
const inFolder = 100
const inLargeFolder = 10_000
const writers = 64

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const whole = (value: number): string => Math.round(value).toLocaleString("en")

type Bench = Run & { instance: Instance; projectId: string; database: BenchDatabase }

const queryOf = ({ projectId }: Bench, secretPath: string): string =>
  new URLSearchParams({ workspaceId: projectId, environment: "dev", secretPath }).toString()

const readOne = (bench: Bench): string[] =>
  Array.from({ length: inFolder }, (_, index) =>
    requestOf("GET", `/api/v3/secrets/raw/KEY_${index}?${queryOf(bench, "/read")}`, {
      token: bench.instance.admin.token,
    }),
  )

const readAll = (bench: Bench, secretPath: string): string =>
  requestOf("GET", `/api/v3/secrets/raw?${queryOf(bench, secretPath)}`, { token: bench.instance.admin.token })

let made = 0
/** Requests that make so many secrets, each once. */
function creations({ instance, projectId }: Bench, count: number): string[] {
  return Array.from({ length: count }, () => {
    const body = {
      workspaceId: projectId,
      environment: "dev",
      secretPath: "/made",
      secretValue: `value ${made} of some thirty letters`,
    }
    return requestOf("POST", `/api/v3/secrets/raw/MADE_${made++}`, { token: instance.admin.token, body })
  })
}

type Work = { word: string; name: string; target: number; peer: number; requests: () => string[] }

const worksOf = (bench: Bench): Work[] => [
  { word: "get", name: "get one secret", target: 3_000, peer: 90, requests: () => readOne(bench) },
  {
    word: "list",
    name: `list ${inFolder} secrets`,
    target: 1_000,
    peer: 60,
    requests: () => [readAll(bench, "/read")],
  },
  {
    word: "create",
    name: "create a secret",
    target: 800,
    peer: 16,
    requests: () => creations(bench, 4_000 * (bench.seconds + 1)),
  },
]

type Figures = { perSecond: number; p50Ms: number; p99Ms: number; nodeUs: number; postgresUs: number }

async function measure(bench: Bench, requests: string[]): Promise<Figures> {
  const { server, database } = bench
  const before = { node: cpuUs(server.pid), postgres: familyCpuUs(database.pid) }
  const { perSecond, p50Ms, p99Ms } = await answered(bench, { requests })
  // The warm-up is counted with the rest: a second before, at about the same rate.
  const answers = perSecond * (bench.seconds + 1)
  const nodeUs = (cpuUs(server.pid) - before.node) / answers
  const postgresUs = (familyCpuUs(database.pid) - before.postgres) / answers
  return { perSecond, p50Ms, p99Ms, nodeUs, postgresUs }
}

/** The 99th percentile of somebody who reads all along, by itself and beside many who write. */
async function measureBesideWriters(
  bench: Bench,
): Promise<{ quiet: number; during: number; written: number }> {
  const reading = { requests: readOne(bench), connections: 4, perSecond: 200 }
  const quiet = await answered(bench, reading)
  const requests = creations(bench, 4_000 * (bench.seconds + 4))
  const measureMs = (bench.seconds + 2) * 1_000
  const writing = answered(bench, { requests, connections: writers, measureMs })
  await sleep(1_500)
  const during = await answered(bench, reading)
  return { quiet: quiet.p99Ms, during: during.p99Ms, written: (await writing).perSecond }
}

/** How long a list of the large folder takes, and what memory the server holds before, at most, and afterwards. */
async function measureLargeFolder({ server, instance, projectId }: Bench) {
  const address = `http://${server.host}:${server.port}`
  const query = new URLSearchParams({ projectId, environment: "dev", secretPath: "/large" })
  const memory = [residentMib(server.pid)]
  const took: number[] = []
  for (let time = 0; time < 15; time++) {
    const begin = performance.now()
    const answer = await call(address, `GET /api/v4/secrets?${query.toString()}`, {
      token: instance.admin.token,
    })
    took.push(performance.now() - begin)
    memory.push(residentMib(server.pid))
    const count = answer.body.secrets?.length
    if (count !== inLargeFolder) throw new Error(`${answer.status}: ${count} secrets were listed.`)
  }
  await sleep(20_000)
  const [before = Number.NaN] = memory
  return { ms: median(took), before, most: Math.max(...memory), after: residentMib(server.pid) }
}

/** Every secret that was read must be in the audit log, and every one that was made in its folder. */
async function checkRows({ database, failures }: Bench, reads: number, before: number): Promise<void> {
  const { rows } = await database.client.query<{ rows: string; made: string }>(
    `select (select count(*) from audit_logs where event_type in ('get-secret', 'get-secrets')) as rows,
       (select count(*) from secrets where key like 'MADE_%' and ended_at is null) as made`,
  )
  const recorded = Number(rows[0]?.rows) - before
  if (recorded < reads) failures.push(`Of ${whole(reads)} reads ${whole(recorded)} were recorded.`)
  say(`\n${whole(recorded)} reads recorded, ${whole(Number(rows[0]?.made))} secrets made.`)
}

function report(works: Work[], rounds: Figures[][], failures: string[]): void {
  const rows = works.map(({ name, target, peer }, index) => {
    const all = rounds.flatMap((round) => round[index] ?? [])
    const of = (key: keyof Figures) => median(all.map((each) => each[key]))
    const perSecond = of("perSecond")
    if (perSecond < target)
      failures.push(`${name}: ${whole(perSecond)} a second, where the goal is ${target}.`)
    return [
      name,
      whole(perSecond),
      of("p50Ms").toFixed(1),
      of("p99Ms").toFixed(1),
      whole(of("nodeUs")),
      whole(of("postgresUs")),
      whole(target),
      whole(peer),
      perSecond >= target ? "reached" : "MISSED",
    ]
  })
  const head = [
    "",
    "Conclave /s",
    "p50 ms",
    "p99 ms",
    "Node µs",
    "PostgreSQL µs",
    "target /s",
    "Infisical /s",
    "",
  ]
  say(`\n${table([head, ...rows])}`)
}

async function measureRounds(bench: Bench, works: Work[], rounds: number): Promise<void> {
  const figures: Figures[][] = []
  let reads = 0
  for (let round = 1; round <= rounds; round++) {
    const measured: Figures[] = []
    for (const work of works) {
      const each = await measure(bench, work.requests())
      measured.push(each)
      if (work.word !== "create") reads += each.perSecond * bench.seconds
    }
    figures.push(measured)
    const told = works.map(({ name }, at) => `${name} ${toldOf(measured[at])}`)
    say(`Round ${round}: ${told.join(", ")}`)
  }
  report(works, figures, bench.failures)
  await checkRows(bench, Math.floor(reads), 0)
}

const toldOf = (figures: Figures | undefined): string =>
  figures
    ? `${whole(figures.perSecond)} (${whole(figures.nodeUs)} + ${whole(figures.postgresUs)} µs)`
    : "nothing"

async function reportBesideWriters(bench: Bench): Promise<void> {
  const { quiet, during, written } = await measureBesideWriters(bench)
  const ratio = during / quiet
  if (ratio > 5) bench.failures.push(`Reads beside ${writers} writers: ${ratio.toFixed(1)} ×.`)
  say(
    `Reads beside ${writers} writers (${whole(written)} secrets a second): p99 ${during.toFixed(1)} ms, ` +
      `${quiet.toFixed(1)} ms by themselves: ${ratio.toFixed(1)} × (goal at most 5 ×).`,
  )
}

async function reportLargeFolder(bench: Bench): Promise<void> {
  const { ms, before, most, after } = await measureLargeFolder(bench)
  if (ms > 300) bench.failures.push(`A list of ${whole(inLargeFolder)} secrets took ${ms.toFixed(0)} ms.`)
  const mib = (value: number): string => `${whole(value)} MiB`
  say(
    `A folder of ${whole(inLargeFolder)} secrets lists in ${ms.toFixed(0)} ms (goal at most 300); memory ` +
      `${mib(before)} before, ${mib(most)} at most, ${mib(after)} twenty seconds after.`,
  )
}

/** `only` names what is measured: get, list, create, beside (writers), folder. */
async function run(bench: Bench, rounds: number, only: readonly string[]): Promise<void> {
  const works = worksOf(bench).filter(({ word }) => only.includes(word))
  if (works.length > 0) await measureRounds(bench, works, rounds)
  if (only.includes("beside")) await reportBesideWriters(bench)
  if (only.includes("folder")) await reportLargeFolder(bench)
}

const main = (rounds: number, seconds: number, only: readonly string[]): Promise<string[]> =>
  inNewFolder(async (dataDir) => {
    const server = await startServer(dataDir)
    const instance = await setUp(server)
    const projectId = await addProject(server, instance, "Secrets")
    const database = await openBenchDatabase(dataDir, instance.orgId)
    const bench: Bench = { server, connections, instance, projectId, database, seconds, failures: [] }
    const place = { projectId, environment: "dev" }
    for (const name of ["read", "made", "large"]) await addFolder(server, instance, { ...place, name })
    await addSecrets(server, instance, { ...place, secretPath: "/read" }, inFolder)
    await addSecrets(server, instance, { ...place, secretPath: "/large" }, inLargeFolder)
    await database.client.query("vacuum (analyze)")
    await run(bench, rounds, only)
    await database.close()
    say(`\n${machine()};`)
    say(`${connections} connections, ${rounds} rounds of ${seconds} seconds a figure.`)
    return bench.failures
  })

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    only: { type: "string", default: "get,list,create,beside,folder" },
  },
})
const failures = await main(Number(values.rounds), Number(values.seconds), values.only.split(","))
for (const failure of failures) console.error(`\nFAILED: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
