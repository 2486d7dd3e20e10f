import { createWorld, endWorld, faultKinds, faultRound, type Round } from "../server/test/faults.ts"
import { revokeAmidUse } from "./revocations.ts"

/*
 * Kills the real server in the middle of writes, again and again, and fails when anything acknowledged is lost, a
 * membership has no audit row, or the server is not back in time; then takes rights away on one of two servers, and
 * fails when the other still allows what came after. The argument is the number of rounds, or `revoke` and the number
 * of revocations for those alone; with `projects` behind it, for those of rights in projects alone.
 */
const limitMs = 3_000
const isRevokeOnly = process.argv[2] === "revoke"
const roundCount = Number((isRevokeOnly ? undefined : process.argv[2]) ?? 50)
const revocationCount = Number((isRevokeOnly ? process.argv[3] : undefined) ?? 10_000)

const isBreached = ({ lost, orphans, strange, recoveryMs }: Round): boolean =>
  lost.length + orphans.length + strange.length > 0 || recoveryMs >= limitMs

function show(number: number, round: Round): void {
  const { kind, acknowledged, uncertain, lost, orphans, strange, recoveryMs } = round
  console.log(
    `${String(number).padStart(3)}  killed ${kind.padEnd(8)}  acknowledged ${String(acknowledged).padStart(4)}  uncertain ${String(uncertain).padStart(3)}  lost ${lost.length}  orphans ${orphans.length}  back after ${String(Math.round(recoveryMs)).padStart(4)} ms${isBreached(round) ? "  BREACH" : ""}`,
  )
  for (const line of [...lost, ...orphans, ...strange].slice(0, 10)) console.log(`     ${line}`)
}

async function main(): Promise<void> {
  for (const number of [roundCount, revocationCount]) {
    if (!Number.isInteger(number) || number < 1)
      throw new Error('The argument is the number of rounds, or "revoke" and a number of revocations.')
  }
  if (!isRevokeOnly) await killAmidWrites()
  const inProjectsOnly = isRevokeOnly && process.argv[4] === "projects"
  if (!(await revokeAmidUse(revocationCount, { inProjectsOnly }))) process.exitCode = 1
}

async function killAmidWrites(): Promise<void> {
  const rounds: Round[] = []
  const world = await createWorld()
  try {
    for (let number = 1; number <= roundCount; number++) {
      const round = await faultRound(world, faultKinds[(number - 1) % faultKinds.length] ?? "group")
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
  if (rounds.some(isBreached)) process.exitCode = 1
}

await main()
