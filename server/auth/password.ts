import { hash, verify } from "@node-rs/argon2"
import { DomainError } from "../errors.ts"

// Argon2id at the floor that OWASP names: 19 MiB, two passes, one lane.
// (2 is the library's number for Argon2id; its enum exists for the type checker only.)
const options = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const atOnce = 4
const maxWaiting = 200

/** Hashes and compares passwords, at most four at once, so that a flood of logins leaves the machine to others. */
export type Passwords = {
  hash(password: string): Promise<string>
  /** Takes the same time whether or not there is a hash to compare with: no hash never matches. */
  matches(hash: string | null, password: string): Promise<boolean>
}

export function createPasswords(): Passwords {
  const turn = createTurns()
  const dummy = turn(() => hash("no account has this password", options))
  dummy.catch(() => {})
  return {
    hash: (password) => turn(() => hash(password, options)),
    async matches(stored, password) {
      const comparedWith = stored ?? (await dummy)
      const isSame = await turn(() => verify(comparedWith, password))
      return isSame && stored !== null
    },
  }
}

/** Runs at most `atOnce` jobs and lets `maxWaiting` wait; who comes later is told to come back. */
function createTurns() {
  let running = 0
  const waiting: (() => void)[] = []
  return async function turn<T>(job: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) {
        throw new DomainError("RateLimited", "Too many logins at the moment; try again in a few seconds", {
          retryAfter: 5,
        })
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running++
    }
    try {
      return await job()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
