import pino, { type Logger } from "pino"

// What is written to a pipe at once is not torn apart by other writers up to this size.
const maxWrite = 4_096

/**
 * Writes one JSON object a line to standard error, gathered in memory for a moment. Several processes may write to the
 * same one; `worker` says which of them did.
 */
export function createLog(level: string, worker?: number): { log: Logger; flush(): void } {
  const destination = pino.destination({
    dest: 2,
    sync: false,
    minLength: maxWrite - 1,
    maxWrite,
    periodicFlush: 1_000,
  })
  return {
    log: pino(
      { level, base: worker === undefined ? null : { worker }, serializers: { err: shownError } },
      destination,
    ),
    flush: () => destination.flushSync(),
  }
}

/** An error without what the driver adds to it: its details may hold the values of a row. */
const shownError = (error: unknown): unknown =>
  error instanceof Error
    ? {
        type: error.name,
        message: error.message,
        code: "code" in error ? error.code : undefined,
        constraint: "constraint" in error ? error.constraint : undefined,
        stack: error.stack,
      }
    : error
