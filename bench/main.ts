import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import { checkRevocation, checkRows } from "./checks.ts"
import { openBenchDatabase } from "./database.ts"
import { inNewFolder, machine } from "./folder.ts"
import { addGroups, setUp, type Instance } from "./instance.ts"
import { median, residentMib } from "./machine.ts"
import { report, type Level, type Results } from "./report.ts"
import { roundTripAdds, roundTripsPerAdd } from "./round-trips.ts"
import { contenders, measure, openGroups, type Bench } from "./rounds.ts"
import { startServer } from "./server.ts"

const levels = [
  { connections: 1 },
  { connections: 8 },
  { connections: 32 },
  { connections: 32, isOneGroup: true },
]
const starts = 5
const idleMs = 10_000

type Options = { rounds: number; seconds: number }

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Runs everything in a folder of its own, prints it, and returns what was not as it must be. */
const main = (options: Options): Promise<string[]> =>
  inNewFolder(async (dataDir) => {
    const instance = await firstStart(dataDir)
    const { failures, ...figures } = await measureRunning(dataDir, instance, options)
    say(`Starting ${starts} times on the folder that is now there.`)
    const startMs = await timeStarts(dataDir)
    say(`\n${machine()};`)
    say(`${options.rounds} rounds of ${options.seconds} seconds a figure; adds per second.\n`)
    say(report({ ...figures, startMs }))
    return failures
  })

/** Makes the folder and sets the server up, so that what follows begins like any other day. */
async function firstStart(dataDir: string): Promise<Instance> {
  const server = await startServer(dataDir)
  try {
    return await setUp(server)
  } finally {
    await server.stop()
  }
}

type Measured = Omit<Results, "startMs"> & { failures: string[] }

async function measureRunning(dataDir: string, instance: Instance, options: Options): Promise<Measured> {
  const server = await startServer(dataDir)
  try {
    say("Waiting ten seconds to see what an idle server takes.")
    await sleep(idleMs)
    const idleMib = residentMib(server.pid)
    const database = await openBenchDatabase(dataDir, instance.orgId)
    try {
      const groups = await openGroups(server, instance, join(dataDir, "bench"))
      const bench: Bench = {
        server,
        instance,
        database,
        ...groups,
        oneGroupIds: await addGroups(server, instance, "Everybody", 1),
        added: 0,
        failures: [],
        best: new Map(),
      }
      return { ...(await measureAll(bench, dataDir, options)), idleMib, failures: bench.failures }
    } finally {
      await database.close()
    }
  } finally {
    await server.stop()
  }
}

async function measureAll(
  bench: Bench,
  dataDir: string,
  { rounds, seconds }: Options,
): Promise<Omit<Measured, "startMs" | "idleMib" | "failures">> {
  if (!bench.pgbench) bench.failures.push("pgbench was NOT RUN: it is neither in PATH nor named by PGBENCH.")
  const measured = levels.map((level): Level => ({ ...level, rounds: { four: [], one: [], server: [] } }))
  say("Warming up.")
  for (const connections of [8, 32]) await measure(bench, "server", { connections, seconds: 2 })
  for (let round = 1; round <= rounds; round++) {
    for (const level of measured) {
      for (const contender of contenders) {
        const figures = await measure(bench, contender, { ...level, seconds })
        if (figures) level.rounds[contender].push(figures)
      }
      const [four, one, server] = contenders.map((each) =>
        Math.round(level.rounds[each].at(-1)?.perSecond ?? NaN),
      )
      const where = level.isOneGroup ? ", one group" : ""
      say(
        `Round ${round}, ${level.connections} connections${where}: four ${four}, one ${one}, Conclave ${server}`,
      )
    }
  }
  const revocation = await checkRevocation(bench)
  const rows = await checkRows(bench, [...bench.groupIds.server, ...bench.oneGroupIds])
  const loadedMib = residentMib(bench.server.pid)
  const roundTrips = await roundTripsPerAdd({
    dataDir,
    address: bench.database.address,
    token: bench.instance.admin.token,
    groupIds: bench.groupIds.server,
    firstPerson: await bench.database.addPeople(2 * roundTripAdds),
  })
  return { levels: measured, revocation, rows, loadedMib, roundTrips }
}

async function timeStarts(dataDir: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < starts; run++) {
    const server = await startServer(dataDir)
    times.push(server.startMs)
    await server.stop()
  }
  return median(times)
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "5" } },
})
const failures = await main({ rounds: Number(values.rounds), seconds: Number(values.seconds) })
for (const failure of failures) console.error(`\nFAILED: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
