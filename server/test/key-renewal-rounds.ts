import { sql } from "kysely"
import { loadKeys } from "../admin/keys.ts"
import { loadConfig } from "../config.ts"
import { bytesOfId } from "../crypto/blob.ts"
import { newId } from "../crypto/ids.ts"
import { localRootKey } from "../crypto/root-key.ts"
import { openDatabase, type Database } from "../db/database.ts"
import { loadInstanceKeys } from "../encryption/instance-key.ts"
import { createKeyring, type Keyring, type PlaceInProject, type Project } from "../encryption/keyring.ts"
import { createTestDatabase, type TestDatabase } from "./databases.ts"
import { runAndKill, runToEnd, type KilledRun } from "./killed-runs.ts"
import { makeDataDir, removeDataDir } from "./processes.ts"
import { Rows } from "./rows.ts"

/** What the operator's tool does to keys beneath what is sealed, and which keys it makes new ones of. */
export const renewals = {
  "rotate-keys": "project_keys",
  "renew-organization-keys": "organization_keys",
} as const
export type Renewal = keyof typeof renewals

/** An organization with projects that have secrets, each of which says what it is. */
export type SealedWorld = {
  testDatabase: TestDatabase
  database: Database
  /** Connections on which keys are read. */ keys: Database
  newKeyring: () => Keyring
  dataDir: string
  projects: Project[]
}

export type RenewalRound = KilledRun & {
  /** What is not as it must be; empty when all is well. */ wrong: string[]
}

const tables = ["secrets", "secret_versions"] as const
const textOf = (table: string, rowId: string): string => `sealed in ${table} ${rowId}`

export async function createSealedWorld(projectCount: number, secretCount: number): Promise<SealedWorld> {
  const testDatabase = await createTestDatabase()
  const dataDir = await makeDataDir()
  const database = openDatabase(testDatabase.connection, 2)
  const keys = openDatabase(testDatabase.connection, 2)
  const { encryptionKey } = await loadKeys(database.queries, loadConfig({ CONCLAVE_DATA_DIR: dataDir }))
  const root = localRootKey(encryptionKey)
  const { instanceId } = await loadInstanceKeys(database.queries, root)
  const newKeyring = () => createKeyring({ db: keys.queries, root, instanceId })
  const orgId = newId()
  const projects = Array.from({ length: projectCount }, () => ({ orgId, projectId: newId() }))
  const world = { testDatabase, database, keys, newKeyring, dataDir, projects }
  const rows = new Rows()
  rows.add("organizations", { id: orgId, name: "Acme", slug: "acme" })
  await rows.write(database.queries)
  const keyring = newKeyring()
  for (const project of projects) await addSecrets(world, keyring, project, secretCount)
  return world
}

async function addSecrets(
  { database: { queries: db } }: SealedWorld,
  keyring: Keyring,
  project: Project,
  count: number,
): Promise<void> {
  const { orgId: org_id, projectId: project_id } = project
  const rows = new Rows()
  const named = { name: "App", slug: project_id, sort_key: "app", type: "secret-manager" }
  rows.add("projects", { org_id, id: project_id, ...named })
  const environment_id = newId()
  rows.add("environments", { org_id, project_id, id: environment_id, name: "Dev", slug: "dev", position: 1 })
  await rows.write(db)
  const { rows: folders } = await sql<{ id: string }>`
    select id from folders where org_id = ${org_id} and environment_id = ${environment_id}`.execute(db)
  const secrets = Array.from({ length: count }, () => ({ secrets: newId(), secret_versions: newId() }))
  const values = secrets.flatMap((ids) =>
    tables.map((table) => {
      const place = {
        table,
        column: "sealed_value",
        environment: environment_id,
        rowId: ids[table],
        version: 1,
      }
      return { text: textOf(table, ids[table]), place }
    }),
  )
  const sealed = await keyring.seal(project, values)
  const within = { org_id, project_id, environment_id, version: 1 }
  for (const [index, ids] of secrets.entries()) {
    const [value, kept] = sealed.slice(2 * index, 2 * index + 2).map((blob) => `\\x${blob.toString("hex")}`)
    const { secrets: id, secret_versions: versionId } = ids
    const key = `SECRET_${index}`
    const now = new Date()
    const made = { ...within, key, metadata: [], skips_multiline_encoding: false, created_at: now }
    rows.add("secrets", {
      ...made,
      id,
      folder_id: folders[0]?.id,
      sealed_value: value,
      tag_ids: [],
      updated_at: now,
    })
    const by = { actor_kind: "identity", actor_id: newId(), tag_ids: [] }
    rows.add("secret_versions", { ...made, id: versionId, secret_id: id, sealed_value: kept, ...by })
  }
  await rows.write(db)
}

export async function endSealedWorld({ testDatabase, database, keys, dataDir }: SealedWorld): Promise<void> {
  await Promise.all([database.close(), keys.close()])
  await testDatabase.drop()
  await removeDataDir(dataDir)
}

/**
 * Renews keys and kills the tool `delayMs` after it has made the first one, or never if that is infinite; then runs it
 * again to its end, and looks at everything.
 */
export async function renewalRound(
  world: SealedWorld,
  renewal: Renewal,
  delayMs: number,
): Promise<RenewalRound> {
  await endRotations(world)
  const options = { dataDir: world.dataDir, databaseUrl: world.testDatabase.url }
  const before = await countKeys(world, renewal)
  const hasBegun = async () => (await countKeys(world, renewal)) > before
  const run = await runAndKill(options, [renewal], { hasBegun, delayMs })
  if (!run.wasTooLate) await runToEnd(options, [renewal])
  const made = (await countKeys(world, renewal)) - before
  const expected = renewal === "rotate-keys" ? world.projects.length : 1
  const wrong = made === expected ? [] : [`${made} new keys in place of ${expected}`]
  wrong.push(...(await whatIsNotByTheNewest(world, renewal)), ...(await whatIsLost(world)))
  return { ...run, wrong }
}

/** Notes of each rotation that it is over, as servers do when it is old enough; the next one begins by a new key. */
const endRotations = ({ database: { queries: db } }: SealedWorld) =>
  sql`update project_keys set resealed_at = now() where resealed_at is null`.execute(db)

async function countKeys({ database: { queries: db } }: SealedWorld, renewal: Renewal): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int from ${sql.table(renewals[renewal])}`.execute(db)
  return rows[0]?.count ?? 0
}

async function whatIsNotByTheNewest(
  { database: { queries: db } }: SealedWorld,
  renewal: Renewal,
): Promise<string[]> {
  if (renewal === "renew-organization-keys") {
    const { rows } = await sql<{ id: string }>`
      select k.id from project_keys k where k.organization_key_id <> (
        select o.id from organization_keys o where o.org_id = k.org_id order by version desc limit 1
      )`.execute(db)
    return rows.map(({ id }) => `wrapped by an earlier key: the key ${id}`)
  }
  const wrong: string[] = []
  for (const table of tables) {
    const { rows } = await sql<{ id: string; by: Buffer; newest: string }>`
      select t.id, substring(t.sealed_value from 3 for 16) as by, (
          select k.id from project_keys k where k.org_id = t.org_id and k.project_id = t.project_id
          order by version desc limit 1
        ) as newest
      from ${sql.table(table)} t`.execute(db)
    for (const { id, by, newest } of rows) {
      if (!by.equals(bytesOfId(newest))) wrong.push(`sealed by an earlier key: ${table} ${id}`)
    }
  }
  return wrong
}

async function whatIsLost(world: SealedWorld): Promise<string[]> {
  const keyring = world.newKeyring()
  const wrong: string[] = []
  for (const project of world.projects) {
    for (const table of tables) {
      const { rows } = await sql<{ id: string; environment_id: string; sealed_value: Buffer }>`
        select id, environment_id, sealed_value from ${sql.table(table)}
        where project_id = ${project.projectId}`.execute(world.database.queries)
      for (const { id: rowId, environment_id: environment, sealed_value: sealed } of rows) {
        const place: PlaceInProject = { table, column: "sealed_value", environment, rowId, version: 1 }
        const [text] = await keyring.open(project, [{ sealed, place }]).catch(() => [])
        if (text?.reveal() !== textOf(table, rowId)) wrong.push(`lost: ${table} ${rowId}`)
      }
    }
  }
  keyring.clear()
  return wrong
}
