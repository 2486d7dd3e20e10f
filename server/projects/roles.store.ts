import { sql } from "kysely"
import type { Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"

export type { StoredRule }

/** A project, in its organization. */
export type Place = { orgId: string; projectId: string }

export type RoleRow = {
  id: string
  project_id: string
  slug: string
  name: string
  description: string | null
  permissions: StoredRule[]
  created_at: Date
  updated_at: Date
}

const columns = [
  "id",
  "project_id",
  "slug",
  "name",
  "description",
  "permissions",
  "created_at",
  "updated_at",
] as const

const roles = (db: Queries, { orgId, projectId }: Place) =>
  db
    .selectFrom("project_roles")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .$castTo<RoleRow>()

/** A custom role, held as it is until the transaction ends: it is neither changed nor deleted meanwhile. */
export const heldRoleBySlug = (db: Queries, place: Place, slug: string): Promise<RoleRow | undefined> =>
  roles(db, place).where("slug", "=", slug).forShare().executeTakeFirst()

/** The custom roles of a project, by slug. */
export const rolesIn = (db: Queries, place: Place): Promise<RoleRow[]> =>
  roles(db, place).orderBy("slug").execute()

export const roleById = (db: Queries, place: Place, id: string): Promise<RoleRow | undefined> =>
  roles(db, place).where("id", "=", id).executeTakeFirst()

export const roleBySlug = (db: Queries, place: Place, slug: string): Promise<RoleRow | undefined> =>
  roles(db, place).where("slug", "=", slug).executeTakeFirst()

/** Locked to be changed: nobody is given the role meanwhile. */
export const lockRole = (db: Queries, place: Place, id: string): Promise<RoleRow | undefined> =>
  roles(db, place).where("id", "=", id).forUpdate().executeTakeFirst()

type NewRole = Pick<RoleRow, "id" | "slug" | "name" | "description" | "permissions">

export const insertRole = (db: Queries, place: Place, role: NewRole): Promise<RoleRow> =>
  db
    .insertInto("project_roles")
    .values({
      ...role,
      org_id: place.orgId,
      project_id: place.projectId,
      permissions: JSON.stringify(role.permissions),
    })
    .returning(columns)
    .$castTo<RoleRow>()
    .executeTakeFirstOrThrow()

export async function updateRole(
  db: Queries,
  { orgId, id }: { orgId: string; id: string },
  { permissions, ...others }: Partial<Omit<NewRole, "id">>,
): Promise<RoleRow> {
  return db
    .updateTable("project_roles")
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
    .updateTable("project_roles")
    .set({ deleted_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .execute()
}

const grants = [
  "project_user_role_grants",
  "project_identity_role_grants",
  "project_group_role_grants",
] as const

/** Whether anybody or anything holds the role, now or by a grant that is still to begin; what holds it is locked. */
export async function isHeld(db: Queries, orgId: string, id: string): Promise<boolean> {
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
