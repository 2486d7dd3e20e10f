import { faultKinds } from "../server/test/faults.ts"
import { clocks } from "./faults/clock.ts"
import { fullDisk } from "./faults/disk.ts"
import { failoverToStandby } from "./faults/failover.ts"
import { runHistories } from "./faults/histories.ts"
import { failingSteps } from "./faults/hooks.ts"
import { killAmidWrites } from "./faults/kills.ts"
import { show, type Line } from "./faults/line.ts"
import { littleMemory } from "./faults/memory.ts"
import { network } from "./faults/network.ts"
import { revokeAmidUse } from "./faults/revocations.ts"
import { rollingRestarts } from "./faults/rolling.ts"
import { waiting } from "./faults/waiting.ts"

/*
 * What befalls a server, and what it must hold in spite of it: `npm run faults -- NAME NUMBER`. Without a name,
 * everything is killed in turn amid writes, and rights are taken away amid use. Ends with 1 when a promise is broken.
 */
type Scenario = { usually: number; run: (count: number, rest: string[]) => Promise<boolean> }

/** Each says in a line or some what was done, and what came of it. */
const conditions: Record<string, () => Promise<Line[]>> = {
  network,
  disk: fullDisk,
  waiting,
  clock: clocks,
  memory: littleMemory,
  failover: failoverToStandby,
  steps: failingSteps,
}

async function showAll(): Promise<boolean> {
  const lines: Line[] = []
  for (const condition of Object.values(conditions)) {
    lines.push(...(await condition()))
    console.log(`${lines.length} lines so far`)
  }
  return show(lines)
}

const scenarios: Record<string, Scenario> = {
  kills: { usually: 50, run: (count) => killAmidWrites(count, faultKinds) },
  "server-kills": { usually: 200, run: (count) => killAmidWrites(count, ["node"]) },
  "postgres-kills": { usually: 50, run: (count) => killAmidWrites(count, ["postgres"]) },
  revoke: {
    usually: 10_000,
    run: (count, [which]) => revokeAmidUse(count, { inProjectsOnly: which === "projects" }),
  },
  histories: { usually: 50, run: runHistories },
  stops: { usually: 20, run: (count) => killAmidWrites(count, ["stop"]) },
  immediate: { usually: 20, run: (count) => killAmidWrites(count, ["immediate"]) },
  rolling: { usually: 10, run: rollingRestarts },
  conditions: { usually: 1, run: showAll },
  ...Object.fromEntries(
    Object.entries(conditions).map(([name, condition]) => [
      name,
      { usually: 1, run: async () => show(await condition()) },
    ]),
  ),
}

async function run(name: string, number?: string, ...rest: string[]): Promise<void> {
  const scenario = scenarios[name]
  const count = Number(number ?? scenario?.usually)
  if (!scenario || !Number.isInteger(count) || count < 1)
    throw new Error(
      `The arguments are one of ${Object.keys(scenarios).join(", ")}, and a number; or a number alone.`,
    )
  if (!(await scenario.run(count, rest))) process.exitCode = 1
}

const [name, ...rest] = process.argv.slice(2)
if (name !== undefined && Number.isNaN(Number(name))) {
  await run(name, ...rest)
} else {
  await run("kills", name)
  await run("revoke")
}
