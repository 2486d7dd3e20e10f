import { randomBytes } from "node:crypto"
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "../config.ts"
import { randomHex } from "../crypto/ids.ts"
import { checkValue, type Keys } from "../crypto/keys.ts"
import type { Queries } from "../db/database.ts"
import { StartError } from "../start-error.ts"
import * as store from "./keys.store.ts"

type KeyName = "ENCRYPTION_KEY" | "AUTH_SECRET"

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

const wrongKey = (name: KeyName, config: Config): StartError =>
  new StartError(
    `${name} is not the key that this database was made with: set ${name} to that key, or put the file ${files[name]} back into ${config.dataDir}.`,
  )

async function keyOf(
  name: KeyName,
  given: string | undefined,
  { config, isNew }: { config: Config; isNew: boolean },
): Promise<string> {
  if (given !== undefined) return given
  const path = join(config.dataDir, files[name])
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

async function readKey(path: string): Promise<string | undefined> {
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

/** Written beside and linked, so that a crash leaves the whole key or none, and on disk before anything uses it. */
async function writeDurably(path: string, key: string): Promise<void> {
  const draft = `${path}.${randomHex(6)}`
  const file = await open(draft, "wx", 0o600)
  await file.writeFile(`${key}\n`)
  await file.sync()
  await file.close()
  // Linked and not renamed: of two servers that start at once on one folder the second takes the first's key.
  await link(draft, path).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
  })
  await rm(draft)
  const folder = await open(join(path, ".."), "r")
  await folder.sync().catch(() => {})
  await folder.close()
}
