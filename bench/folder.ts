import { mkdtemp } from "node:fs/promises"
import { cpus, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { removeDataDir } from "./database.ts"
import { stopServers } from "./server.ts"

/** Runs a benchmark on a data folder of its own, and clears servers and folder away however it ends. */
export async function inNewFolder<Result>(work: (dataDir: string) => Promise<Result>): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), "conclave-bench-"))
  const clearAway = async () => {
    await stopServers()
    await removeDataDir(dataDir)
  }
  const giveUp = () => void clearAway().finally(() => process.exit(130))
  process.once("SIGINT", giveUp).once("SIGTERM", giveUp)
  try {
    return await work(dataDir)
  } finally {
    await clearAway()
  }
}

/** What the figures were taken on. */
export function machine(): string {
  const loads = loadavg().map((load) => load.toFixed(1))
  return `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}, load average ${loads.join(" ")}`
}
