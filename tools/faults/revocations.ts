import { urlOf } from "../../server/test/databases.ts"
import * as people from "../../server/test/people.ts"
import { connectionOf, makeDataDir, removeDataDir, startProcess } from "../../server/test/processes.ts"
import { projectWays } from "../../server/test/project-revocations.ts"
import { runTrials, ways as everyWay, type Outcome } from "../../server/test/revocations.ts"
import { fromAnywhere } from "../../server/test/two-servers.ts"

/**
 * Takes rights away on one server and uses them on another that serves the same database, so many times in all, and
 * prints what came of it. False when a use was allowed that began after the answer, or anything else was odd.
 */
export async function revokeAmidUse(trialCount: number, { inProjectsOnly = false } = {}): Promise<boolean> {
  const ways = inProjectsOnly ? projectWays : everyWay
  const dataDir = await makeDataDir()
  const env = { LOG_LEVEL: "error", TRUSTED_PROXIES: "127.0.0.1" }
  const left = await startProcess({ dataDir, env })
  const right = await startProcess({ dataDir, databaseUrl: urlOf(connectionOf(dataDir)), env })
  try {
    const acme = await people.bootstrap(left)
    const world = { left: fromAnywhere(left), right: fromAnywhere(right), acme }
    const outcomes: Outcome[] = []
    const begin = performance.now()
    for (const way of ways) {
      const outcome = await runTrials(world, way, Math.ceil(trialCount / ways.length))
      show(outcome)
      outcomes.push(outcome)
    }
    return summarize(outcomes, (performance.now() - begin) / 1_000)
  } finally {
    for (const server of [right, left]) server.kill("SIGTERM")
    await Promise.all([left.exited, right.exited])
    await removeDataDir(dataDir)
  }
}

function show({ way, trials, stale, strange }: Outcome): void {
  console.log(
    `${way.padEnd(40)} trials ${String(trials).padStart(5)}  stale ${stale}  strange ${strange.length}`,
  )
  for (const line of strange.slice(0, 10)) console.log(`     ${line}`)
}

function summarize(outcomes: Outcome[], seconds: number): boolean {
  const sum = (count: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0)
  const trials = sum((outcome) => outcome.trials)
  const stale = sum((outcome) => outcome.stale)
  const strange = sum((outcome) => outcome.strange.length)
  const rate = Math.round(trials / seconds)
  console.log(
    `${trials} revocations, each used on the other server: ${stale} stale, ${strange} strange answers, ${rate} a second`,
  )
  return stale + strange === 0
}
