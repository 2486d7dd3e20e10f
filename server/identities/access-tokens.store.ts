import { sql } from "kysely"
import { run, type Queries } from "../db/database.ts"

export type AuthMethodKind = "token-auth" | "universal-auth"

export type AccessTokenRow = {
  id: string
  identity_id: string
  auth_method: string
  client_secret_id: string | null
  name: string | null
  ttl_seconds: number
  max_ttl_seconds: number
  period_seconds: number
  num_uses: number
  num_uses_limit: number
  last_used_at: Date | null
  last_renewed_at: Date | null
  revoked_at: Date | null
  created_at: Date
  updated_at: Date
}

const columns = [
  "id",
  "identity_id",
  "auth_method",
  "client_secret_id",
  "name",
  "ttl_seconds",
  "max_ttl_seconds",
  "period_seconds",
  "num_uses",
  "num_uses_limit",
  "last_used_at",
  "last_renewed_at",
  "revoked_at",
  "created_at",
  "updated_at",
] as const

type Counts = "ttl_seconds" | "max_ttl_seconds" | "period_seconds" | "num_uses" | "num_uses_limit"
type Stored = Omit<AccessTokenRow, Counts> & Record<Counts, string>

// The driver gives a bigint as text.
const withNumbers = (row: Stored): AccessTokenRow => ({
  ...row,
  ttl_seconds: Number(row.ttl_seconds),
  max_ttl_seconds: Number(row.max_ttl_seconds),
  period_seconds: Number(row.period_seconds),
  num_uses: Number(row.num_uses),
  num_uses_limit: Number(row.num_uses_limit),
})

const now = sql<Date>`statement_timestamp()`

export type NewToken = {
  org_id: string
  id: string
  identity_id: string
  auth_method: string
  auth_method_id: string
  name: string | null
  ttl_seconds: number
  max_ttl_seconds: number
  period_seconds: number
  num_uses_limit: number
}

export async function insertToken(db: Queries, token: NewToken): Promise<AccessTokenRow> {
  const { ttl_seconds: seconds } = token
  const expiresAt =
    seconds === 0 ? null : sql<Date>`statement_timestamp() + make_interval(secs => ${seconds})`
  const row = await db
    .insertInto("identity_access_tokens")
    .values({ ...token, expires_at: expiresAt })
    .returning(columns)
    .executeTakeFirstOrThrow()
  return withNumbers(row)
}

type TokenKey = { orgId: string; tokenId: string; method: AuthMethodKind }

/** The tokens of a machine identity by one method, the newest first. */
export async function tokensOf(
  db: Queries,
  filter: { orgId: string; identityId: string; method: AuthMethodKind; offset: number; limit: number },
): Promise<AccessTokenRow[]> {
  const rows = await db
    .selectFrom("identity_access_tokens")
    .select(columns)
    .where("org_id", "=", filter.orgId)
    .where("identity_id", "=", filter.identityId)
    .where("auth_method", "=", filter.method)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(filter.limit)
    .offset(filter.offset)
    .execute()
  return rows.map(withNumbers)
}

export async function tokenOf(db: Queries, key: TokenKey): Promise<AccessTokenRow | undefined> {
  const row = await db
    .selectFrom("identity_access_tokens")
    .select(columns)
    .where("org_id", "=", key.orgId)
    .where("id", "=", key.tokenId)
    .where("auth_method", "=", key.method)
    .executeTakeFirst()
  return row && withNumbers(row)
}

export async function renameToken(
  db: Queries,
  key: TokenKey,
  name: string,
): Promise<AccessTokenRow | undefined> {
  const row = await db
    .updateTable("identity_access_tokens")
    .set({ name, updated_at: now })
    .where("org_id", "=", key.orgId)
    .where("id", "=", key.tokenId)
    .where("auth_method", "=", key.method)
    .returning(columns)
    .executeTakeFirst()
  return row && withNumbers(row)
}

/** Ends a token that was good until now; undefined when there is none. */
export async function revokeToken(
  db: Queries,
  { orgId, tokenId }: { orgId: string; tokenId: string },
): Promise<AccessTokenRow | undefined> {
  const row = await db
    .updateTable("identity_access_tokens")
    .set({ revoked_at: now, updated_at: now })
    .where("org_id", "=", orgId)
    .where("id", "=", tokenId)
    .where("revoked_at", "is", null)
    .returning(columns)
    .executeTakeFirst()
  return row && withNumbers(row)
}

/** Counts a use while there is one left; false when there is none. */
export async function countUse(db: Queries, orgId: string, tokenId: string): Promise<boolean> {
  const counted = await run<{ id: string }>(
    db,
    `update identity_access_tokens set num_uses = num_uses + 1
     where org_id = $1 and id = $2 and revoked_at is null and num_uses < num_uses_limit
     returning id`,
    [orgId, tokenId],
  )
  return counted.length > 0
}

export async function noteUse(db: Queries, orgId: string, tokenId: string): Promise<void> {
  await run(
    db,
    "update identity_access_tokens set last_used_at = statement_timestamp() where org_id = $1 and id = $2",
    [orgId, tokenId],
  )
}

/** Moves a token's end to its lifetime from now; undefined when it is not good, or that lies beyond its maximum. */
export async function renewToken(
  db: Queries,
  { orgId, tokenId }: { orgId: string; tokenId: string },
): Promise<AccessTokenRow | undefined> {
  const lifetime = sql`make_interval(secs => ttl_seconds::float8)`
  const row = await db
    .updateTable("identity_access_tokens")
    .set({
      expires_at: sql<Date | null>`case when ttl_seconds > 0 then ${now} + ${lifetime} end`,
      last_renewed_at: now,
      updated_at: now,
    })
    .where("org_id", "=", orgId)
    .where("id", "=", tokenId)
    .where("revoked_at", "is", null)
    .where(sql<boolean>`(expires_at is null or expires_at > ${now})`)
    .where(sql<boolean>`(num_uses_limit = 0 or num_uses < num_uses_limit)`)
    .where(
      sql<boolean>`(max_ttl_seconds = 0
        or created_at + make_interval(secs => max_ttl_seconds::float8) >= ${now} + ${lifetime})`,
    )
    .returning(columns)
    .executeTakeFirst()
  return row && withNumbers(row)
}
