import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type IdentityRow = {
  id: string
  org_id: string
  name: string
  has_delete_protection: boolean
  is_instance_admin: boolean
  created_at: Date
  updated_at: Date
}

const columns = [
  "id",
  "org_id",
  "name",
  "has_delete_protection",
  "is_instance_admin",
  "created_at",
  "updated_at",
] as const

export const insertIdentity = (
  db: Queries,
  identity: {
    org_id: string
    id: string
    name: string
    sort_key: string
    has_delete_protection: boolean
    is_instance_admin: boolean
  },
): Promise<IdentityRow> =>
  db.insertInto("identities").values(identity).returning(columns).executeTakeFirstOrThrow()

export const identityInOrg = (
  db: Queries,
  orgId: string,
  identityId: string,
): Promise<IdentityRow | undefined> =>
  db
    .selectFrom("identities")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("id", "=", identityId)
    .where("deleted_at", "is", null)
    .executeTakeFirst()

/** The same, locked: nobody changes or ends it until the transaction ends. */
export const lockIdentity = (
  db: Queries,
  orgId: string,
  identityId: string,
): Promise<IdentityRow | undefined> =>
  db
    .selectFrom("identities")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("id", "=", identityId)
    .where("deleted_at", "is", null)
    .forUpdate()
    .executeTakeFirst()

export const updateIdentity = (
  db: Queries,
  { orgId, identityId }: { orgId: string; identityId: string },
  changes: { name?: string; sort_key?: string; has_delete_protection?: boolean },
): Promise<IdentityRow> =>
  db
    .updateTable("identities")
    .set({ ...changes, updated_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("id", "=", identityId)
    .returning(columns)
    .executeTakeFirstOrThrow()

/** The roles that a machine identity holds now, by what they mean. */
export async function roleKeysOfIdentity(db: Queries, orgId: string, identityId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("active_organization_identity_memberships as m")
    .innerJoin("held_identity_roles as r", (join) =>
      join.onRef("r.org_id", "=", "m.org_id").onRef("r.membership_id", "=", "m.id"),
    )
    .select("r.role_key")
    .where("m.org_id", "=", orgId)
    .where("m.identity_id", "=", identityId)
    .execute()
  return rows.flatMap(({ role_key }) => role_key ?? [])
}

/** Ends every machine identity of an organization: its secrets and tokens, its roles, its place, itself. */
export async function endIdentities(db: Queries, orgId: string): Promise<void> {
  const now = sql<Date>`statement_timestamp()`
  const ended = {
    is_closed: true,
    valid_until: sql<Date>`greatest(valid_from, least(valid_until, statement_timestamp()))`,
  }
  for (const table of ["identity_client_secrets", "identity_access_tokens"] as const) {
    await db
      .updateTable(table)
      .set({ revoked_at: now, updated_at: now })
      .where("org_id", "=", orgId)
      .where("revoked_at", "is", null)
      .execute()
  }
  for (const table of ["organization_identity_role_grants", "organization_identity_memberships"] as const) {
    await db
      .updateTable(table)
      .set(ended)
      .where("org_id", "=", orgId)
      .where("is_closed", "=", false)
      .execute()
  }
  await db
    .updateTable("identities")
    .set({ deleted_at: now })
    .where("org_id", "=", orgId)
    .where("deleted_at", "is", null)
    .execute()
}
