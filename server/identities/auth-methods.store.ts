import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type AuthMethodKind = "token-auth" | "universal-auth"

export type AuthMethodRow = {
  id: string
  org_id: string
  identity_id: string
  access_token_ttl_seconds: number
  access_token_max_ttl_seconds: number
  access_token_num_uses_limit: number
  access_token_period_seconds: number
  access_token_trusted_ips: string[]
  created_at: Date
  updated_at: Date
}

const columns = [
  "id",
  "org_id",
  "identity_id",
  "access_token_ttl_seconds",
  "access_token_max_ttl_seconds",
  "access_token_num_uses_limit",
  "access_token_period_seconds",
  "access_token_trusted_ips",
  "created_at",
  "updated_at",
] as const

type Counts =
  | "access_token_ttl_seconds"
  | "access_token_max_ttl_seconds"
  | "access_token_num_uses_limit"
  | "access_token_period_seconds"
type Stored = Omit<AuthMethodRow, Counts> & Record<Counts, string>

// The driver gives a bigint as text.
const withNumbers = (row: Stored): AuthMethodRow => ({
  ...row,
  access_token_ttl_seconds: Number(row.access_token_ttl_seconds),
  access_token_max_ttl_seconds: Number(row.access_token_max_ttl_seconds),
  access_token_num_uses_limit: Number(row.access_token_num_uses_limit),
  access_token_period_seconds: Number(row.access_token_period_seconds),
})

export type AuthMethodSettings = Partial<Record<Counts, number>> & { access_token_trusted_ips?: string[] }

export async function insertAuthMethod(
  db: Queries,
  auth: Required<Pick<AuthMethodRow, "access_token_ttl_seconds" | "access_token_max_ttl_seconds">> &
    AuthMethodSettings & { org_id: string; id: string; identity_id: string; method: AuthMethodKind },
): Promise<AuthMethodRow> {
  const row = await db
    .insertInto("identity_auth_methods")
    .values(auth)
    .returning(columns)
    .executeTakeFirstOrThrow()
  return withNumbers(row)
}

const now = sql<Date>`statement_timestamp()`

/** Which auth method of which identity; there is one of a kind at most. */
export type AuthMethodKey = { orgId: string; identityId: string; method: AuthMethodKind }

const methodOf = (db: Queries, { orgId, identityId, method }: AuthMethodKey) =>
  db
    .selectFrom("identity_auth_methods")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("identity_id", "=", identityId)
    .where("method", "=", method)
    .where("removed_at", "is", null)

export async function authMethodOf(db: Queries, key: AuthMethodKey): Promise<AuthMethodRow | undefined> {
  const row = await methodOf(db, key).executeTakeFirst()
  return row && withNumbers(row)
}

/** The same, locked: nobody changes or removes it until the transaction ends. */
export async function lockAuthMethod(db: Queries, key: AuthMethodKey): Promise<AuthMethodRow | undefined> {
  const row = await methodOf(db, key).forUpdate().executeTakeFirst()
  return row && withNumbers(row)
}

export async function updateAuthMethod(
  db: Queries,
  { orgId, id }: { orgId: string; id: string },
  changes: AuthMethodSettings,
): Promise<AuthMethodRow> {
  const row = await db
    .updateTable("identity_auth_methods")
    .set({ ...changes, updated_at: now })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .returning(columns)
    .executeTakeFirstOrThrow()
  return withNumbers(row)
}

/** Takes the auth method away, and ends every token and client secret that came of it. */
export async function removeAuthMethod(db: Queries, orgId: string, id: string): Promise<void> {
  await db
    .updateTable("identity_auth_methods")
    .set({ removed_at: now })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .execute()
  for (const table of ["identity_client_secrets", "identity_access_tokens"] as const) {
    await db
      .updateTable(table)
      .set({ revoked_at: now, updated_at: now })
      .where("org_id", "=", orgId)
      .where("auth_method_id", "=", id)
      .where("revoked_at", "is", null)
      .execute()
  }
}
