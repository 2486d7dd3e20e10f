import { copyFile, open, stat, truncate } from "node:fs/promises"

const LIMIT_BYTES = 8 * 1024 * 1024

/** The size of PostgreSQL's log now; 0 when there is none. */
export async function logSize(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0
}

/**
 * Moves a log that has grown too long to `<file>.1`, over the one from before. PostgreSQL keeps writing meanwhile,
 * and a line that it writes in this very moment may be lost.
 */
export async function trimLog(file: string): Promise<void> {
  if ((await logSize(file)) <= LIMIT_BYTES) return
  await copyFile(file, `${file}.1`)
  await truncate(file)
}

/** The last lines that were written to the log behind this offset, for an error message: one line. */
export async function lastLines(file: string, offset: number): Promise<string> {
  const size = await logSize(file)
  const from = Math.max(offset, size - 4096)
  const handle = await open(file, "r")
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(size - from, 0)), {
      position: from,
    })
    const lines = buffer.toString("utf8", 0, bytesRead).trim().split("\n")
    return lines.slice(-3).join(" / ")
  } finally {
    await handle.close()
  }
}
