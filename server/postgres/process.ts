import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs"
import { basename } from "node:path"

/** What is known of a process from outside. A process that only waits to be reaped is not one. */
export type ProcessFacts = {
  pid: number
  parent: number
  /** Together with the pid this names a process for good: pids are used again. */
  startedAt: string
  command: string[]
}

/** The facts about a living process, or undefined. */
export function processFacts(pid: number): ProcessFacts | undefined {
  if (process.platform !== "linux") return factsFromPs(pid)
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name of the program stands in parentheses and may contain anything, also parentheses.
    const [state, parent, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ")
    if (state === "Z" || state === "X") return undefined
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1)
    return { pid, parent: Number(parent), startedAt: rest[17] ?? "", command }
  } catch {
    return undefined
  }
}

function factsFromPs(pid: number): ProcessFacts | undefined {
  const { stdout } = spawnSync("ps", ["-ww", "-o", "stat=,ppid=,lstart=,command=", "-p", String(pid)], {
    encoding: "utf8",
  })
  const found = /^\s*(\S+)\s+(\d+)\s+((?:\S+\s+){5})(.*)$/.exec(stdout ?? "")
  if (!found || found[1]?.startsWith("Z")) return undefined
  return { pid, parent: Number(found[2]), startedAt: found[3] ?? "", command: (found[4] ?? "").split(" ") }
}

/** Whether this very process still lives. */
export function isAlive(facts: ProcessFacts): boolean {
  if (process.platform !== "linux") return send(facts.pid, 0)
  return processFacts(facts.pid)?.startedAt === facts.startedAt
}

/** Sends a signal to this very process; nothing happens when it is gone. */
export function signal(facts: ProcessFacts, name: NodeJS.Signals): void {
  if (isAlive(facts)) send(facts.pid, name)
}

function send(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false
    throw error
  }
}

/** Whether this process is the postmaster of the cluster, or a child of it that has not yet named itself. */
export function servesCluster(facts: ProcessFacts, cluster: string): boolean {
  if (basename(facts.command[0] ?? "") !== "postgres") return false
  return facts.command[facts.command.indexOf("-D") + 1] === cluster || workingFolder(facts.pid) === cluster
}

/**
 * The processes of this user that serve a cluster whose postmaster is dead. They end by themselves as soon as
 * they are idle, and no new postmaster can start before.
 */
export function orphans(cluster: string, uid: number): ProcessFacts[] {
  if (process.platform !== "linux") return []
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
  return processes.flatMap((name) => {
    const facts = processFacts(Number(name))
    if (!facts || ownerOf(facts.pid) !== uid) return []
    return servesCluster(facts, cluster) || isOrphan(facts, cluster) ? [facts] : []
  })
}

function isOrphan(facts: ProcessFacts, cluster: string): boolean {
  if (!facts.command[0]?.startsWith("postgres: conclave:")) return false
  const folder = workingFolder(facts.pid)
  if (folder !== undefined) return folder === cluster
  // In a container root may not see where another user's process works. One that has lost its postmaster serves
  // nobody, whichever cluster it belonged to.
  const parent = processFacts(facts.parent)
  return !parent || basename(parent.command[0] ?? "") !== "postgres"
}

function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid
}

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}
