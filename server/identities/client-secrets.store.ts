import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type ClientSecretRow = {
  id: string
  auth_method_id: string
  prefix: string
  description: string
  num_uses: number
  num_uses_limit: number
  ttl_seconds: number
  revoked_at: Date | null
  created_at: Date
  updated_at: Date
}

const columns = [
  "id",
  "auth_method_id",
  "prefix",
  "description",
  "num_uses",
  "num_uses_limit",
  "ttl_seconds",
  "revoked_at",
  "created_at",
  "updated_at",
] as const

type Counts = "num_uses" | "num_uses_limit" | "ttl_seconds"
type Stored = Omit<ClientSecretRow, Counts> & Record<Counts, string>

// The driver gives a bigint as text.
const withNumbers = (row: Stored): ClientSecretRow => ({
  ...row,
  num_uses: Number(row.num_uses),
  num_uses_limit: Number(row.num_uses_limit),
  ttl_seconds: Number(row.ttl_seconds),
})

export type NewClientSecret = {
  org_id: string
  id: string
  identity_id: string
  auth_method_id: string
  prefix: string
  secret_hash: string
  description: string
  num_uses_limit: number
  ttl_seconds: number
}

export async function insertClientSecret(db: Queries, secret: NewClientSecret): Promise<ClientSecretRow> {
  const { ttl_seconds: seconds } = secret
  const expiresAt =
    seconds === 0 ? null : sql<Date>`statement_timestamp() + make_interval(secs => ${seconds})`
  const row = await db
    .insertInto("identity_client_secrets")
    .values({ ...secret, expires_at: expiresAt })
    .returning(columns)
    .executeTakeFirstOrThrow()
  return withNumbers(row)
}

/** Which universal auth of an organization, by the id of its auth method. */
export type Owner = { orgId: string; authMethodId: string }

/** Every client secret that was made, the newest first; also those that are not good any more. */
export async function clientSecretsOf(
  db: Queries,
  { orgId, authMethodId }: Owner,
): Promise<ClientSecretRow[]> {
  const rows = await db
    .selectFrom("identity_client_secrets")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("auth_method_id", "=", authMethodId)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .execute()
  return rows.map(withNumbers)
}

export async function clientSecretOf(
  db: Queries,
  { orgId, authMethodId }: Owner,
  id: string,
): Promise<ClientSecretRow | undefined> {
  const row = await db
    .selectFrom("identity_client_secrets")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("auth_method_id", "=", authMethodId)
    .where("id", "=", id)
    .executeTakeFirst()
  return row && withNumbers(row)
}

/** Ends a client secret that was good until now; undefined when it was revoked before. */
export async function revokeClientSecret(
  db: Queries,
  { orgId, authMethodId }: Owner,
  id: string,
): Promise<ClientSecretRow | undefined> {
  const now = sql<Date>`statement_timestamp()`
  const row = await db
    .updateTable("identity_client_secrets")
    .set({ revoked_at: now, updated_at: now })
    .where("org_id", "=", orgId)
    .where("auth_method_id", "=", authMethodId)
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .returning(columns)
    .executeTakeFirst()
  return row && withNumbers(row)
}
