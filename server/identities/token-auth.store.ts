import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type TokenAuthRow = {
  id: string
  identity_id: string
  access_token_ttl_seconds: number
  access_token_max_ttl_seconds: number
  created_at: Date
  updated_at: Date
}

const columns = [
  "id",
  "identity_id",
  "access_token_ttl_seconds",
  "access_token_max_ttl_seconds",
  "created_at",
  "updated_at",
] as const

type Stored = Omit<TokenAuthRow, "access_token_ttl_seconds" | "access_token_max_ttl_seconds"> & {
  access_token_ttl_seconds: string
  access_token_max_ttl_seconds: string
}

// The driver gives a bigint as text.
const withNumbers = (row: Stored): TokenAuthRow => ({
  ...row,
  access_token_ttl_seconds: Number(row.access_token_ttl_seconds),
  access_token_max_ttl_seconds: Number(row.access_token_max_ttl_seconds),
})

export async function insertTokenAuth(
  db: Queries,
  auth: {
    org_id: string
    id: string
    identity_id: string
    access_token_ttl_seconds: number
    access_token_max_ttl_seconds: number
  },
): Promise<TokenAuthRow> {
  const row = await db
    .insertInto("identity_token_auths")
    .values(auth)
    .returning(columns)
    .executeTakeFirstOrThrow()
  return withNumbers(row)
}

export async function tokenAuthOf(
  db: Queries,
  orgId: string,
  identityId: string,
): Promise<TokenAuthRow | undefined> {
  const row = await db
    .selectFrom("identity_token_auths")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("identity_id", "=", identityId)
    .executeTakeFirst()
  return row && withNumbers(row)
}

export async function insertToken(
  db: Queries,
  token: { org_id: string; id: string; identity_id: string; name: string | null; ttlSeconds: number },
): Promise<void> {
  const { ttlSeconds, ...row } = token
  const expiresAt =
    ttlSeconds === 0 ? null : sql<Date>`statement_timestamp() + make_interval(secs => ${ttlSeconds})`
  await db
    .insertInto("identity_access_tokens")
    .values({ ...row, auth_method: "token-auth", expires_at: expiresAt })
    .execute()
}

/** The identity of a token that was good until now; undefined when there is no such token or it was revoked. */
export const revokeToken = (
  db: Queries,
  orgId: string,
  tokenId: string,
): Promise<{ identity_id: string } | undefined> =>
  db
    .updateTable("identity_access_tokens")
    .set({ revoked_at: sql<Date>`statement_timestamp()`, updated_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("id", "=", tokenId)
    .where("revoked_at", "is", null)
    .returning("identity_id")
    .executeTakeFirst()
