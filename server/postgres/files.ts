import { chown, lstat, open, readFile, rename, stat } from "node:fs/promises"
import { dirname } from "node:path"

/** Whether something has this name. What cannot be looked at because of missing rights is an error, not absent. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false
    throw error
  }
}

/** The text of a file without the white space around it; empty when there is no such file. */
export async function readText(path: string): Promise<string> {
  return (await exists(path)) ? (await readFile(path, "utf8")).trim() : ""
}

/** Renames so that the new name survives a power failure. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}

/** Writes a file, readable by its owner only, that is there as a whole or not at all, also after a power failure. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, "w", 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await giveToFolderOwner(temporary)
  await renameDurably(temporary, path)
}

/** Makes root leave nothing in an ordinary user's folder that this user could not open afterwards. */
export async function giveToFolderOwner(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(dirname(path))
  if (uid !== 0) await chown(path, uid, gid)
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder.
  if (process.platform === "win32") return
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
