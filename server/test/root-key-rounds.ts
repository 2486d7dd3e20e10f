import { existsSync } from "node:fs"
import { keyFile, loadKeys, readKey } from "../admin/keys.ts"
import { loadConfig, type Config } from "../config.ts"
import { newId } from "../crypto/ids.ts"
import { checkValue } from "../crypto/keys.ts"
import { localRootKey } from "../crypto/root-key.ts"
import { projectKeyContext } from "../crypto/wrapping.ts"
import { openDatabase, type Database } from "../db/database.ts"
import { loadInstanceKeys } from "../encryption/instance-key.ts"
import { createOrganizationKeys } from "../encryption/organization-keys.ts"
import { createTestDatabase, type TestDatabase } from "./databases.ts"
import { runAndKill, runToEnd, type KilledRun } from "./killed-runs.ts"
import { makeDataDir, removeDataDir } from "./processes.ts"

/** Something that an organization's key has wrapped, and what it must be when it is unwrapped. */
type Wrapped = {
  orgId: string
  byKeyId: string
  wrapped: Buffer
  secret: Buffer
  context: ReturnType<typeof contextOf>
}

/** A database whose keys are wrapped by the key in a data folder. */
export type World = {
  testDatabase: TestDatabase
  database: Database
  config: Config
  dataDir: string
  everything: Wrapped[]
}

export type RootKeyRound = KilledRun & {
  /** The database had changed when the tool was killed. */ wasChanged: boolean
  /** What is not as it must be; empty when all is well. */ wrong: string[]
}

const contextOf = (orgId: string) => projectKeyContext({ orgId, projectId: newId() }, newId(), 1)
const words = ["replace-encryption-key"]

/** Makes the key of the data folder, and `organizations` with a key each. */
export async function createRootKeyWorld(organizations: number): Promise<World> {
  const testDatabase = await createTestDatabase()
  const dataDir = await makeDataDir()
  const config = loadConfig({ CONCLAVE_DATA_DIR: dataDir })
  const database = openDatabase(testDatabase.connection, 4)
  const { encryptionKey } = await loadKeys(database.queries, config)
  const world = { testDatabase, database, config, dataDir, everything: [] as Wrapped[] }
  const { keys } = await keysBy(world, encryptionKey)
  for (let count = 0; count < organizations; count++) {
    const orgId = newId()
    const organization = { id: orgId, name: "Acme", slug: `acme-${orgId}` }
    await database.queries.insertInto("organizations").values(organization).execute()
    const secret = Buffer.alloc(32, count)
    const context = contextOf(orgId)
    world.everything.push({ orgId, secret, context, ...(await keys.wrap(orgId, secret, context)) })
  }
  return world
}

export async function endRootKeyWorld({ testDatabase, database, dataDir }: World): Promise<void> {
  await database.close()
  await testDatabase.drop()
  await removeDataDir(dataDir)
}

/**
 * Replaces the key and kills the tool `delayMs` after it has written the new one, or never if that is infinite; then runs it again to its end, and
 * looks at everything.
 */
export async function rootKeyRound(world: World, delayMs: number): Promise<RootKeyRound> {
  const before = await rootKeyIds(world)
  const options = { dataDir: world.dataDir, databaseUrl: world.testDatabase.url }
  const next = `${keyFile("ENCRYPTION_KEY", world.config)}.next`
  const run = await runAndKill(options, words, { hasBegun: () => existsSync(next), delayMs })
  const between = await rootKeyIds(world)
  const wrong = between.length === 1 ? [] : [`keys of ${between.length} root keys after the kill`]
  if (!run.wasTooLate) await runToEnd(options, words)
  wrong.push(...(await whatIsWrong(world, before)))
  return { ...run, wasChanged: between[0] !== before[0], wrong }
}

/** Every root key that some key is wrapped by, or that the database says is in place. */
async function rootKeyIds({ database: { queries } }: World): Promise<(string | null)[]> {
  const places = await Promise.all([
    queries.selectFrom("organization_keys").select("root_key_id").distinct().execute(),
    queries.selectFrom("instance_data_keys").select("root_key_id").execute(),
    queries.selectFrom("instance_encryption").select("root_key_id").execute(),
  ])
  return [...new Set(places.flat().map(({ root_key_id: id }) => id))]
}

async function whatIsWrong(world: World, before: (string | null)[]): Promise<string[]> {
  const wrong: string[] = []
  const path = keyFile("ENCRYPTION_KEY", world.config)
  const encryptionKey = (await readKey(path)) ?? ""
  const ids = await rootKeyIds(world)
  if (ids.length !== 1 || ids[0] !== localRootKey(encryptionKey).keyId)
    wrong.push("another root key than the file's")
  if (ids[0] === before[0]) wrong.push("the root key has not changed")
  if (existsSync(`${path}.next`)) wrong.push("the new key lies beside the old one still")
  if (!existsSync(`${path}.${before[0]?.slice(0, 8)}`)) wrong.push("the old key was not kept")
  const checks = await world.database.queries.selectFrom("instance_keys").selectAll().execute()
  const check = checks.find(({ name }) => name === "ENCRYPTION_KEY")
  if (check?.check_value !== checkValue("ENCRYPTION_KEY", encryptionKey)) wrong.push("another check value")
  const { keys } = await keysBy(world, encryptionKey)
  for (const { orgId, byKeyId, wrapped, context, secret } of world.everything) {
    const opened = await keys.unwrap({ orgId, keyId: byKeyId }, wrapped, context).catch(() => undefined)
    if (!opened?.equals(secret)) wrong.push(`lost: the key of ${orgId}`)
  }
  keys.clear()
  return wrong
}

async function keysBy({ database: { queries: db } }: World, encryptionKey: string) {
  const rootKey = localRootKey(encryptionKey)
  const { instanceId } = await loadInstanceKeys(db, rootKey)
  return { keys: createOrganizationKeys({ db, root: rootKey, instanceId }) }
}
