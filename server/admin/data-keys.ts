import type { Config } from "../config.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { localRootKey } from "../crypto/root-key.ts"
import type { Queries } from "../db/database.ts"
import { loadInstanceKeys } from "../encryption/instance-key.ts"
import { createKeyring, type Keyring } from "../encryption/keyring.ts"
import { renewOrganizationKeys } from "../encryption/organization-renewal.ts"
import { rotateProjectKeys } from "../encryption/rotation.ts"
import { StartError } from "../start-error.ts"
import { loadKeys } from "./keys.ts"
import * as store from "./keys.store.ts"

/** `keys` are connections of their own, on which keys are read while rows are locked. */
type Databases = { db: Queries; keys: Queries }

/**
 * Puts a new data key in place for a project, or for all, and seals anew what is there; goes on with what an earlier run
 * has left.
 */
export async function rotateDataKeys(
  databases: Databases,
  config: Config,
  projectId: string | undefined,
): Promise<{ projects: number; rows: number }> {
  const rotated = await withKeyring(databases, config, (keyring) =>
    forOneOrAll(projectId, (id) => rotateProjectKeys({ db: databases.db, keyring }, id)),
  )
  if (rotated) return rotated
  throw new StartError(`There is no project with the ID ${projectId}, or nothing is sealed in it yet.`)
}

/**
 * Puts a new key above those of an organization's projects, or of all organizations, and wraps these anew; goes on with
 * what an earlier run has left.
 */
export async function renewKeysOfOrganizations(
  databases: Databases,
  config: Config,
  organizationId: string | undefined,
): Promise<{ organizations: number; keys: number }> {
  const renewed = await withKeyring(databases, config, (keyring) =>
    forOneOrAll(organizationId, (id) => renewOrganizationKeys({ db: databases.db, keyring }, id)),
  )
  if (renewed) return renewed
  throw new StartError(`There is no organization with the ID ${organizationId}, or it has no key yet.`)
}

/** Undefined for what is no ID, as for one of nothing. */
async function forOneOrAll<Result>(
  text: string | undefined,
  work: (id: string | null) => Promise<Result>,
): Promise<Result | undefined> {
  const id = text === undefined ? null : uuidOrNull(text)
  return text !== undefined && id === null ? undefined : work(id)
}

/** Runs `work` with the keys that a server on this database has. */
async function withKeyring<Result>(
  { db, keys }: Databases,
  config: Config,
  work: (keyring: Keyring) => Promise<Result>,
): Promise<Result> {
  if ((await store.keyChecks(db)).length === 0) {
    throw new StartError("This database has no keys yet: start the server on it first.")
  }
  const root = localRootKey((await loadKeys(db, config)).encryptionKey)
  const { instanceId } = await loadInstanceKeys(db, root)
  const keyring = createKeyring({ db: keys, root, instanceId })
  try {
    return await work(keyring)
  } finally {
    keyring.clear()
  }
}
