import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { environment, root, type ProcessOptions } from "./processes.ts"

export type KilledRun = {
  /** From when it had begun until it was gone. */ tookMs: number
  /** It had ended by itself before it was to be killed. */ wasTooLate: boolean
}

const argsOf = (words: string[]): string[] => ["tools/start-checked.mjs", "tools/admin.ts", ...words]

/** Runs the operator's tool and kills it `delayMs` after it has begun; never, if that is infinite. */
export async function runAndKill(
  options: ProcessOptions,
  words: string[],
  { hasBegun, delayMs }: { hasBegun: () => boolean | Promise<boolean>; delayMs: number },
): Promise<KilledRun> {
  const env = environment(options)
  const child = spawn(process.execPath, argsOf(words), { cwd: root, env, stdio: "ignore" })
  const ended = once(child, "exit")
  while (!(await hasBegun()) && child.exitCode === null) await sleep(1)
  const began = performance.now()
  await Promise.race([ended, ...(Number.isFinite(delayMs) ? [sleep(delayMs)] : [])])
  const wasTooLate = child.exitCode !== null
  child.kill("SIGKILL")
  await ended
  return { tookMs: performance.now() - began, wasTooLate }
}

/** Runs the operator's tool to its end; throws with what it said when it fails. */
export async function runToEnd(options: ProcessOptions, words: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, argsOf(words), { cwd: root, env: environment(options) })
}
