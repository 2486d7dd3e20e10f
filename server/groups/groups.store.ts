import { sql } from "kysely"
import type { Queries } from "../db/database.ts"
import { facts } from "../db/facts.ts"
import { plannedAnew, sliceOf } from "../db/paging.ts"

export type GroupRow = {
  id: string
  org_id: string
  name: string
  slug: string
  created_at: Date
  updated_at: Date
  role: string
  custom_role_id: string | null
  custom_role_slug: string | null
}

const columns = [
  "g.id",
  "g.org_id",
  "g.name",
  "g.slug",
  "g.created_at",
  "g.updated_at",
  "r.role",
  "r.custom_role_id",
  "c.slug as custom_role_slug",
] as const

const groupsOf = (db: Queries, orgId: string) =>
  db
    .selectFrom("groups as g")
    .innerJoin("active_group_role_grants as r", (join) =>
      join.onRef("r.org_id", "=", "g.org_id").onRef("r.group_id", "=", "g.id"),
    )
    .leftJoin("organization_roles as c", (join) =>
      join.onRef("c.org_id", "=", "r.org_id").onRef("c.id", "=", "r.custom_role_id"),
    )
    .select(columns)
    .where("g.org_id", "=", orgId)
    .where("g.deleted_at", "is", null)
    .$castTo<GroupRow>()

/** All groups of an organization with their role, by name. */
export const groupsInOrg = (db: Queries, orgId: string): Promise<GroupRow[]> =>
  groupsOf(db, orgId).orderBy("g.sort_key").orderBy("g.id").execute()

export type GroupFilter = { orgId: string; search: string; limit: number | undefined; offset: number }

/** A part of them: those whose name or slug contains the text, which is in the form of a sort key. */
export async function pageOfGroups(
  db: Queries,
  { orgId, search, ...asked }: GroupFilter,
): Promise<GroupRow[]> {
  let matching = db.selectFrom("groups").where("org_id", "=", orgId).where("deleted_at", "is", null)
  if (search !== "") {
    matching = matching.where(sql<boolean>`(strpos(sort_key, ${search}) > 0 or strpos(slug, ${search}) > 0)`)
  }
  const counted = matching.select(sql<string>`count(*)`.as("count")).modifyFront(plannedAnew)
  const slice = sliceOf(Number((await counted.executeTakeFirstOrThrow()).count), asked)
  if (!slice) return []
  const page = matching
    .select("id")
    .orderBy("sort_key", slice.direction)
    .orderBy("id", slice.direction)
    .limit(slice.limit)
    .offset(slice.offset)
  return groupsOf(db, orgId)
    .where("g.id", "in", page)
    .orderBy("g.sort_key")
    .orderBy("g.id")
    .modifyFront(plannedAnew)
    .execute()
}

export const groupInOrg = (db: Queries, orgId: string, groupId: string): Promise<GroupRow | undefined> =>
  groupsOf(db, orgId).where("g.id", "=", groupId).executeTakeFirst()

/** A group read in the same statement as the caller; null in all when there is no such group. */
export type GroupFacts =
  { [Column in keyof GroupRow as `fact_${Column}`]: GroupRow[Column] } | { fact_id: null }

/** Values: the group's id, null when it is no UUID. */
export const groupFacts = facts<GroupFacts, [groupId: string | null]>(`
  select g.id as fact_id, g.org_id as fact_org_id, g.name as fact_name, g.slug as fact_slug,
    g.created_at as fact_created_at, g.updated_at as fact_updated_at, r.role as fact_role,
    r.custom_role_id as fact_custom_role_id, c.slug as fact_custom_role_slug
  from groups g
  join active_group_role_grants r on r.org_id = g.org_id and r.group_id = g.id
  left join organization_roles c on c.org_id = r.org_id and c.id = r.custom_role_id
  where g.org_id = $1 and g.id = $4::uuid and g.deleted_at is null`)

export const groupOfFacts = (facts: GroupFacts): GroupRow | undefined =>
  facts.fact_id === null
    ? undefined
    : {
        id: facts.fact_id,
        org_id: facts.fact_org_id,
        name: facts.fact_name,
        slug: facts.fact_slug,
        created_at: facts.fact_created_at,
        updated_at: facts.fact_updated_at,
        role: facts.fact_role,
        custom_role_id: facts.fact_custom_role_id,
        custom_role_slug: facts.fact_custom_role_slug,
      }

/** The same, locked: nobody joins, leaves or changes the group until the transaction ends. */
export async function lockGroup(db: Queries, orgId: string, groupId: string): Promise<GroupRow | undefined> {
  const locked = await db
    .selectFrom("groups")
    .select("id")
    .where("org_id", "=", orgId)
    .where("id", "=", groupId)
    .where("deleted_at", "is", null)
    .forUpdate()
    .executeTakeFirst()
  return locked && groupInOrg(db, orgId, groupId)
}

export type NewGroup = { org_id: string; id: string; name: string; slug: string; sort_key: string }

export async function insertGroup(db: Queries, group: NewGroup): Promise<void> {
  await db.insertInto("groups").values(group).execute()
}

export type GroupChanges = { name?: string; slug?: string; sort_key?: string }

export async function updateGroup(
  db: Queries,
  orgId: string,
  groupId: string,
  changes: GroupChanges,
): Promise<void> {
  await db
    .updateTable("groups")
    .set({ ...changes, updated_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("id", "=", groupId)
    .execute()
}

/** The roles of a group in the organization, named as `held_user_roles` names them. */
export async function roleKeysOfGroup(db: Queries, orgId: string, groupId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("active_group_role_grants as r")
    .leftJoin("organization_roles as c", (join) =>
      join.onRef("c.org_id", "=", "r.org_id").onRef("c.id", "=", "r.custom_role_id"),
    )
    .select(sql<string>`coalesce('custom:' || c.id || ':' || c.rules_digest, r.role)`.as("key"))
    .where("r.org_id", "=", orgId)
    .where("r.group_id", "=", groupId)
    .execute()
  return rows.map(({ key }) => key)
}

/** Ends what is open, now; a row that has lapsed keeps its own end. */
const ended = {
  is_closed: true,
  valid_until: sql<Date>`greatest(valid_from, least(valid_until, statement_timestamp()))`,
}

export async function endRoleGrants(db: Queries, orgId: string, groupId: string): Promise<void> {
  await db
    .updateTable("group_role_grants")
    .set(ended)
    .where("org_id", "=", orgId)
    .where("group_id", "=", groupId)
    .where("is_closed", "=", false)
    .execute()
}

/** Ends the group, its role and everybody's place in it. */
export async function deleteGroup(db: Queries, orgId: string, groupId: string): Promise<void> {
  await endRoleGrants(db, orgId, groupId)
  for (const memberships of ["group_user_memberships", "group_identity_memberships"] as const) {
    await db
      .updateTable(memberships)
      .set(ended)
      .where("org_id", "=", orgId)
      .where("group_id", "=", groupId)
      .where("is_closed", "=", false)
      .execute()
  }
  await db
    .updateTable("groups")
    .set({ deleted_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("id", "=", groupId)
    .execute()
}

/** Ends every group of an organization, their roles and everybody's place in them. */
export async function endGroups(db: Queries, orgId: string): Promise<void> {
  for (const table of [
    "group_role_grants",
    "group_user_memberships",
    "group_identity_memberships",
  ] as const) {
    await db
      .updateTable(table)
      .set(ended)
      .where("org_id", "=", orgId)
      .where("is_closed", "=", false)
      .execute()
  }
  await db
    .updateTable("groups")
    .set({ deleted_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("deleted_at", "is", null)
    .execute()
}
