import { randomBytes } from "node:crypto"
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "../config.ts"
import { randomHex } from "../crypto/ids.ts"
import { checkValue, type Keys } from "../crypto/keys.ts"
import type { Queries } from "../db/database.ts"
import { StartError } from "../start-error.ts"
import * as store from "./keys.store.ts"

export type KeyName = "ENCRYPTION_KEY" | "AUTH_SECRET"

const files: Record<KeyName, string> = { ENCRYPTION_KEY: "encryption-key", AUTH_SECRET: "auth-secret" }
const make: Record<KeyName, () => string> = {
  ENCRYPTION_KEY: () => randomBytes(32).toString("hex"),
  AUTH_SECRET: () => randomBytes(32).toString("base64"),
}

/**
 * The keys of the instance, from the environment or the data folder. They are made only for a new database; the
 * database holds a check value of each, and a missing or different key ends the start with a `StartError`.
 */
export async function loadKeys(db: Queries, config: Config): Promise<Keys> {
  const known = await store.keyChecks(db)
  const isNew = known.length === 0
  const encryptionKey = await keyOf("ENCRYPTION_KEY", config.encryptionKey, { config, isNew })
  const authSecret = await keyOf("AUTH_SECRET", config.authSecret, { config, isNew })
  const keys: Record<KeyName, string> = { ENCRYPTION_KEY: encryptionKey, AUTH_SECRET: authSecret }
  if (isNew) {
    const checks = Object.entries(keys).map(([name, key]) => ({ name, check_value: checkValue(name, key) }))
    await store.insertKeyChecks(db, checks)
  }
  // Read again: of two servers that start at once on a new database, one was first.
  for (const { name, check_value } of await store.keyChecks(db)) {
    const key = keys[name as KeyName]
    if (key === undefined || checkValue(name, key) !== check_value) throw wrongKey(name as KeyName, config)
  }
  return { encryptionKey, authSecret }
}

export const wrongKey = (name: KeyName, config: Config): StartError =>
  new StartError(
    `${name} is not the key that this database was made with: set ${name} to that key, or put the file ${files[name]} back into ${config.dataDir}.`,
  )

async function keyOf(
  name: KeyName,
  given: string | undefined,
  { config, isNew }: { config: Config; isNew: boolean },
): Promise<string> {
  if (given !== undefined) return given
  const path = keyFile(name, config)
  const stored = await readKey(path)
  if (stored !== undefined) return stored
  if (!isNew) {
    throw new StartError(
      `${name} is missing and this database was made with one: set ${name} to that key, or put the file ${path} back.`,
    )
  }
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const made = make[name]()
  await writeDurably(path, made)
  return (await readKey(path)) ?? made
}

/** Where a key lies when it is not in the environment. */
export const keyFile = (name: KeyName, { dataDir }: Config): string => join(dataDir, files[name])

/** The key in a file; undefined when there is no such file. Throws `StartError` when others can read it. */
export async function readKey(path: string): Promise<string | undefined> {
  const info = await stat(path).catch(() => undefined)
  if (!info) return undefined
  if ((info.mode & 0o077) !== 0 && process.platform !== "win32") {
    throw new StartError(
      `The key file ${path} can be read by others: run "chmod 600 ${path}" and start again.`,
    )
  }
  const key = (await readFile(path, "utf8")).trim()
  if (key.length < 22) throw new StartError(`The key file ${path} holds no key: put the right one back.`)
  return key
}

/** A new encryption key, as long as it can be. */
export const newEncryptionKey = make.ENCRYPTION_KEY

/** Written beside and linked, so that a crash leaves the whole key or none, and on disk before anything uses it. */
export async function writeDurably(path: string, key: string): Promise<void> {
  const draft = `${path}.${randomHex(6)}`
  const file = await open(draft, "wx", 0o600)
  await file.writeFile(`${key}\n`)
  await file.sync()
  await file.close()
  // Linked and not renamed: of two servers that start at once on one folder the second takes the first's key.
  await linkUnlessThere(draft, path)
  await rm(draft)
  await syncFolder(join(path, ".."))
}

/** Gives a file a second name, unless there is a file of that name. */
export async function linkUnlessThere(path: string, name: string): Promise<void> {
  await link(path, name).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
  })
}

/** Waits until the names in a folder are on disk, where the system can tell. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r")
  await folder.sync().catch(() => {})
  await folder.close()
}
