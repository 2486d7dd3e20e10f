import { randomInt } from "node:crypto"
import { newNonce } from "../server/crypto/gcm.ts"
import { createRootKeyWorld, endRootKeyWorld, rootKeyRound } from "../server/test/root-key-rounds.ts"
import { makeTemplate, temporaryPostgres } from "./temporary-postgres.ts"

/*
 * Kills the replacement of the root key in its midst, again and again, and fails when running it again does not finish
 * it or any key is lost. Looks at a million nonces before. The argument is the number of rounds.
 */
const roundCount = Number(process.argv[2] ?? 20)
const organizations = 1_000

function countNonces(count: number): void {
  const seen = new Set<string>()
  for (let index = 0; index < count; index++) seen.add(newNonce().toString("latin1"))
  console.log(`${count} nonces, ${seen.size} of them different`)
  if (seen.size !== count) process.exitCode = 1
}

async function killRounds(): Promise<void> {
  const world = await createRootKeyWorld(organizations)
  const outcomes = { before: 0, after: 0, late: 0, wrong: 0 }
  try {
    const { tookMs } = await rootKeyRound(world, Infinity)
    console.log(`a replacement takes ${Math.round(tookMs)} ms when it is left alone`)
    for (let number = 1; number <= roundCount; number++) {
      const delayMs = randomInt(Math.ceil(tookMs))
      const { wasTooLate, wasChanged, wrong } = await rootKeyRound(world, delayMs)
      const when = wasTooLate ? "late" : wasChanged ? "after" : "before"
      outcomes[when]++
      outcomes.wrong += wrong.length
      console.log(
        `${String(number).padStart(3)}  killed after ${delayMs} ms, ${wasTooLate ? "too late" : `${when} the change`}  wrong ${wrong.length}`,
      )
      for (const line of wrong.slice(0, 10)) console.log(`     ${line}`)
    }
  } finally {
    await endRootKeyWorld(world)
  }
  console.log(
    `${roundCount} rounds on ${organizations} keys: killed ${outcomes.before} × before the change, ${outcomes.after} × after it, ${outcomes.late} × too late; ${outcomes.wrong} things wrong`,
  )
  if (outcomes.wrong > 0) process.exitCode = 1
}

countNonces(1_000_000)
const temporary = await temporaryPostgres()
try {
  Object.assign(process.env, await makeTemplate(temporary))
  await killRounds()
} finally {
  await temporary.stop()
}
