import { readFile, rm, rmdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import pg from "pg"
import { DATABASE, USER } from "../server/postgres/cluster.ts"
import { findPlace, PORT } from "../server/postgres/placement.ts"

/** How to reach the PostgreSQL that a running server keeps in its data folder. */
export type Address = { host: string; port: number; user: string; password: string; database: string }

/** The benchmark's own view of the server's database, beside the server. */
export type BenchDatabase = {
  address: Address
  client: pg.Client
  /** The process id of PostgreSQL's first process. */ pid: number
  /** Makes so many more members of the organization and returns the number of the first. */
  addPeople(count: number): Promise<number>
  /** Memberships and audit rows of these groups' additions. */
  count(groupIds: readonly string[]): Promise<{ memberships: number; auditRows: number }>
  close(): Promise<void>
}

/** Numbers of people have seven digits, so that all usernames are equally long. */
const firstNumber = 1_000_000

export const usernameOf = (person: number): string => `person-${person}@example.com`

/** Connects to the database of a data folder whose server is running. */
export async function openBenchDatabase(dataDir: string, orgId: string): Promise<BenchDatabase> {
  const place = await findPlace(dataDir)
  const password = (await readFile(join(dataDir, "postgres-password"), "utf8")).trim()
  const address = { host: place.socketDir, port: PORT, user: USER, password, database: DATABASE }
  const pid = Number((await readFile(join(place.cluster, "postmaster.pid"), "utf8")).split("\n")[0])
  const client = new pg.Client({ ...address, application_name: "bench" })
  // What fails here is told by the query that fails.
  client.on("error", () => {})
  await client.connect()
  let next = firstNumber
  return {
    address,
    client,
    pid,
    async addPeople(count) {
      const first = next
      next += count
      await client.query(peopleSql, [orgId, first, next - 1])
      // What PostgreSQL does by itself after many new rows would fall into one measurement or another.
      await client.query(`vacuum (analyze) ${tables}`)
      await client.query("checkpoint")
      return first
    },
    async count(groupIds) {
      const { rows } = await client.query(countSql, [orgId, groupIds])
      return { memberships: Number(rows[0].memberships), auditRows: Number(rows[0].audit_rows) }
    },
    close: () => client.end(),
  }
}

const tables =
  "users, organization_user_memberships, organization_user_role_grants, group_user_memberships, audit_logs"

const peopleSql = `
  with people as (
    select n, 'person-' || n || '@example.com' as username, uuidv7() as user_id, uuidv7() as membership_id
    from generate_series($2::integer, $3::integer) n
  ), accounts as (
    insert into users (id, username, email, first_name, last_name, is_accepted)
    select user_id, username, username, 'Person', n::text, true from people
  ), members as (
    insert into organization_user_memberships
      (org_id, id, user_id, username, sort_key, search_key, accepted_at)
    select $1::uuid, membership_id, user_id, username, 'person', 'person ' || n || ' ' || username, now()
    from people
  )
  insert into organization_user_role_grants (org_id, id, membership_id, role)
  select $1::uuid, uuidv7(), membership_id, 'member' from people`

const countSql = `
  select
    (
      select count(*) from group_user_memberships
      where org_id = $1 and group_id = any($2::uuid[])
    ) as memberships,
    (
      select count(*) from audit_logs
      where org_id = $1 and event_type = 'add-user-to-group'
        and event_metadata ->> 'groupId' = any($2::text[])
    ) as audit_rows`

/** Removes a data folder whose server has stopped, and its database where that had to live elsewhere. */
export async function removeDataDir(dataDir: string): Promise<void> {
  const elsewhere = (await readFile(join(dataDir, "postgres-location"), "utf8").catch(() => "")).trim()
  if (elsewhere !== "") {
    await rm(elsewhere, { recursive: true, force: true })
    await rmdir(dirname(elsewhere)).catch(() => {})
  }
  await rm(dataDir, { recursive: true, force: true })
}
