import { createWorld, endWorld, faultRound, type FaultKind, type Round } from "../../server/test/faults.ts"

/** Until when the server must be back. */
const limitMs = 3_000

const isBreached = ({ lost, orphans, strange, recoveryMs }: Round): boolean =>
  lost.length + orphans.length + strange.length > 0 || recoveryMs >= limitMs

function show(number: number, round: Round): void {
  const { kind, acknowledged, uncertain, lost, orphans, strange, recoveryMs } = round
  console.log(
    `${String(number).padStart(3)}  killed ${kind.padEnd(8)}  acknowledged ${String(acknowledged).padStart(4)}  uncertain ${String(uncertain).padStart(3)}  lost ${lost.length}  orphans ${orphans.length}  back after ${String(Math.round(recoveryMs)).padStart(4)} ms${isBreached(round) ? "  BREACH" : ""}`,
  )
  for (const line of [...lost, ...orphans, ...strange].slice(0, 10)) console.log(`     ${line}`)
}

/**
 * Kills these in turn in the middle of writes, so many times, and prints what came of it. False when anything
 * acknowledged is lost, a membership has no audit row, or the server is not back in time.
 */
export async function killAmidWrites(roundCount: number, kinds: readonly FaultKind[]): Promise<boolean> {
  const rounds: Round[] = []
  const world = await createWorld()
  try {
    for (let number = 1; number <= roundCount; number++) {
      const round = await faultRound(world, kinds[(number - 1) % kinds.length] ?? "group")
      show(number, round)
      rounds.push(round)
    }
  } finally {
    await endWorld(world)
  }
  const sum = (count: (round: Round) => number) => rounds.reduce((total, round) => total + count(round), 0)
  const slowestMs = Math.max(...rounds.map(({ recoveryMs }) => recoveryMs))
  console.log(
    `${rounds.length} rounds, ${sum((round) => round.acknowledged)} writes acknowledged, ${sum((round) => round.lost.length)} lost, ${sum((round) => round.orphans.length)} orphans, ${sum((round) => round.strange.length)} strange answers, slowest recovery ${Math.round(slowestMs)} ms (limit ${limitMs} ms)`,
  )
  return !rounds.some(isBreached)
}
