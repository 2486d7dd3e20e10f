import { sql, type Selectable } from "kysely"
import type { Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"
import type { Projects } from "../db/schema.ts"

export type ProjectRow = Selectable<Projects>

const projects = (db: Queries, orgId: string) =>
  db.selectFrom("projects").selectAll().where("org_id", "=", orgId).where("deleted_at", "is", null)

export const projectById = (db: Queries, orgId: string, id: string): Promise<ProjectRow | undefined> =>
  projects(db, orgId).where("id", "=", id).executeTakeFirst()

/** The same, locked: nobody changes or deletes it, and nobody is put into it, until the transaction ends. */
export const lockProject = (db: Queries, orgId: string, id: string): Promise<ProjectRow | undefined> =>
  projects(db, orgId).where("id", "=", id).forUpdate().executeTakeFirst()

/** Holds a project against its deletion until the transaction ends; false when it is gone. */
export async function holdProject(db: Queries, orgId: string, id: string): Promise<boolean> {
  const held = await projects(db, orgId).where("id", "=", id).forKeyShare().executeTakeFirst()
  return held !== undefined
}

export type ProjectFilter = {
  orgId: string
  kind: "user" | "identity"
  membershipId: string
  type: string | undefined
}

export type Environment = { id: string; name: string; slug: string }

/**
 * The projects that somebody is in, by themselves or by a group, with their environments in order; by name, then id. One
 * statement, whose rows have the environments in them: there may be thousands.
 */
export function projectsOfMember(
  db: Queries,
  filter: ProjectFilter,
): Promise<(ProjectRow & { environments: Environment[] })[]> {
  const places = filter.kind === "user" ? "project_user_places" : "project_identity_places"
  let query = projects(db, filter.orgId)
    .select(environmentsInOrder.as("environments"))
    .where("id", "in", (row) =>
      row
        .selectFrom(places)
        .select(sql<string>`project_id`.as("project_id"))
        .where("org_id", "=", filter.orgId)
        .where("membership_id", "=", filter.membershipId),
    )
  if (filter.type !== undefined) query = query.where("type", "=", filter.type)
  return query.orderBy("sort_key").orderBy("id").execute()
}

const environmentsInOrder = sql<Environment[]>`(
  select coalesce(
    json_agg(json_build_object('id', e.id, 'name', e.name, 'slug', e.slug) order by e.position, e.id), '[]'
  )
  from environments e where e.org_id = projects.org_id and e.project_id = projects.id and e.deleted_at is null
)`

/** The environments of a project in their order. */
export const environmentsOf = (db: Queries, orgId: string, projectId: string): Promise<Environment[]> =>
  db
    .selectFrom("environments")
    .select(["id", "name", "slug"])
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .orderBy("position")
    .orderBy("id")
    .execute()

export type ProjectRole = {
  project_id: string
  id: string
  slug: string
  name: string
  description: string | null
  permissions: StoredRule[]
  created_at: Date
  updated_at: Date
}

/** The custom roles of these projects, by slug. */
export const rolesOf = (db: Queries, orgId: string, projectIds: string[]): Promise<ProjectRole[]> =>
  db
    .selectFrom("project_roles")
    .select(["project_id", "id", "slug", "name", "description", "permissions", "created_at", "updated_at"])
    .where("org_id", "=", orgId)
    .where((row) => row("project_id", "=", row.fn.any(sql<string[]>`${projectIds}::uuid[]`)))
    .where("deleted_at", "is", null)
    .orderBy("slug")
    .$castTo<ProjectRole>()
    .execute()

export type ProjectChanges = {
  name?: string
  sort_key?: string
  slug?: string
  description?: string | null
  auto_capitalization?: boolean
  has_delete_protection?: boolean
  pit_version_limit?: number
  secret_sharing?: boolean
  shows_legacy_snapshots?: boolean
  secret_detection_ignore_values?: string[]
  audit_logs_retention_days?: number
}

export const updateProject = (
  db: Queries,
  { orgId, id }: { orgId: string; id: string },
  changes: ProjectChanges,
): Promise<ProjectRow> =>
  db
    .updateTable("projects")
    .set({ ...changes, updated_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow()

/** Marks a project as deleted, or all of the organization. */
export async function markDeleted(db: Queries, orgId: string, id?: string): Promise<void> {
  await db
    .updateTable("projects")
    .set({ deleted_at: sql<Date>`statement_timestamp()` })
    .where((row) => row.and({ org_id: orgId, ...(id === undefined ? {} : { id }) }))
    .where("deleted_at", "is", null)
    .execute()
}
