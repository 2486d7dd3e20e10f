import { table } from "./report.ts"

/** What load must not do to a server, and what was seen. */
export type Goal = {
  what: string
  target: string
  seen: string
  outcome: "reached" | "MISSED" | "NOT RUN"
}

export const reached = (isReached: boolean): Goal["outcome"] => (isReached ? "reached" : "MISSED")

/** All of them as a table. */
export const goalsTable = (goals: readonly Goal[]): string =>
  table([
    ["load", "target", "seen", ""],
    ...goals.map(({ what, target, seen, outcome }) => [what, target, seen, outcome]),
  ])

export const ms = (value: number): string => `${value.toFixed(1)} ms`
