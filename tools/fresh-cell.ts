import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync, readlinkSync, statSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { call } from "../server/test/http.ts"
import { killAndWait, postgresProcesses, postmasterOf } from "../server/test/processes.ts"

/** Who runs it, with which settings; made for one clone. */
export type Clone = { folder: string; uid: number; gid: number; env: Record<string, string> }

/** What one start of a clone showed. */
export type Shown = { nodeVersion: string; postgresUid: number; status: number }

/** How the start before it ended. */
export const beginnings = ["first start", "PostgreSQL outlived", "stale postmaster.pid"] as const
export type Beginning = (typeof beginnings)[number]

type Running = { npm: ChildProcess; address: string; pid: number }

/**
 * Starts a clone with `npm start` once for each beginning, in this order on one data folder, adds a person to a group
 * each time, and returns what was seen. Throws with the output of what failed.
 */
export async function startThrice(clone: Clone): Promise<Map<Beginning, Shown>> {
  const dataDir = join(clone.folder, "data")
  const shown = new Map<Beginning, Shown>()
  let token: string | undefined
  for (const beginning of beginnings) {
    const running = await start(clone)
    try {
      token ??= await bootstrap(running.address)
      const status = await addOnce(running.address, token, beginning)
      shown.set(beginning, { nodeVersion: versionOf(running.pid), postgresUid: uidOf(dataDir), status })
    } finally {
      await end(running, dataDir, beginning)
    }
  }
  return shown
}

async function start({ folder, uid, gid, env }: Clone): Promise<Running> {
  const npm = spawn("npm", ["start"], { cwd: folder, env, uid, gid, stdio: ["ignore", "pipe", "pipe"] })
  let output = ""
  const gather = (text: unknown) => void (output += String(text))
  npm.stdout.on("data", gather)
  npm.stderr.on("data", gather)
  const began = performance.now()
  while (npm.exitCode === null && performance.now() - began < 120_000) {
    const address = /^Conclave listens on (http:\/\/\S+)/m.exec(output)?.[1]
    if (address) return { npm, address, pid: Number(readFileSync(join(folder, "data/server.pid"), "utf8")) }
    await sleep(20)
  }
  npm.kill("SIGKILL")
  throw new Error(`npm start did not come to listen:\n${output}`)
}

/** Leaves what the next beginning needs: PostgreSQL alive, its lock file alone, or, after the last, nothing. */
async function end({ npm, pid }: Running, dataDir: string, beginning: Beginning): Promise<void> {
  const exited = npm.exitCode === null && npm.signalCode === null ? once(npm, "exit") : Promise.resolve()
  if (beginning === "stale postmaster.pid") {
    npm.kill("SIGTERM")
    await exited
    if (postgresProcesses(dataDir).length > 0) throw new Error("PostgreSQL was left behind by SIGTERM.")
    return
  }
  process.kill(pid, "SIGKILL")
  await exited
  if (!postmasterOf(dataDir)) throw new Error("PostgreSQL did not outlive the server.")
  if (beginning === "PostgreSQL outlived") await killAndWait(postgresProcesses(dataDir))
}

async function bootstrap(address: string): Promise<string> {
  const body = { email: "ada@example.com", password: "fresh", organization: "Fresh" }
  const answer = await call(address, "POST /api/v1/admin/bootstrap", { body })
  if (answer.status !== 200) throw new Error(`The set-up was answered ${answer.status}: ${answer.text}`)
  return answer.body.identity.credentials.token
}

async function addOnce(address: string, token: string, name: string): Promise<number> {
  const group = await call(address, "POST /api/v1/groups", { token, body: { name } })
  const path = `/api/v1/groups/${group.body?.id}/users/ada%40example.com`
  return (await call(address, `POST ${path}`, { token })).status
}

/** The version of the very program that serves. */
const versionOf = (pid: number): string =>
  spawnSync(readlinkSync(`/proc/${pid}/exe`), ["--version"], { encoding: "utf8" }).stdout.trim()

const uidOf = (dataDir: string): number => statSync(`/proc/${postmasterOf(dataDir)?.pid}`).uid
