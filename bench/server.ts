import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync } from "node:fs"
import { request } from "node:http"
import { devNull } from "node:os"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const limitMs = 60_000

/** A server in a process of its own, started as `npm start` starts it. */
export type ServerProcess = {
  host: string
  port: number
  pid: number
  /** From the start of the process to its first 200 on `/api/status`. */ startMs: number
  /** Sends SIGTERM and waits until the process is gone; throws unless it ended with 0. */
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()

/** Stops every server that was started here. */
export const stopServers = async (): Promise<void> => void (await Promise.allSettled([...running].map(stop)))

/** Starts `node start.mjs` on a free port; its log is thrown away. `env` adds to the environment. */
export async function startServer(dataDir: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const { DATABASE_URL: _url, DB_CONNECTION_URI: _alias, ...inherited } = process.env
  const begin = performance.now()
  const log = openSync(devNull, "w")
  const child = spawn(process.execPath, ["start.mjs"], {
    cwd: root,
    env: { ...inherited, HOST: "127.0.0.1", PORT: "0", CONCLAVE_DATA_DIR: dataDir, ...env },
    stdio: ["ignore", "pipe", log],
    // Ctrl-C reaches the benchmark alone, which stops the server in its turn; a second signal would cut it short.
    detached: true,
  })
  running.add(child)
  child.once("exit", () => running.delete(child))
  closeSync(log)
  try {
    const { hostname: host, port } = new URL(await addressOf(child))
    await untilReady(host, Number(port))
    const startMs = performance.now() - begin
    return { host, port: Number(port), pid: child.pid ?? 0, startMs, stop: () => stop(child) }
  } catch (error) {
    await stop(child).catch(() => {})
    throw error
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  let output = ""
  const timeout = AbortSignal.timeout(limitMs)
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    output += String(chunk)
    const address = /listens on (http:\S+)/.exec(output)?.[1]
    if (address) return address
    timeout.throwIfAborted()
  }
  throw new Error("The server ended before it listened; start it with npm start to see why.")
}

async function untilReady(host: string, port: number): Promise<void> {
  const begin = performance.now()
  while ((await statusOf(host, port)) !== 200) {
    if (performance.now() - begin > limitMs) throw new Error("The server does not become ready.")
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function statusOf(host: string, port: number): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request({ host, port, path: "/api/status", agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    outgoing.on("error", () => resolve(0))
    outgoing.end()
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGTERM")
    await once(child, "exit")
  }
  if (child.exitCode !== 0) throw new Error(`The server ended with ${child.exitCode ?? child.signalCode}.`)
}
