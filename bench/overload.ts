import { parseArgs } from "node:util"
import { crowdedOrganization } from "./crowded.ts"
import { openBenchDatabase } from "./database.ts"
import { floodPerSecond, measureFlood } from "./flood.ts"
import { inNewFolder, machine } from "./folder.ts"
import { goalsTable, ms, reached, type Goal } from "./goals.ts"
import { setUp, signIn } from "./instance.ts"
import { strangeRequests } from "./odd-requests.ts"
import { requestOf } from "./requests.ts"
import { startServer } from "./server.ts"
import { slowClients } from "./slow-clients.ts"
import { burstOfWrites, people, soak, steadyReads, steadyWrites, type Bench } from "./steady.ts"

/*
 * What a server does under load, for long, in a burst, and amid clients that are slow or hostile: `npm run load`. Fails
 * when anything is answered that must not be; figures that miss their target are said to.
 */
const { values } = parseArgs({
  options: {
    /** Ten minutes of adds and removes in place of one. */ full: { type: "boolean", default: false },
    seconds: { type: "string" },
    /** So many seconds of adds and removes, to see what grows. */ soak: { type: "string" },
    /** Names of parts to run alone. */ only: { type: "string", multiple: true },
  },
})
const seconds = Number(values.seconds ?? (values.full ? 600 : 60))
const soakSeconds = values.soak === undefined ? undefined : Number(values.soak)

async function flood(bench: Bench): Promise<Goal> {
  const { server, instance, failures } = bench
  const person = await signIn(server, instance)
  const profile = requestOf("GET", "/api/v1/user", { token: person.token })
  const run = { server, connections: 16, seconds: 3, failures }
  const { quiet, during, flood: flooded } = await measureFlood(run, profile)
  const ratio = during / quiet
  return {
    what: `${floodPerSecond} password logins a second`,
    target: "p99 of everybody else at most 2 ×",
    seen: `${ms(quiet)} before, ${ms(during)} amid: ${ratio.toFixed(1)} ×; ${JSON.stringify(flooded.answers)}`,
    outcome: reached(ratio <= 2),
  }
}

const notSoaked: Goal = {
  what: "memory over an hour",
  target: "grows < 5 % an hour",
  seen: "npm run load -- --soak 3600",
  outcome: "NOT RUN",
}

const parts: Record<string, (bench: Bench) => Promise<Goal[]>> = {
  writes: async (bench) => [await steadyWrites(bench, seconds)],
  reads: async (bench) => [await steadyReads(bench, Math.min(seconds, 30))],
  burst: async (bench) => [await burstOfWrites(bench)],
  soak: async (bench) => [soakSeconds === undefined ? notSoaked : await soak(bench, soakSeconds)],
  odd: strangeRequests,
  slow: slowClients,
  flood: async (bench) => [await flood(bench)],
  crowded: crowdedOrganization,
}

const main = (names: readonly string[]): Promise<string[]> =>
  inNewFolder(async (dataDir) => {
    const server = await startServer(dataDir)
    const instance = await setUp(server)
    const database = await openBenchDatabase(dataDir, instance.orgId)
    const firstPerson = await database.addPeople(people)
    const bench: Bench = { server, instance, database, firstPerson, failures: [] }
    const goals: Goal[] = []
    for (const name of names) {
      const part = parts[name]
      if (!part) throw new Error(`The parts are ${Object.keys(parts).join(", ")}.`)
      const found = await part(bench)
      for (const { what, seen, outcome } of found) console.log(`${name}: ${what}: ${seen} (${outcome})`)
      goals.push(...found)
    }
    await database.close()
    console.log(`\n${machine()}\n\n${goalsTable(goals)}`)
    return bench.failures
  })

const failures = await main(values.only ?? Object.keys(parts))
for (const failure of failures) console.error(`\nFAILED: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
