import { spawn } from "node:child_process"
import { open, rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { giveToFolderOwner, readText } from "./files.ts"
import { socketFile, type Place } from "./placement.ts"
import { isAlive, orphans, processFacts, servesCluster, signal, type ProcessFacts } from "./process.ts"
import { spawnOptions } from "./user.ts"

const POLL_MS = 20
const FAST_SHUTDOWN_MS = 8000
const IMMEDIATE_SHUTDOWN_MS = 6000
const ORPHAN_MS = 1000

/** Starts PostgreSQL in its own session, with nothing of this process in its hands but the log file. */
export async function spawnPostmaster(place: Place, command: string[]): Promise<ProcessFacts> {
  const log = await open(place.logFile, "a", 0o600)
  try {
    await giveToFolderOwner(place.logFile)
    const [program = "", ...programArguments] = command
    const options = spawnOptions(place.user)
    const child = spawn(program, programArguments, {
      ...options,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    })
    child.unref()
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", reject)
      child.once("spawn", () => resolve(child.pid ?? 0))
    })
    return processFacts(pid) ?? { pid, parent: process.pid, startedAt: "", command }
  } finally {
    await log.close()
  }
}

/** The living postmaster that `postmaster.pid` names, if it is this cluster's. */
export async function runningPostmaster(place: Place): Promise<ProcessFacts | undefined> {
  const [pid] = await readPidFile(place)
  const facts = processFacts(Number(pid))
  return facts && servesCluster(facts, place.cluster) ? facts : undefined
}

/** Whether PostgreSQL has begun to shut down. */
export async function isShuttingDown(place: Place): Promise<boolean> {
  return (await readPidFile(place))[7]?.trim() === "stopping"
}

async function readPidFile(place: Place): Promise<string[]> {
  return (await readText(join(place.cluster, "postmaster.pid"))).split("\n")
}

/**
 * Shuts PostgreSQL down and waits until it is gone: fast, which ends every connection and writes everything out;
 * if that does not come to an end, immediately, which leaves the writing to the next start.
 */
export async function shutDown(postmaster: ProcessFacts): Promise<void> {
  signal(postmaster, "SIGINT")
  if (await isGoneWithin(postmaster, FAST_SHUTDOWN_MS)) return
  signal(postmaster, "SIGQUIT")
  if (await isGoneWithin(postmaster, IMMEDIATE_SHUTDOWN_MS)) return
  signal(postmaster, "SIGKILL")
  await isGoneWithin(postmaster, IMMEDIATE_SHUTDOWN_MS)
}

/**
 * Removes what a dead postmaster has left: its children, which end by themselves only when idle, and the files
 * that make PostgreSQL refuse to start when their process id has come to another program.
 */
export async function clearRemains(place: Place): Promise<void> {
  const remaining = orphans(place.cluster, place.user.uid)
  await end(remaining, "SIGQUIT")
  await end(remaining, "SIGKILL")
  const socket = socketFile(place.socketDir)
  const files = [join(place.cluster, "postmaster.pid"), socket, `${socket}.lock`]
  for (const file of files) await rm(file, { force: true })
}

async function end(processes: ProcessFacts[], name: NodeJS.Signals): Promise<void> {
  for (const each of processes) signal(each, name)
  await Promise.all(processes.map((each) => isGoneWithin(each, ORPHAN_MS)))
}

async function isGoneWithin(facts: ProcessFacts, limitMs: number): Promise<boolean> {
  const begin = performance.now()
  while (isAlive(facts)) {
    if (performance.now() - begin > limitMs) return false
    await sleep(POLL_MS)
  }
  return true
}
