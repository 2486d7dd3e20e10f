import type { Config } from "../config.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { localRootKey } from "../crypto/root-key.ts"
import type { Queries } from "../db/database.ts"
import { loadInstanceKeys } from "../encryption/instance-key.ts"
import { createKeyring } from "../encryption/keyring.ts"
import { rotateProjectKeys } from "../encryption/rotation.ts"
import { StartError } from "../start-error.ts"
import { loadKeys } from "./keys.ts"
import * as store from "./keys.store.ts"

/**
 * Puts a new data key in place for a project, or for all, and seals anew what is there; goes on with what an earlier run
 * has left. `keys` are connections of their own, on which keys are read while rows are locked.
 */
export async function rotateDataKeys(
  { db, keys }: { db: Queries; keys: Queries },
  config: Config,
  projectId: string | undefined,
): Promise<{ projects: number; rows: number }> {
  if ((await store.keyChecks(db)).length === 0) {
    throw new StartError("This database has no keys yet: start the server on it first.")
  }
  const id = projectId === undefined ? null : uuidOrNull(projectId)
  if (projectId !== undefined && id === null) throw noSuchProject(projectId)
  const root = localRootKey((await loadKeys(db, config)).encryptionKey)
  const { instanceId } = await loadInstanceKeys(db, root)
  const keyring = createKeyring({ db: keys, root, instanceId })
  try {
    const rotated = await rotateProjectKeys({ db, keyring }, id)
    if (!rotated) throw noSuchProject(String(projectId))
    return rotated
  } finally {
    keyring.clear()
  }
}

const noSuchProject = (id: string): StartError =>
  new StartError(`There is no project with the ID ${id}, or nothing is sealed in it yet.`)
