import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

/** Who and what is on the instance, whatever the organization. */
export type ListQuery = { search: string; limit: number; offset: number }
export type Listed<Row> = { rows: Row[]; total: number }

const contains = (text: ReturnType<typeof sql<string>>, part: string) =>
  sql<boolean>`strpos(lower(${text}), ${part.toLowerCase()}) > 0`

export type UserRow = {
  id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  is_accepted: boolean
  is_super_admin: boolean
  created_at: Date
  updated_at: Date
}

/** The accounts by username; `search` looks in names and addresses. */
export async function users(
  db: Queries,
  { search, limit, offset, adminsOnly }: ListQuery & { adminsOnly: boolean },
): Promise<Listed<UserRow>> {
  const text = sql<string>`concat_ws(' ', first_name, last_name, username)`
  let matching = db.selectFrom("users").where("deleted_at", "is", null).where(contains(text, search))
  if (adminsOnly) matching = matching.where("is_super_admin", "=", true)
  const rows = await matching
    .select(["id", "username", "email", "first_name", "last_name", "is_accepted", "is_super_admin"])
    .select(["created_at", "updated_at"])
    .orderBy("username")
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total: Number((await matching.select(countOf()).executeTakeFirstOrThrow()).count) }
}

export type IdentityRow = {
  id: string
  name: string
  org_id: string
  is_instance_admin: boolean
  created_at: Date
}

/** The machine identities of all organizations by name. */
export async function identities(
  db: Queries,
  { search, limit, offset }: ListQuery,
): Promise<Listed<IdentityRow>> {
  const matching = db
    .selectFrom("identities")
    .where("deleted_at", "is", null)
    .where(contains(sql<string>`name`, search))
  const rows = await matching
    .select(["id", "name", "org_id", "is_instance_admin", "created_at"])
    .orderBy("sort_key")
    .orderBy("id")
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total: Number((await matching.select(countOf()).executeTakeFirstOrThrow()).count) }
}

export type OrganizationRow = {
  id: string
  name: string
  slug: string
  created_at: Date
  updated_at: Date
  member_count: number
}

/** The organizations by name, each with how many people belong to it. */
export async function organizations(
  db: Queries,
  { search, limit, offset }: ListQuery,
): Promise<Listed<OrganizationRow>> {
  const matching = db
    .selectFrom("organizations as o")
    .where("o.deleted_at", "is", null)
    .where(contains(sql<string>`concat_ws(' ', o.name, o.slug)`, search))
  const rows = await matching
    .select(["o.id", "o.name", "o.slug", "o.created_at", "o.updated_at"])
    .select((row) =>
      row
        .selectFrom("active_organization_user_memberships as m")
        .select((each) => each.fn.countAll<string>().as("count"))
        .whereRef("m.org_id", "=", "o.id")
        .as("member_count"),
    )
    .orderBy("o.name")
    .orderBy("o.id")
    .limit(limit)
    .offset(offset)
    .execute()
  const counted = rows.map((row) => ({ ...row, member_count: Number(row.member_count) }))
  return { rows: counted, total: Number((await matching.select(countOf()).executeTakeFirstOrThrow()).count) }
}

const countOf = () => sql<string>`count(*)`.as("count")
