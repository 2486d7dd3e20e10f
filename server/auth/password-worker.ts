import { readlinkSync } from "node:fs"
import { setPriority } from "node:os"
import { parentPort } from "node:worker_threads"
import { hashSync, verifySync } from "@node-rs/argon2"

/*
 * A thread that does nothing but hash: one job at a time, and behind everything else that wants the processor, so
 * that a flood of logins does not slow other requests down.
 */

/** What a thread is asked for. With `against` it compares, and answers whether the password is that one. */
export type Job = { password: string; against?: string }
export type Done = { result: string | boolean } | { failure: string }

// Argon2id at the floor that OWASP names: 19 MiB, two passes, one lane.
// (2 is the library's number for Argon2id; its enum exists for the type checker only.)
const options = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const niceness = 19

function giveWay(): void {
  // On Linux a thread has a priority of its own, by its id; elsewhere it would be that of the whole process.
  if (process.platform !== "linux") return
  try {
    const threadId = Number(/\/task\/(\d+)$/.exec(readlinkSync("/proc/thread-self"))?.[1])
    if (Number.isInteger(threadId)) setPriority(threadId, niceness)
  } catch {
    // Without /proc, or where it is forbidden, hashing competes like any other work.
  }
}

function done({ password, against }: Job): Done {
  try {
    return { result: against === undefined ? hashSync(password, options) : verifySync(against, password) }
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) }
  }
}

giveWay()
parentPort?.on("message", (job: Job) => parentPort?.postMessage(done(job)))
