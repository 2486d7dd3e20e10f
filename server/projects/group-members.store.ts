import type { Queries } from "../db/database.ts"

type Place = { orgId: string; projectId: string }

export type Group = { id: string; name: string; slug: string }

/** A group of the organization by its id or its name. */
export const findGroup = (
  db: Queries,
  orgId: string,
  by: { id: string } | { name: string },
): Promise<Group | undefined> =>
  db
    .selectFrom("groups")
    .select(["id", "name", "slug"])
    .where("org_id", "=", orgId)
    .where((row) => row.and(by))
    .where("deleted_at", "is", null)
    .executeTakeFirst()

/** A group's place in a project. */
export type GroupMemberRow = {
  id: string
  org_id: string
  project_id: string
  group_id: string
  group_name: string
  group_slug: string
  created_at: Date
  updated_at: Date
}

const members = (db: Queries, { orgId, projectId }: Place) =>
  db
    .selectFrom("active_project_group_memberships as m")
    .innerJoin("groups as g", (join) =>
      join.onRef("g.org_id", "=", "m.org_id").onRef("g.id", "=", "m.group_id"),
    )
    .select([
      "m.id",
      "m.org_id",
      "m.project_id",
      "m.group_id",
      "g.name as group_name",
      "g.slug as group_slug",
      "m.valid_from as created_at",
      "m.updated_at",
    ])
    .where("m.org_id", "=", orgId)
    .where("m.project_id", "=", projectId)
    .$castTo<GroupMemberRow>()

/** The groups in a project, by name, then id. */
export const groupsIn = (db: Queries, place: Place): Promise<GroupMemberRow[]> =>
  members(db, place).orderBy("g.sort_key").orderBy("g.id").execute()

export const groupIn = (db: Queries, place: Place, groupId: string): Promise<GroupMemberRow | undefined> =>
  members(db, place).where("m.group_id", "=", groupId).executeTakeFirst()
