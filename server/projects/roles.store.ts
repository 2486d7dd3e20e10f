import type { Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"

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
