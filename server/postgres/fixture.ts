import { execFile, spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import { chmod, mkdtemp, readFile, rm, rmdir } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { after, type TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { Client } from "pg"
import { startPostgres, type LocalPostgres } from "./launcher.ts"

const run = promisify(execFile)

export const isRoot = process.getuid?.() === 0

const cleanups = new WeakMap<TestContext, (() => unknown)[]>()

/** Does something when the test has ended: what came last is cleared away first. */
export function atEnd(t: TestContext, cleanup: () => unknown): void {
  const known = cleanups.get(t)
  if (known) {
    known.push(cleanup)
    return
  }
  const list = [cleanup]
  cleanups.set(t, list)
  t.after(async () => {
    for (const each of list.toReversed()) await each()
  })
}

/** A folder that everybody may enter and that is gone after the test, with what its databases have elsewhere. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "conclave-test-"))
  await chmod(folder, 0o755)
  atEnd(t, async () => {
    await removeElsewhere(join(folder, "data"))
    await rm(folder, { recursive: true, force: true })
  })
  return folder
}

async function removeElsewhere(dataDir: string): Promise<void> {
  const elsewhere = (await readFile(join(dataDir, "postgres-location"), "utf8").catch(() => "")).trim()
  if (!elsewhere.startsWith("/var/lib/conclave/")) return
  await rm(elsewhere, { recursive: true, force: true })
  await rmdir(dirname(elsewhere)).catch(() => {})
}

/** A data folder of the test's own with a database that was stopped, faster to have than one that is new. */
export async function existingDataDir(t: TestContext): Promise<string> {
  const dataDir = join(await temporaryFolder(t), "data")
  await run("cp", ["-a", await (model ??= makeModel()), dataDir])
  return dataDir
}

let model: Promise<string> | undefined
after(async () => {
  if (model) await rm(dirname(await model), { recursive: true, force: true })
})

async function makeModel(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "conclave-test-"))
  await chmod(folder, 0o755)
  const database = await startPostgres({ dataDir: join(folder, "data") })
  await query(database, "create table notes as select 'kept' as note")
  await database.stop()
  return join(folder, "data")
}

/** Starts PostgreSQL and stops it at the end of the test, if the test has not. */
export async function started(t: TestContext, dataDir: string): Promise<LocalPostgres> {
  const database = await startPostgres({ dataDir })
  atEnd(t, () => database.stop())
  return database
}

/** Runs one statement over a connection of its own and returns the rows. */
export async function query(database: LocalPostgres, text: string): Promise<unknown[]> {
  const client = connection(database)
  try {
    await client.connect()
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

export function connection({ socketDir: host, port, user, password, database }: LocalPostgres): Client {
  const client = new Client({ host, port, user, password, database })
  client.on("error", () => {})
  return client
}

/** Another process that starts PostgreSQL in the same way; `output` resolves with its first line. */
export function otherServer(
  t: TestContext,
  dataDir: string,
): { child: ChildProcess; output: Promise<string> } {
  const program = `
    import { startPostgres } from ${JSON.stringify(import.meta.resolve("./launcher.ts"))}
    try {
      const { pid } = await startPostgres({ dataDir: ${JSON.stringify(dataDir)} })
      console.log(pid)
      setInterval(() => {}, 1000)
    } catch (error) {
      console.log(error.name + ": " + error.message)
    }`
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  atEnd(t, () => kill(child))
  const output = once(child.stdout, "data").then(([line]) => String(line).trim())
  return { child, output }
}

export async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL")
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
}

/** Waits until the condition holds and returns how long that took. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<number> {
  const begin = performance.now()
  while (!(await condition())) {
    if (performance.now() - begin > limitMs) throw new Error(`It did not come true within ${limitMs} ms`)
    await sleep(10)
  }
  return performance.now() - begin
}

/** Whether a process lives; one that only waits to be reaped does not. */
export function lives(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
}
