import { table } from "../../bench/report.ts"

/** What was done to a server, and what came of it. */
export type Line = {
  what: string
  /** How often. */ times: number
  expected: string
  seen: string
  outcome: "held" | "BREACH" | "NOT RUN"
}

export const judged = (isHeld: boolean): Line["outcome"] => (isHeld ? "held" : "BREACH")

/** What cannot be done here, said loudly. */
export const notRun = (what: string, why: string): Line => ({
  what,
  times: 0,
  expected: "",
  seen: why,
  outcome: "NOT RUN",
})

/** Prints lines as a table; false when a promise was broken. */
export function show(lines: readonly Line[]): boolean {
  const cells = lines.map((line) => [line.what, String(line.times), line.expected, line.seen, line.outcome])
  console.log(`\n${table([["what", "times", "expected", "seen", ""], ...cells])}\n`)
  return lines.every(({ outcome }) => outcome !== "BREACH")
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
