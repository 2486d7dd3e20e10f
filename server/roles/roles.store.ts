import { sql } from "kysely"
import { run, type Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"

export type { StoredRule }

export type RoleRow = {
  id: string
  org_id: string
  slug: string
  name: string
  description: string | null
  permissions: StoredRule[]
  created_at: Date
  updated_at: Date
}

const columns = [
  "id",
  "org_id",
  "slug",
  "name",
  "description",
  "permissions",
  "created_at",
  "updated_at",
] as const

const roles = (db: Queries, orgId: string) =>
  db
    .selectFrom("organization_roles")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("deleted_at", "is", null)
    .$castTo<RoleRow>()

/** The custom roles of an organization, by slug. */
export const rolesInOrg = (db: Queries, orgId: string): Promise<RoleRow[]> =>
  roles(db, orgId).orderBy("slug").execute()

export const roleById = (db: Queries, orgId: string, id: string): Promise<RoleRow | undefined> =>
  roles(db, orgId).where("id", "=", id).executeTakeFirst()

export const roleBySlug = (db: Queries, orgId: string, slug: string): Promise<RoleRow | undefined> =>
  roles(db, orgId).where("slug", "=", slug).executeTakeFirst()

/** The same, held as it is until the transaction ends: it is neither changed nor deleted meanwhile. */
export const heldRoleBySlug = (db: Queries, orgId: string, slug: string): Promise<RoleRow | undefined> =>
  roles(db, orgId).where("slug", "=", slug).forShare().executeTakeFirst()

/** Locked to be changed: nobody is given the role meanwhile. */
export const lockRole = (db: Queries, orgId: string, id: string): Promise<RoleRow | undefined> =>
  roles(db, orgId).where("id", "=", id).forUpdate().executeTakeFirst()

export const insertRole = (db: Queries, role: Omit<RoleRow, "created_at" | "updated_at">): Promise<RoleRow> =>
  db
    .insertInto("organization_roles")
    .values({ ...role, permissions: JSON.stringify(role.permissions) })
    .returning(columns)
    .$castTo<RoleRow>()
    .executeTakeFirstOrThrow()

export type RoleChanges = {
  slug?: string
  name?: string
  description?: string | null
  permissions?: StoredRule[]
}

export async function updateRole(
  db: Queries,
  { orgId, id }: { orgId: string; id: string },
  changes: RoleChanges,
): Promise<RoleRow> {
  const { permissions, ...others } = changes
  return db
    .updateTable("organization_roles")
    .set({
      ...others,
      ...(permissions === undefined ? {} : { permissions: JSON.stringify(permissions) }),
      updated_at: sql<Date>`statement_timestamp()`,
    })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .returning(columns)
    .$castTo<RoleRow>()
    .executeTakeFirstOrThrow()
}

export async function deleteRole(db: Queries, orgId: string, id: string): Promise<void> {
  await db
    .updateTable("organization_roles")
    .set({ deleted_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .execute()
}

const grants = [
  "organization_user_role_grants",
  "organization_identity_role_grants",
  "group_role_grants",
] as const

/** Whether anybody or anything holds the role, now or by a grant that is still to begin; what holds it is locked. */
export async function isAssigned(db: Queries, orgId: string, id: string): Promise<boolean> {
  for (const table of grants) {
    const held = await db
      .selectFrom(table)
      .select("id")
      .where("org_id", "=", orgId)
      .where("custom_role_id", "=", id)
      .where("is_closed", "=", false)
      .where((row) =>
        row.or([row("valid_until", "is", null), row("valid_until", ">", sql<Date>`statement_timestamp()`)]),
      )
      .limit(1)
      .forKeyShare()
      .executeTakeFirst()
    if (held) return true
  }
  return false
}

const rulesSql = `
  select 'custom:' || id || ':' || rules_digest as key, permissions
  from organization_roles where org_id = $1 and id = any($2::uuid[]) order by id`

/** The rules of custom roles as they are now, each with the key that names them by their content. */
export const rulesOf = (
  db: Queries,
  orgId: string,
  ids: string[],
): Promise<{ key: string; permissions: StoredRule[] }[]> => run(db, rulesSql, [orgId, ids])
