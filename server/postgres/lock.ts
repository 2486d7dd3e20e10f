import { writeFileSync } from "node:fs"
import { chmod, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { StartError } from "../start-error.ts"
import { giveToFolderOwner } from "./files.ts"

export type Lock = {
  /** Gives the data folder free; idempotent. */
  release(): Promise<void>
}

/** Another process has the data folder. */
export class FolderInUse extends StartError {}

// What SQLite answers when another connection holds the lock.
const SQLITE_BUSY = 5

/**
 * Takes the data folder for this process, or says with a StartError which process has it.
 *
 * The kernel drops the lock when the process ends, however it ends, so there is no stale lock to judge; and it
 * sees the holder across containers that share a folder, where process ids say nothing. Node offers no file lock
 * of its own, so the lock is the one that SQLite takes on an empty file.
 *
 * NOTE: such a lock is lost when this process opens and closes `server.lock` in any other way: never read it.
 */
export async function acquireLock(dataDir: string): Promise<Lock> {
  const lockFile = join(dataDir, "server.lock")
  const pidFile = join(dataDir, "server.pid")
  const holder = holdLock(lockFile)
  if (holder === "taken") throw new FolderInUse(await refusal(dataDir, pidFile))

  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  await chmod(lockFile, 0o600)
  for (const file of [lockFile, pidFile]) await giveToFolderOwner(file)
  let isHeld = true
  return {
    release: async () => {
      if (!isHeld) return
      isHeld = false
      await rm(pidFile, { force: true })
      holder.close()
    },
  }
}

function holdLock(lockFile: string): DatabaseSync | "taken" {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(lockFile)
    // The journal in memory, or SQLite would leave one in the folder.
    database.exec("pragma journal_mode = memory; begin exclusive")
    return database
  } catch (cause) {
    database?.close()
    if (cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY) return "taken"
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new StartError(
      `The file ${lockFile} cannot be locked (${reason}): make the data folder writable and keep it on a local disk.`,
      { cause },
    )
  }
}

async function refusal(dataDir: string, pidFile: string): Promise<string> {
  const pid = (await readFile(pidFile, "utf8").catch(() => "")).trim()
  const holder = pid === "" ? "Another server" : `Another server (pid ${pid})`
  return `${holder} already uses the data folder ${dataDir}: stop it first, or choose another data folder.`
}
