import { randomHex } from "../crypto/ids.ts"
import { singleConnection, type Connection } from "../db/database.ts"

/** How the runner of the tests and the tests find each other. */
export const testDatabases = { template: "conclave_template", variable: "CONCLAVE_TEST_POSTGRES" } as const

export type Address = { host: string; port: number; user: string; password: string; database: string }

export type TestDatabase = {
  connection: Address
  /** The same address as a URL, for a server in a process of its own. */ url: string
  drop(): Promise<void>
}

/**
 * A migrated database of its own, made from the template in a few milliseconds; or a copy of another database, to
 * which nobody may be connected.
 */
export async function createTestDatabase(template: string = testDatabases.template): Promise<TestDatabase> {
  const given = process.env[testDatabases.variable]
  if (!given) throw new Error('Run the tests with "npm test", which starts their PostgreSQL.')
  const admin = JSON.parse(given) as Address
  const database = `test_${randomHex(8)}`
  await administer(admin, `create database ${database} template ${template}`)
  const connection = { ...admin, database }
  return {
    connection,
    url: urlOf(connection),
    drop: () => administer(admin, `drop database if exists ${database} with (force)`),
  }
}

/** The URL form of an address on a unix socket. */
export const urlOf = ({ host, port, user, password, database }: Address): string =>
  `postgres://${user}:${encodeURIComponent(password)}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`

/** Runs one statement on a connection of its own. */
export async function administer(connection: Connection, sql: string): Promise<void> {
  const client = singleConnection(connection)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
