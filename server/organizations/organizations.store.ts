import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type OrganizationRow = {
  id: string
  name: string
  slug: string
  default_role: string
  uses_new_privilege_system: boolean
  enforces_mfa: boolean
  user_token_expiration: string | null
  created_at: Date
  updated_at: Date
}

const columns = [
  "o.id",
  "o.name",
  "o.slug",
  "o.default_role",
  "o.uses_new_privilege_system",
  "o.enforces_mfa",
  "o.user_token_expiration",
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
    .leftJoin("active_organization_user_role_grants as r", (join) =>
      join.onRef("r.org_id", "=", "m.org_id").onRef("r.membership_id", "=", "m.id"),
    )
    .select(columns)
    .select("m.valid_from as joined_at")
    .select(sql<string>`coalesce(r.role, 'no-access')`.as("role"))
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
    .select(["o.id", "o.name", "o.enforces_mfa", "o.user_token_expiration"])
    .select(sql<boolean>`m.deactivated_at is null`.as("is_active"))
    .where("m.org_id", "=", orgId)
    .where("m.user_id", "=", userId)
    .where("m.accepted_at", "is not", null)
    .executeTakeFirst()

export const organizationById = (db: Queries, orgId: string): Promise<OrganizationRow | undefined> =>
  db
    .selectFrom("organizations as o")
    .select(columns)
    .where("o.id", "=", orgId)
    .where("o.deleted_at", "is", null)
    .executeTakeFirst()

export type OrganizationChanges = Partial<
  Pick<OrganizationRow, "name" | "slug" | "default_role" | "enforces_mfa" | "user_token_expiration">
>

/** Undefined when the organization has been deleted. */
export const updateOrganization = (
  db: Queries,
  orgId: string,
  changes: OrganizationChanges,
): Promise<OrganizationRow | undefined> =>
  db
    .updateTable("organizations as o")
    .set({ ...changes, updated_at: sql<Date>`statement_timestamp()` })
    .where("o.id", "=", orgId)
    .where("o.deleted_at", "is", null)
    .returning(columns)
    .executeTakeFirst()

/** Leaves the legacy privilege system; undefined when it was left before, or the organization deleted. */
export const upgradePrivilegeSystem = (db: Queries, orgId: string): Promise<OrganizationRow | undefined> =>
  db
    .updateTable("organizations as o")
    .set({ uses_new_privilege_system: true, updated_at: sql<Date>`statement_timestamp()` })
    .where("o.id", "=", orgId)
    .where("o.deleted_at", "is", null)
    .where("o.uses_new_privilege_system", "=", false)
    .returning(columns)
    .executeTakeFirst()

/** Locks the organization so that nothing is added to it any more; undefined when it has been deleted. */
export const lockToDelete = (db: Queries, orgId: string): Promise<OrganizationRow | undefined> =>
  db
    .selectFrom("organizations as o")
    .select(columns)
    .where("o.id", "=", orgId)
    .where("o.deleted_at", "is", null)
    .forUpdate()
    .executeTakeFirst()

export async function markDeleted(db: Queries, orgId: string): Promise<void> {
  await db
    .updateTable("organizations")
    .set({ deleted_at: sql<Date>`statement_timestamp()` })
    .where("id", "=", orgId)
    .execute()
}

export type Usage = { members: number; identities: number; projects: number; environments: number }

/** How many people, machine identities and projects belong to the organization, and environments to these. */
export async function usageOf(db: Queries, orgId: string): Promise<Usage> {
  const counted = await db
    .selectNoFrom((row) => [
      row
        .selectFrom("active_organization_user_memberships")
        .select((each) => each.fn.countAll<string>().as("count"))
        .where("org_id", "=", orgId)
        .as("members"),
      row
        .selectFrom("active_organization_identity_memberships")
        .select((each) => each.fn.countAll<string>().as("count"))
        .where("org_id", "=", orgId)
        .as("identities"),
      row
        .selectFrom("projects")
        .select((each) => each.fn.countAll<string>().as("count"))
        .where("org_id", "=", orgId)
        .where("deleted_at", "is", null)
        .as("projects"),
      row
        .selectFrom("environments as e")
        .innerJoin("projects as p", (join) =>
          join.onRef("p.org_id", "=", "e.org_id").onRef("p.id", "=", "e.project_id"),
        )
        .select((each) => each.fn.countAll<string>().as("count"))
        .where("e.org_id", "=", orgId)
        .where("e.deleted_at", "is", null)
        .where("p.deleted_at", "is", null)
        .as("environments"),
    ])
    .executeTakeFirstOrThrow()
  return {
    members: Number(counted.members),
    identities: Number(counted.identities),
    projects: Number(counted.projects),
    environments: Number(counted.environments),
  }
}
