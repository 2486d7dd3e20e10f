import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { DomainError } from "../errors.ts"
import type { Done, Job } from "./password-worker.ts"

// One processor is left to everything else, where there are several.
const mostAtOnce = Math.min(4, availableParallelism() - 1)
const mostWaiting = 200
// Of a password that nobody knows: compared with where there is no hash, so that the time tells nothing.
const standIn =
  "$argon2id$v=19$m=19456,t=2,p=1$aCZSWZaTFk/9rQKtZORMUw$aEehhk206r6XWsWKBX+Uip6pB0eBqyf40aFnLIqU8Pg"

/** Hashes and compares passwords, at most four at once, so that a flood of logins leaves the machine to others. */
export type Passwords = {
  hash(password: string): Promise<string>
  /** Takes the same time whether or not there is a hash to compare with: no hash never matches. */
  matches(hash: string | null, password: string): Promise<boolean>
  /** Throws 429 when so many wait that one more would be refused: to ask before anything is done for a password. */
  requireRoom(): void
}

/** Passwords hashed with Argon2id, in threads that are started when the first is needed; by one of so many processes. */
export function createPasswords(processes = 1): Passwords {
  const { run, requireRoom } = createThreads({
    atOnce: Math.max(1, Math.floor(mostAtOnce / processes)),
    maxWaiting: Math.max(1, Math.floor(mostWaiting / processes)),
  })
  return {
    requireRoom,
    hash: async (password) => String(await run({ password })),
    async matches(stored, password) {
      const isSame = await run({ password, against: stored ?? standIn })
      return isSame === true && stored !== null
    },
  }
}

type Waiting = { job: Job; resolve(result: string | boolean): void; reject(error: Error): void }
type Thread = { worker: Worker; current: Waiting | undefined }

/** Runs jobs on at most `atOnce` threads and lets `maxWaiting` wait; who comes later is told to come back. */
function createThreads({ atOnce, maxWaiting }: { atOnce: number; maxWaiting: number }): {
  run(job: Job): Promise<string | boolean>
  requireRoom(): void
} {
  const threads = new Set<Thread>()
  const waiting: Waiting[] = []

  function open(): Thread {
    const worker = new Worker(new URL("./password-worker.ts", import.meta.url))
    const thread: Thread = { worker, current: undefined }
    threads.add(thread)
    worker.on("message", (done: Done) => {
      const { current } = thread
      thread.current = undefined
      if ("failure" in done) current?.reject(new Error(`A password could not be hashed: ${done.failure}`))
      else current?.resolve(done.result)
      next()
    })
    worker.on("error", (error) => end(thread, error instanceof Error ? error : new Error(String(error))))
    worker.on("exit", () => end(thread, new Error("The thread that hashes passwords has ended")))
    // A thread that waits does not keep the process alive.
    worker.unref()
    return thread
  }

  function end(thread: Thread, error: Error): void {
    threads.delete(thread)
    thread.current?.reject(error)
    thread.current = undefined
    next()
  }

  function next(): void {
    if (waiting.length === 0) return
    const idle = [...threads].find(({ current }) => current === undefined)
    const thread = idle ?? (threads.size < atOnce ? open() : undefined)
    if (!thread) return
    thread.current = waiting.shift()
    thread.worker.postMessage(thread.current?.job)
  }

  const isFull = () => waiting.length >= maxWaiting
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        if (isFull()) return reject(tooMany())
        waiting.push({ job, resolve, reject })
        next()
      }),
    requireRoom() {
      if (isFull()) throw tooMany()
    },
  }
}

const tooMany = (): DomainError =>
  new DomainError("RateLimited", "Too many logins at the moment; try again in a few seconds", {
    retryAfter: 5,
  })
