import type { RevocationFigures, RowFigures } from "./checks.ts"
import { median } from "./machine.ts"
import { roundTripAdds } from "./round-trips.ts"
import type { Contender, Figures } from "./rounds.ts"

/** The figures of all rounds at one level. */
export type Level = {
  connections: number
  /** All in one group, in place of several. */ isOneGroup?: boolean
  rounds: Record<Contender, Figures[]>
}

export type Results = {
  levels: Level[]
  revocation: RevocationFigures
  rows: RowFigures
  roundTrips: number
  idleMib: number
  loadedMib: number
  startMs: number
}

const whole = (value: number): string =>
  Number.isFinite(value) ? Math.round(value).toLocaleString("en") : "–"
const tenths = (value: number): string => (Number.isFinite(value) ? value.toFixed(1) : "–")
const percent = (value: number): string => (Number.isFinite(value) ? `${Math.round(value * 100)} %` : "–")

const medianOf = (figures: readonly Figures[], key: keyof Figures): number =>
  median(figures.map((each) => each[key] ?? Number.NaN))

/** The median over the rounds of what the server reached, as a share of what pgbench reached just before. */
function shareOf({ rounds }: Level, way: "four" | "one"): number {
  return median(
    rounds.server.map(({ perSecond }, round) => perSecond / (rounds[way][round]?.perSecond ?? Number.NaN)),
  )
}

const columns = [
  "connections",
  "four statements",
  "one statement",
  "Conclave",
  "of four",
  "of one",
  "p50 ms",
  "p99 ms",
  "p99 / p50",
  "Node µs",
  "PostgreSQL µs",
]

function row(level: Level): string[] {
  const { server, four, one } = level.rounds
  const p50 = medianOf(server, "p50Ms")
  const p99 = medianOf(server, "p99Ms")
  return [
    level.isOneGroup ? `${level.connections}, one group` : String(level.connections),
    whole(medianOf(four, "perSecond")),
    whole(medianOf(one, "perSecond")),
    whole(medianOf(server, "perSecond")),
    percent(shareOf(level, "four")),
    percent(shareOf(level, "one")),
    tenths(p50),
    tenths(p99),
    tenths(p99 / p50),
    whole(medianOf(server, "nodeUs")),
    whole(medianOf(server, "postgresUs")),
  ]
}

/** A table as Markdown, with its columns aligned for who reads it in a terminal. */
export function table(rows: string[][]): string {
  const width = (column: number) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padStart(width(column))).join(" | ")} |`
  const [head = [], ...rest] = rows
  const rule = `| ${head.map((_, column) => `${"-".repeat(width(column) - 1)}:`).join(" | ")} |`
  return [line(head), rule, ...rest.map(line)].join("\n")
}

type Target = { what: string; figure: string; isReached: boolean }

/** What an add must reach of pgbench's one statement, on so many connections. */
const leastShares: Record<number, number> = { 1: 0.45, 8: 0.6, 32: 1 }
/** From so many one-statement adds a second on, a machine is fast enough for the goal of 25 ms. */
const fastEnough = 5_000

function targetsAt(level: Level): Target[] {
  const { connections, rounds } = level
  const share = shareOf(level, "one")
  const least = leastShares[connections] ?? 0
  const p99 = medianOf(rounds.server, "p99Ms")
  const fast = {
    what: `at least ${percent(least)} of one statement at ${connections}`,
    figure: percent(share),
    isReached: share >= least,
  }
  const spread = p99 / medianOf(rounds.server, "p50Ms")
  const steady = {
    what: `p99 under 10 × p50 at ${connections}`,
    figure: tenths(spread),
    isReached: spread < 10,
  }
  if (connections < 32 || medianOf(rounds.one, "perSecond") < fastEnough) return [fast, steady]
  const prompt = { what: "p99 at most 25 ms at 32", figure: `${tenths(p99)} ms`, isReached: p99 <= 25 }
  return [fast, steady, prompt]
}

function targets(results: Results): Target[] {
  const { roundTrips, idleMib, startMs } = results
  return [
    ...results.levels.filter((level) => !level.isOneGroup).flatMap(targetsAt),
    // The server looks for things to copy twice a second, which is counted, too.
    { what: "two round trips an add", figure: roundTrips.toFixed(2), isReached: roundTrips < 2.05 },
    { what: "at most 120 MiB when idle", figure: `${whole(idleMib)} MiB`, isReached: idleMib <= 120 },
    { what: "started within 1.5 s", figure: `${whole(startMs)} ms`, isReached: startMs <= 1_500 },
  ]
}

/** Everything that was measured, as text. */
export function report(results: Results): string {
  const { revocation, rows } = results
  const judged = targets(results).map(({ what, figure, isReached }) => [
    what,
    figure,
    isReached ? "reached" : "MISSED",
  ])
  return [
    table([columns, ...results.levels.map(row)]),
    "",
    table([["target", "measured", ""], ...judged]),
    "",
    `Rows: ${whole(rows.added)} adds answered with 200, ${whole(rows.memberships)} memberships, ${whole(rows.auditRows)} audit rows.`,
    `Revocation: ${whole(revocation.after)} requests sent with the token after it was revoked, all to be refused.`,
    `Round trips: counted over ${roundTripAdds} adds.`,
    `Memory: ${whole(results.idleMib)} MiB ten seconds after the start, ${whole(results.loadedMib)} MiB after the load.`,
  ].join("\n")
}
