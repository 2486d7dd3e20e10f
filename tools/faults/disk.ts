import { execFile } from "node:child_process"
import { mkdtemp, open, rm, rmdir } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { removeDataDir } from "../../server/test/processes.ts"
import { readLedger, keyOf } from "../../server/test/ledger.ts"
import { judged, notRun, seconds, type Line } from "./line.ts"
import { add, inWorld, statuses, type Timed, type World } from "./world.ts"

const what = "no space left for PostgreSQL"
// A new cluster and its log take about 100 MiB of it.
const sizeMib = 192
/** So many are added before there is no more space. */
const before = 50
const run = promisify(execFile)

/** Takes all the space that is left, but for a little. */
async function fill(folder: string): Promise<string> {
  const file = join(folder, "ballast")
  const handle = await open(file, "w")
  const piece = Buffer.alloc(64 * 1_024)
  try {
    for (;;) await handle.write(piece)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error
  } finally {
    await handle.close()
  }
  return file
}

/** Adds people, each in a new file of PostgreSQL's log, until that finds no space for another one. */
async function writeUntilRefused(world: World, acknowledged: Set<string>): Promise<Timed[]> {
  const refused: Timed[] = []
  const begin = performance.now()
  while (refused.length < 20 && performance.now() - begin < 40_000) {
    await world.sql.query("select pg_switch_wal()").catch(() => {})
    const username = world.nextPerson()
    const one = await add(world, username)
    if (one.answer?.status === 200) acknowledged.add(username)
    else refused.push(one)
  }
  return refused
}

async function work(world: World, folder: string): Promise<Line> {
  const acknowledged = new Set<string>()
  while (acknowledged.size < before) {
    const username = world.nextPerson()
    if ((await add(world, username)).answer?.status !== 200) throw new Error("It does not begin well.")
    acknowledged.add(username)
  }
  const ballast = await fill(folder)
  const refused = await writeUntilRefused(world, acknowledged)
  await rm(ballast)
  const begin = performance.now()
  let after = await add(world, world.nextPerson())
  while (after.answer?.status !== 200 && performance.now() - begin < 30_000) {
    await sleep(50)
    after = await add(world, world.nextPerson())
  }
  const backMs = performance.now() - begin
  const ledger = await readLedger(world.dataDir)
  const lost = [...acknowledged].filter((username) => ledger.get(keyOf(world.groupId, username))?.open !== 1)
  const halves = [...ledger.values()].filter(({ added, toldAdded }) => added !== toldAdded)
  return {
    what,
    times: 1,
    expected: "503, nothing acknowledged lost, nothing half done, well when there is space",
    seen: `${acknowledged.size} × 200, then ${statuses(refused)}; ${lost.length} lost, ${halves.length} half done; back ${seconds(backMs)} after there was space`,
    outcome: judged(
      refused.length > 0 &&
        refused.every(({ answer }) => answer?.status === 503) &&
        lost.length + halves.length === 0 &&
        after.answer?.status === 200,
    ),
  }
}

/** A data folder on a small file system that is then filled up. */
export async function fullDisk(): Promise<Line[]> {
  const folder = await mkdtemp(join(tmpdir(), "conclave-small-"))
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${sizeMib}m,mode=755`, "tmpfs", folder])
  } catch {
    await rmdir(folder)
    return [notRun(what, "no file system can be mounted by this account")]
  }
  try {
    const dataDir = await mkdtemp(join(folder, "data-"))
    const line = await inWorld((world) => work(world, folder), { dataDir })
    await removeDataDir(dataDir)
    return [line]
  } finally {
    await run("umount", ["-l", folder])
    await rmdir(folder)
  }
}
