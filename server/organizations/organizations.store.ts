import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type OrganizationRow = {
  id: string
  name: string
  slug: string
  default_role: string
  uses_new_privilege_system: boolean
  created_at: Date
  updated_at: Date
}

const columns = [
  "o.id",
  "o.name",
  "o.slug",
  "o.default_role",
  "o.uses_new_privilege_system",
  "o.created_at",
  "o.updated_at",
] as const

export async function insertOrganization(
  db: Queries,
  organization: { id: string; name: string; slug: string },
): Promise<OrganizationRow> {
  return db.insertInto("organizations").values(organization).returningAll().executeTakeFirstOrThrow()
}

export type OwnOrganization = OrganizationRow & { role: string; joined_at: Date }

/** The organizations that a person has joined, by name, with the role held there directly. */
export const organizationsOfUser = (db: Queries, userId: string): Promise<OwnOrganization[]> =>
  db
    .selectFrom("active_organization_user_memberships as m")
    .innerJoin("organizations as o", "o.id", "m.org_id")
    .innerJoin("active_organization_user_role_grants as r", (join) =>
      join.onRef("r.org_id", "=", "m.org_id").onRef("r.membership_id", "=", "m.id"),
    )
    .select(columns)
    .select(["r.role", "m.valid_from as joined_at"])
    .where("m.user_id", "=", userId)
    .where("m.accepted_at", "is not", null)
    .orderBy("o.name")
    .orderBy("o.id")
    .$castTo<OwnOrganization>()
    .execute()

/** The organization if the person has joined it. */
export const joinedOrganization = (db: Queries, userId: string, orgId: string) =>
  db
    .selectFrom("active_organization_user_memberships as m")
    .innerJoin("organizations as o", "o.id", "m.org_id")
    .select(["o.id", "o.name"])
    .select(sql<boolean>`m.deactivated_at is null`.as("is_active"))
    .where("m.org_id", "=", orgId)
    .where("m.user_id", "=", userId)
    .where("m.accepted_at", "is not", null)
    .executeTakeFirst()

export const organizationById = (db: Queries, orgId: string) =>
  db.selectFrom("organizations").select(["id", "name"]).where("id", "=", orgId).executeTakeFirst()
