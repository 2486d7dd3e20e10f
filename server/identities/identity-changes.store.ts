import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

type Key = { orgId: string; identityId: string }

const now = sql<Date>`statement_timestamp()`

/** The open place of a machine identity, locked: nobody puts it into a group until the transaction ends. */
export async function lockPlace(db: Queries, { orgId, identityId }: Key): Promise<string | undefined> {
  const place = await db
    .selectFrom("organization_identity_memberships")
    .select("id")
    .where("org_id", "=", orgId)
    .where("identity_id", "=", identityId)
    .where("is_closed", "=", false)
    .forUpdate()
    .executeTakeFirst()
  return place?.id
}

/** Ends what is open, now; a row that has lapsed keeps its own end. */
const ended = {
  is_closed: true,
  valid_until: sql<Date>`greatest(valid_from, least(valid_until, statement_timestamp()))`,
}

export async function endRoleGrants(db: Queries, orgId: string, membershipId: string): Promise<void> {
  await db
    .updateTable("organization_identity_role_grants")
    .set(ended)
    .where("org_id", "=", orgId)
    .where("membership_id", "=", membershipId)
    .where("is_closed", "=", false)
    .execute()
}

export async function closeMembership(db: Queries, orgId: string, membershipId: string): Promise<void> {
  await db
    .updateTable("organization_identity_memberships")
    .set({ ...ended, updated_at: now })
    .where("org_id", "=", orgId)
    .where("id", "=", membershipId)
    .where("is_closed", "=", false)
    .execute()
}

/** Ends every token, client secret and way to sign in of a machine identity. */
export async function endCredentials(db: Queries, { orgId, identityId }: Key): Promise<void> {
  await db
    .updateTable("identity_auth_methods")
    .set({ removed_at: now })
    .where("org_id", "=", orgId)
    .where("identity_id", "=", identityId)
    .where("removed_at", "is", null)
    .execute()
  for (const table of ["identity_client_secrets", "identity_access_tokens"] as const) {
    await db
      .updateTable(table)
      .set({ revoked_at: now, updated_at: now })
      .where("org_id", "=", orgId)
      .where("identity_id", "=", identityId)
      .where("revoked_at", "is", null)
      .execute()
  }
}

export async function markDeleted(db: Queries, { orgId, identityId }: Key): Promise<void> {
  await db
    .updateTable("identities")
    .set({ deleted_at: now })
    .where("org_id", "=", orgId)
    .where("id", "=", identityId)
    .execute()
}

/** Notes that a place has changed, such as by another role. */
export async function touchMembership(db: Queries, orgId: string, membershipId: string): Promise<void> {
  await db
    .updateTable("organization_identity_memberships")
    .set({ updated_at: now })
    .where("org_id", "=", orgId)
    .where("id", "=", membershipId)
    .execute()
}
