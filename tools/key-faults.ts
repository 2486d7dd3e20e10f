import { randomInt } from "node:crypto"
import { newNonce } from "../server/crypto/gcm.ts"
import {
  createSealedWorld,
  endSealedWorld,
  renewalRound,
  type Renewal,
} from "../server/test/key-renewal-rounds.ts"
import { createRootKeyWorld, endRootKeyWorld, rootKeyRound } from "../server/test/root-key-rounds.ts"
import { makeTemplate, temporaryPostgres } from "./temporary-postgres.ts"

/*
 * Kills the replacement of the root key, the rotation of data keys, and the renewal of the keys above them in their
 * midst, again and again, and fails when running it again does not finish it, or any key or value is lost. Looks at a
 * million nonces before. The argument is how often each is killed.
 */
const roundCount = Number(process.argv[2] ?? 20)
const organizations = 1_000
const [projects, secrets] = [60, 20]

function countNonces(count: number): void {
  const seen = new Set<string>()
  for (let index = 0; index < count; index++) seen.add(newNonce().toString("latin1"))
  console.log(`${count} nonces, ${seen.size} of them different`)
  if (seen.size !== count) process.exitCode = 1
}

type Outcome = { tookMs: number; wasTooLate: boolean; wrong: string[]; how?: string }

/** `round` kills after so many milliseconds; the first time, never, to learn how long it takes. */
async function killRounds(name: string, round: (delayMs: number) => Promise<Outcome>): Promise<void> {
  const { tookMs, wrong: wrongAlone } = await round(Infinity)
  console.log(`${name} takes ${Math.round(tookMs)} ms when it is left alone`)
  const outcomes = { killed: 0, late: 0, wrong: wrongAlone.length }
  for (const line of wrongAlone.slice(0, 10)) console.log(`     ${line}`)
  // It is quicker at times than it was when it was left alone; what was killed too late does not count.
  for (let number = 1; outcomes.killed < roundCount && number <= 3 * roundCount; number++) {
    const delayMs = randomInt(Math.ceil(tookMs))
    const { wasTooLate, wrong, how } = await round(delayMs)
    outcomes[wasTooLate ? "late" : "killed"]++
    outcomes.wrong += wrong.length
    const when = wasTooLate ? "too late" : (how ?? "in its midst")
    console.log(`${String(number).padStart(3)}  killed after ${delayMs} ms, ${when}  wrong ${wrong.length}`)
    for (const line of wrong.slice(0, 10)) console.log(`     ${line}`)
  }
  console.log(`${name}: ${outcomes.killed} killed, ${outcomes.late} too late; ${outcomes.wrong} things wrong`)
  if (outcomes.wrong > 0 || outcomes.killed < roundCount) process.exitCode = 1
}

async function killReplacements(): Promise<void> {
  const world = await createRootKeyWorld(organizations)
  try {
    await killRounds(`replace-encryption-key of ${organizations} keys`, async (delayMs) => {
      const { wasChanged, ...outcome } = await rootKeyRound(world, delayMs)
      return { ...outcome, how: wasChanged ? "after the change" : "before the change" }
    })
  } finally {
    await endRootKeyWorld(world)
  }
}

async function killRenewals(): Promise<void> {
  const world = await createSealedWorld(projects, secrets)
  const subjects: [Renewal, string][] = [
    ["rotate-keys", `${projects} projects with ${secrets} secrets each`],
    // By then each project has a key of every round before.
    ["renew-organization-keys", `more than ${projects * roundCount} keys of projects`],
  ]
  try {
    for (const [renewal, what] of subjects) {
      await killRounds(`${renewal} of ${what}`, (delayMs) => renewalRound(world, renewal, delayMs))
    }
  } finally {
    await endSealedWorld(world)
  }
}

countNonces(1_000_000)
const temporary = await temporaryPostgres()
try {
  Object.assign(process.env, await makeTemplate(temporary))
  await killReplacements()
  await killRenewals()
} finally {
  await temporary.stop()
}
