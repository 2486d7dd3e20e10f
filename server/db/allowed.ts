import { singleConnection, type Connection } from "./database.ts"

// `least` passes over what is null, and -1 stands for no limit.
const allowedSql = `
  select least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
    (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
    (select nullif(datconnlimit, -1) from pg_database where datname = current_database())
  ) as allowed`

/** How many connections PostgreSQL allows at once: in all, of this role and to this database, whichever is least. */
export async function allowedConnections(connection: Connection): Promise<number> {
  const client = singleConnection(connection)
  client.on("error", () => {})
  await client.connect()
  try {
    const { rows } = await client.query<{ allowed: number }>(allowedSql)
    return rows[0]?.allowed ?? 0
  } finally {
    await client.end().catch(() => {})
  }
}
