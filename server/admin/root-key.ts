import { rename } from "node:fs/promises"
import { dirname } from "node:path"
import type { Config } from "../config.ts"
import { checkValue } from "../crypto/keys.ts"
import { localRootKey } from "../crypto/root-key.ts"
import type { Queries } from "../db/database.ts"
import { changeRootKey, type RootChange, type RootChangeResult } from "../encryption/root-change.ts"
import { StartError } from "../start-error.ts"
import {
  keyFile,
  linkUnlessThere,
  newEncryptionKey,
  readKey,
  syncFolder,
  wrongKey,
  writeDurably,
} from "./keys.ts"
import * as store from "./keys.store.ts"

/*
 * Replaces the encryption key of the instance, for its operator. Whatever ends it in the middle, running it again
 * finishes: the new key is on disk before the database knows it, and the database changes in one transaction.
 */

export type Replaced = {
  /** Absent when an earlier run had changed the database already. */ result: RootChangeResult | undefined
  /** Where the old key is kept, which backups from before need; absent when it is in the environment. */
  oldKeyFile: string | undefined
}

/** Replaces the key where it is: in the data folder, or, when it is in the environment, in the database alone. */
export async function replaceEncryptionKey(db: Queries, config: Config): Promise<Replaced> {
  return config.encryptionKey === undefined
    ? replaceFile(db, config)
    : { result: await replaceGiven(db, config, config.encryptionKey), oldKeyFile: undefined }
}

async function replaceGiven(
  db: Queries,
  config: Config,
  oldKey: string,
): Promise<RootChangeResult | undefined> {
  const { newEncryptionKey: newKey } = config
  if (newKey === undefined) {
    throw new StartError(
      'Set NEW_ENCRYPTION_KEY, or NEW_ENCRYPTION_KEY_FILE, to the key that is to replace ENCRYPTION_KEY: make one with "openssl rand -hex 32".',
    )
  }
  return change(db, { oldKey, newKey }, config)
}

async function replaceFile(db: Queries, config: Config): Promise<Replaced> {
  const path = keyFile("ENCRYPTION_KEY", config)
  const oldKey = await readKey(path)
  if (oldKey === undefined) throw new StartError(`The key file ${path} is missing: put it back.`)
  const { next, newKey } = await prepare(path, config.newEncryptionKey)
  const result = await change(db, { oldKey, newKey }, config)
  const oldKeyFile = `${path}.${localRootKey(oldKey).keyId.slice(0, 8)}`
  await linkUnlessThere(path, oldKeyFile)
  await rename(next, path)
  await syncFolder(dirname(path))
  return { result, oldKeyFile }
}

/**
 * The new key, in a file beside the old one. That of a run which was cut short is taken again and never thrown away:
 * the database may have changed to it, or be about to.
 */
async function prepare(path: string, given: string | undefined): Promise<{ next: string; newKey: string }> {
  const next = `${path}.next`
  const prepared = await readKey(next)
  if (prepared !== undefined && given !== undefined && given !== prepared) {
    throw new StartError(
      `An earlier run was cut short and left its new key in ${next}: run it again without NEW_ENCRYPTION_KEY to finish it first.`,
    )
  }
  if (prepared === undefined) await writeDurably(next, given ?? newEncryptionKey())
  const newKey = await readKey(next)
  if (newKey === undefined) throw new StartError(`The key file ${next} has vanished: run it again.`)
  return { next, newKey }
}

/** Undefined when the database knows the new key already; refuses when it knows neither. */
async function change(db: Queries, keys: RootChange, config: Config): Promise<RootChangeResult | undefined> {
  if (keys.oldKey === keys.newKey) throw new StartError("The new key is the old one: make another.")
  const check = (await store.keyChecks(db)).find(({ name }) => name === "ENCRYPTION_KEY")
  if (!check) throw new StartError("This database has no keys yet: start the server on it first.")
  const known = [keys.oldKey, keys.newKey].map((key) => checkValue("ENCRYPTION_KEY", key))
  if (!known.includes(check.check_value)) throw wrongKey("ENCRYPTION_KEY", config)
  return changeRootKey(db, keys)
}
