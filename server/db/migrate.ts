import { readdir, readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import type pg from "pg"
import { StartError } from "../start-error.ts"
import { singleConnection, type Connection } from "./database.ts"

const folder = fileURLToPath(new URL("./migrations/", import.meta.url))
const oldestServer = 140_000
// Any number will do, as long as every server of every version takes the same one.
const migrationLock = 7_305_511_204

type Migration = { version: number; name: string }

/**
 * Brings the schema up to what this code knows, in one transaction a file, under an advisory lock, so that servers
 * that start together do it once. Throws `StartError` when the schema is newer than the code, when PostgreSQL is
 * older than 14, or when it cannot be reached.
 */
export async function migrate(connection: Connection): Promise<void> {
  const client = singleConnection(connection)
  // A connection that breaks reports it by the query under way as well; without a listener it ends the process.
  client.on("error", () => {})
  await connect(client)
  try {
    await requireSupportedServer(client)
    await client.query("select pg_advisory_lock($1)", [migrationLock])
    await applyMissing(client)
  } finally {
    await client.end().catch(() => {})
  }
}

async function connect(client: pg.Client): Promise<void> {
  try {
    await client.connect()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause)
    throw new StartError(
      `PostgreSQL cannot be reached (${reason}): check DATABASE_URL, and that the database exists and accepts connections from here.`,
      { cause },
    )
  }
}

async function requireSupportedServer(client: pg.Client): Promise<void> {
  const answer = await client.query<{ number: number; version: string }>(
    "select current_setting('server_version_num')::int as number, current_setting('server_version') as version",
  )
  const server = answer.rows[0]
  if (server && server.number < oldestServer) {
    throw new StartError(
      `Conclave needs PostgreSQL 14 or newer, and this is ${server.version}: upgrade it first.`,
    )
  }
}

async function applyMissing(client: pg.Client): Promise<void> {
  await client.query(
    `create table if not exists schema_migrations (
       version integer not null,
       name text not null,
       applied_at timestamptz not null default now(),
       constraint schema_migrations_pkey primary key (version)
     )`,
  )
  const known = await knownMigrations()
  const newest = known.at(-1)?.version ?? 0
  const answer = await client.query<Migration>("select version, name from schema_migrations order by version")
  const last = answer.rows.at(-1)?.version ?? 0
  if (last > newest) {
    throw new StartError(
      `The database has schema version ${last}, and this Conclave knows only ${newest}: start the newer Conclave that made it, or restore a backup from before the upgrade.`,
    )
  }
  // Also one that was numbered before others and came after them.
  const applied = new Set(answer.rows.map(({ version }) => version))
  for (const migration of known.filter(({ version }) => !applied.has(version))) await apply(client, migration)
}

async function apply(client: pg.Client, { version, name }: Migration): Promise<void> {
  const sql = await readFile(folder + name, "utf8")
  await client.query("begin")
  try {
    await client.query(sql)
    await client.query("insert into schema_migrations (version, name) values ($1, $2)", [version, name])
    await client.query("commit")
  } catch (cause) {
    await client.query("rollback").catch(() => {})
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new StartError(`The migration ${name} failed and left nothing behind: ${reason}.`, { cause })
  }
}

async function knownMigrations(): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted()
  return files.map((name) => ({ version: Number(name.slice(0, 4)), name }))
}
