import { sql } from "kysely"
import { run, type Queries } from "../db/database.ts"
import { plannedAnew, sliceOf } from "../db/paging.ts"

export type ProjectOfGroup = {
  id: string
  name: string
  slug: string
  description: string | null
  type: string
  /** Absent where the group is not in it. */ joined_at: Date | null
}

export type GroupProjectFilter = {
  orgId: string
  groupId: string
  search: string | undefined
  filter: "assignedProjects" | "unassignedProjects" | undefined
  order: "asc" | "desc"
  limit: number
  offset: number
}

/** The projects of an organization with the place of a group in them: by name, then id; and how many match. */
export async function projectsOfGroup(
  db: Queries,
  filter: GroupProjectFilter,
): Promise<{ projects: ProjectOfGroup[]; totalCount: number }> {
  const matching = projectsMatching(db, filter)
  const counted = matching.select(sql<string>`count(*)`.as("count")).modifyFront(plannedAnew)
  const totalCount = Number((await counted.executeTakeFirstOrThrow()).count)
  const slice = sliceOf(totalCount, filter, filter.order)
  if (!slice) return { projects: [], totalCount }
  const page = matching
    .select([
      "p.id",
      "p.name",
      "p.slug",
      "p.description",
      "p.type",
      "p.sort_key",
      "pg.valid_from as joined_at",
    ])
    .orderBy("p.sort_key", slice.direction)
    .orderBy("p.id", slice.direction)
    .limit(slice.limit)
    .offset(slice.offset)
    .as("page")
  const projects = await db
    .selectFrom(page)
    .select(["id", "name", "slug", "description", "type", "joined_at"])
    .orderBy("sort_key", filter.order)
    .orderBy("id", filter.order)
    .modifyFront(plannedAnew)
    .execute()
  return { projects, totalCount }
}

function projectsMatching(db: Queries, { orgId, groupId, search, filter }: GroupProjectFilter) {
  let query = db
    .selectFrom("projects as p")
    .leftJoin("active_project_group_memberships as pg", (join) =>
      join
        .onRef("pg.org_id", "=", "p.org_id")
        .onRef("pg.project_id", "=", "p.id")
        .on("pg.group_id", "=", groupId),
    )
    .where("p.org_id", "=", orgId)
    .where("p.deleted_at", "is", null)
  if (filter === "assignedProjects") query = query.where("pg.id", "is not", null)
  if (filter === "unassignedProjects") query = query.where("pg.id", "is", null)
  if (search === undefined) return query
  const text = sql<string>`lower(p.name || ' ' || p.slug || ' ' || coalesce(p.description, ''))`
  return query.where(sql<boolean>`strpos(${text}, ${search.toLowerCase()}) > 0`)
}

const heldSql = (kind: "user" | "identity"): string => `
  select array(
      select coalesce('project-role:' || c.id || ':' || c.rules_digest, r.role)
      from active_project_group_role_grants r
      left join project_roles c on c.org_id = r.org_id and c.id = r.custom_role_id
      where r.org_id = $1 and r.project_membership_id = pg.id
    ) as group_keys,
    array(
      select rules_key from held_project_${kind}_rules
      where org_id = $1 and project_id = pg.project_id and membership_id = $3
    ) as own_keys
  from active_project_group_memberships pg where pg.org_id = $1 and pg.group_id = $2
  order by pg.project_id`
const heldTexts = { user: heldSql("user"), identity: heldSql("identity") }

/** Of each project that a group is in: what the group has there, and what somebody has. */
export const heldBeside = (
  db: Queries,
  kind: "user" | "identity",
  { orgId, groupId, membershipId }: { orgId: string; groupId: string; membershipId: string },
): Promise<{ group_keys: string[]; own_keys: string[] }[]> =>
  run(db, heldTexts[kind], [orgId, groupId, membershipId])
