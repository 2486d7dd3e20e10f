import { sql } from "kysely"
import type { Queries } from "../db/database.ts"
import { facts } from "../db/facts.ts"
import { plannedAnew, sliceOf } from "../db/paging.ts"
import { placeFactColumns, type PlaceFacts } from "../db/place-facts.ts"

export type { PlaceFacts } from "../db/place-facts.ts"

/** A group and a person, as adding and removing need them: read in the same statement as the caller. */
export type MemberFacts = PlaceFacts & {
  fact_user_id: string
  fact_username: string
  fact_email: string | null
  fact_first_name: string | null
  fact_last_name: string | null
}

/** Values: the group's id (null when it is no UUID) and the username as it was sent. */
export const memberFacts = facts<MemberFacts, [groupId: string | null, username: string]>(`
  select ${placeFactColumns("user")}, m.user_id as fact_user_id, m.username as fact_username,
    coalesce(m.invite_email, u.email) as fact_email,
    case when m.accepted_at is not null then u.first_name end as fact_first_name,
    case when m.accepted_at is not null then u.last_name end as fact_last_name
  from (values (true)) once
  left join groups g on g.org_id = $1 and g.id = $4::uuid and g.deleted_at is null
  left join active_organization_user_memberships m on m.org_id = $1 and m.username = $5::text
  left join users u on u.id = m.user_id`)

type Whose = { orgId: string; membershipId?: string }

/** Ends all group memberships of a person, or of everybody. */
export async function endMemberships(db: Queries, whose: Whose): Promise<void> {
  const { orgId, membershipId } = whose
  await db
    .updateTable("group_user_memberships")
    .set({
      is_closed: true,
      valid_until: sql<Date>`greatest(valid_from, least(valid_until, statement_timestamp()))`,
    })
    .where((row) =>
      row.and({ org_id: orgId, ...(membershipId === undefined ? {} : { membership_id: membershipId }) }),
    )
    .where("is_closed", "=", false)
    .execute()
}

export type ListedUser = {
  id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  joined_at: Date | null
}

export type UserFilter = {
  orgId: string
  groupId: string
  search: string | undefined
  username: string | undefined
  members: "existingMembers" | "nonMembers" | undefined
  limit: number
  offset: number
}

/** The people of an organization with their place in the group: first name, username, id; and how many match. */
export async function usersOfGroup(
  db: Queries,
  filter: UserFilter,
): Promise<{ users: ListedUser[]; totalCount: number }> {
  const matching = usersMatching(db, filter)
  const counted = matching.select(sql<string>`count(*)`.as("count")).modifyFront(plannedAnew)
  const totalCount = Number((await counted.executeTakeFirstOrThrow()).count)
  const slice = sliceOf(totalCount, filter)
  if (!slice) return { users: [], totalCount }
  const { direction, limit, offset } = slice
  // Only the page's rows are joined with what is answered about them. Nobody without a name comes before one with.
  const page = matching
    .select(["m.org_id", "m.id", "m.user_id", "m.username", "m.sort_key", "m.invite_email", "m.accepted_at"])
    .orderBy("m.sort_key", direction)
    .orderBy("m.username", direction)
    .orderBy("m.id", direction)
    .limit(limit)
    .offset(offset)
    .as("m")
  const users = await db
    .selectFrom(page)
    .innerJoin("users as u", "u.id", "m.user_id")
    .leftJoin("active_group_user_memberships as gm", (join) =>
      join
        .onRef("gm.org_id", "=", "m.org_id")
        .onRef("gm.membership_id", "=", "m.id")
        .on("gm.group_id", "=", filter.groupId),
    )
    .select(["m.user_id as id", "m.username", "gm.valid_from as joined_at"])
    .select(sql<string | null>`coalesce(m.invite_email, u.email)`.as("email"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.first_name end`.as("first_name"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.last_name end`.as("last_name"))
    .orderBy("m.sort_key")
    .orderBy("m.username")
    .orderBy("m.id")
    .modifyFront(plannedAnew)
    .$castTo<ListedUser>()
    .execute()
  return { users, totalCount }
}

function usersMatching(db: Queries, filter: UserFilter) {
  let query = db.selectFrom("active_organization_user_memberships as m").where("m.org_id", "=", filter.orgId)
  if (filter.members !== undefined) {
    const isMember = sql<boolean>`exists (
      select from active_group_user_memberships gm
      where gm.org_id = m.org_id and gm.membership_id = m.id and gm.group_id = ${filter.groupId}
    )`
    query = query.where(filter.members === "existingMembers" ? isMember : sql<boolean>`not ${isMember}`)
  }
  if (filter.search !== undefined) query = query.where(contains("m.search_key", filter.search))
  else if (filter.username !== undefined) query = query.where(contains("m.username", filter.username))
  return query
}

const contains = (column: "m.search_key" | "m.username", part: string) =>
  sql<boolean>`strpos(${sql.ref(column)}, ${part.toLowerCase()}) > 0`
