import { readdirSync, readFileSync } from "node:fs"

// Linux counts the time of processes in hundredths of a second.
const tickUs = 10_000

function fieldsOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The name of the program stands in parentheses and may hold blanks.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")
}

/** CPU time that the process has used so far, its ended children included, in microseconds; 0 once it is gone. */
export function cpuUs(pid: number): number {
  try {
    const [user, system, childUser, childSystem] = fieldsOf(pid).slice(11, 15).map(Number)
    return ((user ?? 0) + (system ?? 0) + (childUser ?? 0) + (childSystem ?? 0)) * tickUs
  } catch {
    return 0
  }
}

/** The same for a process with all its present children. */
export function familyCpuUs(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + cpuUs(each), 0)
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger)
  return pids.filter((pid) => {
    try {
      return Number(fieldsOf(pid)[1]) === parent
    } catch {
      return false
    }
  })
}

/** Resident memory of the process in MiB. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  return Number(kib) / 1024
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
