import { spawn } from "node:child_process"
import { existsSync, readFileSync, statSync } from "node:fs"
import { mkdtemp, rm, rmdir } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Client } from "pg"
import { DATABASE, USER } from "../postgres/cluster.ts"
import {
  isAlive,
  orphans,
  processFacts,
  servesCluster,
  signal,
  type ProcessFacts,
} from "../postgres/process.ts"
import { call, type Answer, type Call } from "./http.ts"

/** The root of the repository, from where everything is started. */
export const root = fileURLToPath(new URL("../../", import.meta.url))

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

/** A process of the server, whether or not it comes to listen. It leads its own process group. */
export type ServerProcess = {
  pid: number
  /** What it printed so far. */ readonly stdout: string
  readonly stderr: string
  /** Sends a signal to this process alone; nothing happens when it is gone. */
  kill(name: NodeJS.Signals): void
  /** Sends a signal to its whole group, as a terminal does. PostgreSQL is in none. */
  killGroup(name: NodeJS.Signals): void
  /** The address of its greeting; undefined when it ends without one. */ greeted: Promise<string | undefined>
  /** Resolves when it has ended and all that it printed is read. */ exited: Promise<Exit>
}

/** A server in a process of its own that listens. */
export type RunningProcess = ServerProcess & {
  address: string
  call(route: string, options?: Call): Promise<Answer>
}

export type ProcessOptions = {
  /** Added to an environment that has nothing of ours but the port 0. */ env?: Record<string, string>
  dataDir?: string
  /** Absent: a PostgreSQL of its own in `dataDir`. */ databaseUrl?: string
  /** Program and arguments; what `npm start` runs when left out. */ command?: readonly string[]
}

const startCommand = [process.execPath, "start.mjs"]

/** Starts a process and does not wait for anything. */
export function spawnServer(options: ProcessOptions = {}): ServerProcess {
  endWithThisProcess()
  if (options.dataDir) dataDirs.add(options.dataDir)
  const [program = "", ...programArguments] = options.command ?? startCommand
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"]
  const env = environment(options)
  const child = spawn(program, programArguments, { cwd: root, detached: true, stdio, env })
  const pid = child.pid ?? 0
  if (pid > 0) groups.add(pid)
  const output = { stdout: "", stderr: "" }
  const greeted = Promise.withResolvers<string | undefined>()
  const exited = Promise.withResolvers<Exit>()
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text
    const found = /^Conclave listens on (http:\/\/\S+)/m.exec(output.stdout)
    if (found) greeted.resolve(found[1])
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text))
  child.once("error", (error) => (output.stderr += String(error)))
  child.once("close", (code, signalName) => {
    groups.delete(pid)
    greeted.resolve(undefined)
    exited.resolve({ code, signal: signalName })
  })
  return {
    pid,
    greeted: greeted.promise,
    exited: exited.promise,
    get stdout() {
      return output.stdout
    },
    get stderr() {
      return output.stderr
    },
    kill: (name) => void child.kill(name),
    killGroup: (name) => sendToGroup(pid, name),
  }
}

/** Starts a server and waits for its greeting; throws with what it said when it ends before. */
export async function startProcess(options: ProcessOptions = {}): Promise<RunningProcess> {
  const server = spawnServer(options)
  const address = await server.greeted
  if (address === undefined) {
    const { signal: name, code } = await server.exited
    throw new Error(`The server ended with ${name ?? code} before it listened: ${server.stderr}`)
  }
  return Object.assign(server, {
    address,
    call: (route: string, more?: Call) => call(address, route, more),
  })
}

/** A caller's own settings must not reach the server: only what any program needs is handed on. */
export function environment({ env, dataDir, databaseUrl }: ProcessOptions): Record<string, string> {
  const handedOn = ["PATH", "HOME", "TMPDIR", "LANG"].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return {
    ...Object.fromEntries(handedOn),
    PORT: "0",
    npm_config_update_notifier: "false",
    ...(dataDir ? { CONCLAVE_DATA_DIR: dataDir } : {}),
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    ...env,
  }
}

/** A new data folder, to be removed with `removeDataDir`. */
export const makeDataDir = (): Promise<string> => mkdtemp(join(tmpdir(), "conclave-test-"))

/** Removes a data folder with all that belongs to it elsewhere, and ends a PostgreSQL that still serves it. */
export async function removeDataDir(dataDir: string): Promise<void> {
  await killAndWait(postgresProcesses(dataDir))
  const base = baseOf(dataDir)
  if (base !== dataDir) {
    await rm(base, { recursive: true, force: true })
    await rmdir(dirname(base)).catch(() => {})
  }
  await rm(dataDir, { recursive: true, force: true })
  dataDirs.delete(dataDir)
}

/** Kills processes as nothing can resist, all before it looks at the first again, and waits until they are gone. */
export async function killAndWait(processes: ProcessFacts[]): Promise<void> {
  for (const each of processes) signal(each, "SIGKILL")
  while (processes.some(isAlive)) await sleep(5)
}

/** The postmaster of a data folder's own PostgreSQL, if it lives. */
export function postmasterOf(dataDir: string): ProcessFacts | undefined {
  const facts = processFacts(Number(postmasterFile(dataDir)[0]))
  return facts && servesCluster(facts, clusterOf(dataDir)) ? facts : undefined
}

/** Every living process of a data folder's own PostgreSQL; where there is no /proc, the postmaster. */
export function postgresProcesses(dataDir: string): ProcessFacts[] {
  const cluster = clusterOf(dataDir)
  if (!existsSync(cluster)) return []
  const postmaster = postmasterOf(dataDir)
  const others = orphans(cluster, statSync(cluster).uid).filter(({ pid }) => pid !== postmaster?.pid)
  return postmaster ? [postmaster, ...others] : others
}

/** How the tests themselves reach the running PostgreSQL of a data folder. */
export function connectionOf(dataDir: string) {
  const file = postmasterFile(dataDir)
  return {
    host: file[4] ?? "",
    port: Number(file[3]),
    user: USER,
    password: readFileSync(join(dataDir, "postgres-password"), "utf8").trim(),
    database: DATABASE,
  }
}

/** How many wait for a table of the client's database that somebody has locked. */
export async function waitingFor(client: Client, table: string): Promise<number> {
  const { rowCount } = await client.query(
    `select from pg_locks
     where not granted and relation = to_regclass($1)
       and database = (select oid from pg_database where datname = current_database())`,
    [table],
  )
  return rowCount ?? 0
}

/** The lines of `postmaster.pid`: pid, cluster, start, port, folder of the socket; none when it is not there. */
function postmasterFile(dataDir: string): string[] {
  const file = join(clusterOf(dataDir), "postmaster.pid")
  return existsSync(file) ? readFileSync(file, "utf8").split("\n") : []
}

const clusterOf = (dataDir: string): string => join(baseOf(dataDir), "postgres")

function baseOf(dataDir: string): string {
  const file = join(dataDir, "postgres-location")
  return (existsSync(file) && readFileSync(file, "utf8").trim()) || dataDir
}

const groups = new Set<number>()
const dataDirs = new Set<string>()
let isWatching = false

/** Whatever ends this process early, what it has started ends too. */
function endWithThisProcess(): void {
  if (isWatching) return
  isWatching = true
  process.once("SIGTERM", () => process.exit(143))
  process.once("SIGINT", () => process.exit(130))
  process.once("exit", () => {
    for (const pid of groups) sendToGroup(pid, "SIGKILL")
    for (const dataDir of dataDirs) for (const each of postgresProcesses(dataDir)) signal(each, "SIGKILL")
  })
}

function sendToGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error
  }
}
