import { readdirSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { usernameOf, type BenchDatabase } from "./database.ts"
import { ms, reached, type Goal } from "./goals.ts"
import { addGroups, type Instance } from "./instance.ts"
import { answersWithout, repeat, type RepeatOutcome } from "./load.ts"
import { residentMib } from "./machine.ts"
import { requestOf } from "./requests.ts"
import type { ServerProcess } from "./server.ts"

export type Bench = {
  server: ServerProcess
  instance: Instance
  database: BenchDatabase
  /** The number of the first of `people` people. */ firstPerson: number
  failures: string[]
}

/** So many people take turns in being added and removed, far enough apart that the add is done before the remove. */
export const people = 2_000
const [addsPerSecond, readsPerSecond, burst] = [200, 1_000, 10]
const burstSeconds = 10

/** Adds everybody to a group, then removes everybody. */
function addsAndRemoves({ instance, firstPerson }: Bench, groupId: string): string[] {
  const { token } = instance.admin
  const of = (method: string) =>
    Array.from({ length: people }, (_, index) => {
      const username = encodeURIComponent(usernameOf(firstPerson + index))
      return requestOf(method, `/api/v1/groups/${groupId}/users/${username}`, { token })
    })
  return [...of("POST"), ...of("DELETE")]
}

type Pace = { perSecond: number; seconds: number; connections?: number }

async function turnAround(
  bench: Bench,
  { perSecond, seconds, connections = 32 }: Pace,
): Promise<RepeatOutcome> {
  const { host, port } = bench.server
  const [groupId = ""] = await addGroups(bench.server, bench.instance, `Turned ${crypto.randomUUID()}`, 1)
  const requests = addsAndRemoves(bench, groupId)
  const measureMs = seconds * 1_000
  return repeat({ host, port, connections, requests, warmUpMs: 1_000, measureMs, perSecond })
}

const figures = ({ perSecond, p95Ms, p99Ms, answers }: RepeatOutcome): string =>
  `${Math.round(perSecond)}/s, p95 ${ms(p95Ms)}, p99 ${ms(p99Ms)}, ${answersWithout(answers, 200)} others than 200`

/** Adds and removes at a steady pace. */
export async function steadyWrites(bench: Bench, seconds: number): Promise<Goal> {
  const outcome = await turnAround(bench, { perSecond: addsPerSecond, seconds })
  const others = answersWithout(outcome.answers, 200)
  if (others > 0) bench.failures.push(`Adds and removes were answered: ${JSON.stringify(outcome.answers)}.`)
  const isWhole = outcome.perSecond >= 0.99 * addsPerSecond
  return {
    what: `${addsPerSecond} adds and removes a second for ${seconds} s`,
    target: "p95 < 25 ms, p99 < 60 ms, all 200",
    seen: figures(outcome),
    outcome: reached(isWhole && others === 0 && outcome.p95Ms < 25 && outcome.p99Ms < 60),
  }
}

/** Reads that need a right. */
export async function steadyReads({ server, instance, failures }: Bench, seconds: number): Promise<Goal> {
  const { host, port } = server
  const [groupId = ""] = await addGroups(server, instance, "Read", 1)
  const requests = [requestOf("GET", `/api/v1/groups/${groupId}`, { token: instance.admin.token })]
  const times = { warmUpMs: 2_000, measureMs: seconds * 1_000 }
  const outcome = await repeat({ host, port, connections: 32, requests, ...times, perSecond: readsPerSecond })
  const others = answersWithout(outcome.answers, 200)
  if (others > 0) failures.push(`Reads were answered: ${JSON.stringify(outcome.answers)}.`)
  const isWhole = outcome.perSecond >= 0.99 * readsPerSecond
  return {
    what: `${readsPerSecond} checked reads a second for ${seconds} s`,
    target: "p95 < 10 ms, all 200",
    seen: figures(outcome),
    outcome: reached(isWhole && others === 0 && outcome.p95Ms < 10),
  }
}

/** Ten times as much for ten seconds, and what is left of it five seconds later. */
export async function burstOfWrites(bench: Bench): Promise<Goal> {
  const outcome = await turnAround(bench, {
    perSecond: burst * addsPerSecond,
    seconds: burstSeconds,
    connections: 128,
  })
  // What turns up in the burst out of order is a 400 or 403, and no error.
  const { 200: _good, 400: _in, 403: _out, 429: _many, 503: _away, ...wrong } = outcome.answers
  if (Object.keys(wrong).length > 0)
    bench.failures.push(`The burst was answered: ${JSON.stringify(outcome.answers)}.`)
  await sleep(4_000)
  const after = await turnAround(bench, { perSecond: addsPerSecond, seconds: 5 })
  return {
    what: `${burst} × as many for ${burstSeconds} s`,
    target: "no error but 429 and 503, p95 < 25 ms after 5 s",
    seen: `${Math.round(outcome.perSecond)}/s, ${JSON.stringify(outcome.answers)}, then p95 ${ms(after.p95Ms)}`,
    outcome: reached(
      Object.keys(wrong).length === 0 && after.p95Ms < 25 && answersWithout(after.answers, 200) === 0,
    ),
  }
}

type Sample = { hours: number; mib: number; files: number; connections: number }

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length

async function sampleOf({ server, database }: Bench, hours: number): Promise<Sample> {
  const { rows } = await database.client.query<{ count: number }>(
    "select count(*)::int as count from pg_stat_activity where application_name = 'conclave'",
  )
  const connections = rows[0]?.count ?? 0
  return { hours, mib: residentMib(server.pid), files: openFiles(server.pid), connections }
}

/** By how much something grows an hour, by least squares. */
function slopeOf(samples: readonly Sample[], key: "mib" | "files" | "connections"): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const [x, y] = [mean(({ hours }) => hours), mean((sample) => sample[key])]
  return mean((sample) => (sample.hours - x) * (sample[key] - y)) / mean(({ hours }) => (hours - x) ** 2)
}

/** Writes at a steady pace for so long, and what grows meanwhile. */
export async function soak(bench: Bench, seconds: number): Promise<Goal> {
  const begin = performance.now()
  const elapsed = () => (performance.now() - begin) / 1_000
  const samples: Sample[] = []
  while (elapsed() < seconds) {
    const outcome = await turnAround(bench, { perSecond: addsPerSecond, seconds: 20 })
    if (answersWithout(outcome.answers, 200) > 0)
      bench.failures.push(`The soak was answered: ${JSON.stringify(outcome.answers)}.`)
    samples.push(await sampleOf(bench, elapsed() / 3_600))
  }
  // What it takes to get warm is no growth.
  const warm = samples.slice(Math.ceil(samples.length / 6))
  const first = warm[0]?.mib ?? Number.NaN
  const growth = slopeOf(warm, "mib") / first
  const [files, connections] = [warm[0], warm.at(-1)].map((each) => [
    each?.files ?? 0,
    each?.connections ?? 0,
  ])
  const isSteady = (index: number) => (connections?.[index] ?? 0) <= (files?.[index] ?? 0)
  return {
    what: `${addsPerSecond} adds and removes a second for ${seconds} s, memory`,
    target: "grows < 5 % an hour, no more files and connections",
    seen: `${(growth * 100).toFixed(1)} % an hour of ${Math.round(first)} MiB, files ${files?.[0]} to ${connections?.[0]}, connections ${files?.[1]} to ${connections?.[1]}`,
    outcome: reached(growth < 0.05 && isSteady(0) && isSteady(1)),
  }
}
