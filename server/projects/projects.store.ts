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
 * The projects that somebody is in, by themselves or by a group, with their environments in order; by name, then id.
 * The environments are read by themselves: to gather them within each of thousands of rows takes several times as long.
 */
export async function projectsOfMember(
  db: Queries,
  filter: ProjectFilter,
): Promise<(ProjectRow & { environments: Environment[] })[]> {
  const places = filter.kind === "user" ? "project_user_places" : "project_identity_places"
  let query = projects(db, filter.orgId).where("id", "in", (row) =>
    row
      .selectFrom(places)
      .select(sql<string>`project_id`.as("project_id"))
      .where("org_id", "=", filter.orgId)
      .where("membership_id", "=", filter.membershipId),
  )
  if (filter.type !== undefined) query = query.where("type", "=", filter.type)
  const found = await query.orderBy("sort_key").orderBy("id").execute()
  const ids = found.map(({ id }) => id)
  const environments = Map.groupBy(
    ids.length > 0 ? await environmentsOfAll(db, filter.orgId, ids) : [],
    ({ project_id }) => project_id,
  )
  return found.map((project) => Object.assign(project, { environments: environments.get(project.id) ?? [] }))
}

/** The environments of these projects, each project's in their order. */
const environmentsOfAll = (
  db: Queries,
  orgId: string,
  projectIds: string[],
): Promise<(Environment & { project_id: string })[]> =>
  db
    .selectFrom("environments")
    .select(["project_id", "id", "name", "slug"])
    .where("org_id", "=", orgId)
    .where((row) => row("project_id", "=", row.fn.any(sql<string[]>`${projectIds}::uuid[]`)))
    .where("deleted_at", "is", null)
    .orderBy("position")
    .orderBy("id")
    .execute()

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
