/** Work that goes on by itself. */
export type Repeating = {
  /** Has it begin a round at once, unless one is under way. */ wake(): void
  /** No round begins any more; resolves when the one under way is over. */ stop(): Promise<void>
}

/** How often there is a round; who hears of one that failed; and for how long there is none after that. */
export type Pace = { everyMs: number; failed: (error: unknown) => void; pauseMs?: number }

/**
 * Does rounds of work, one after the other and never two at once, until it is stopped, which a round learns by the signal.
 * What fails is tried again in a later round.
 */
export function keepDoing(
  round: (signal: AbortSignal) => Promise<unknown>,
  { everyMs, failed, pauseMs = 0 }: Pace,
): Repeating {
  const stopping = new AbortController()
  const { signal } = stopping
  let underWay: Promise<void> | undefined
  let resumesAt = 0
  const once = async (): Promise<void> => {
    try {
      await round(signal)
    } catch (error) {
      resumesAt = Date.now() + pauseMs
      if (!signal.aborted) failed(error)
    }
    underWay = undefined
  }
  const wake = (): void => {
    if (!signal.aborted && Date.now() >= resumesAt) underWay ??= once()
  }
  const timer = setInterval(wake, everyMs).unref()
  return {
    wake,
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await underWay
    },
  }
}
