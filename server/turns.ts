import { unavailable } from "./errors.ts"

/** Runs work when it is its turn. */
export type Turns = <Result>(work: () => Promise<Result>) => Promise<Result>

/**
 * Lets `atOnce` work at a time, in the order in which they came. Whoever has waited for `waitMs` is refused, 503, with
 * nothing done.
 */
export function createTurns(atOnce: number, waitMs: number): Turns {
  const line: (() => void)[] = []
  let working = 0
  const leave = (): void => {
    const next = line.shift()
    if (next) next()
    else working--
  }
  const turn = (): Promise<void> | undefined => {
    if (working < atOnce) {
      working++
      return undefined
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        line.splice(line.indexOf(begin), 1)
        reject(unavailable("Too many large changes are under way; try again shortly", { retryAfter: 5 }))
      }, waitMs)
      line.push(begin)
    })
  }
  return async (work) => {
    await turn()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
