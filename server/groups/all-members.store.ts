import { sql } from "kysely"
import type { Queries } from "../db/database.ts"
import { plannedAnew, sliceOf } from "../db/paging.ts"

export type MemberKind = "user" | "machineIdentity"

/** A person or a machine identity in a group; what only the other kind has is absent. */
export type MemberOfGroup = {
  kind: MemberKind
  id: string
  joined_at: Date
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  name: string
}

export type MemberFilter = {
  orgId: string
  groupId: string
  search: string | undefined
  kinds: readonly MemberKind[]
  direction: "asc" | "desc"
  limit: number
  offset: number
}

/** Who is in the group, people and machine identities in one list, by name; and how many match. */
export async function membersOfGroup(
  db: Queries,
  filter: MemberFilter,
): Promise<{ members: MemberOfGroup[]; totalCount: number }> {
  const matching = membersMatching(db, filter)
  const counted = db
    .selectFrom(matching.as("x"))
    .select(sql<string>`count(*)`.as("count"))
    .modifyFront(plannedAnew)
  const totalCount = Number((await counted.executeTakeFirstOrThrow()).count)
  const slice = sliceOf(totalCount, filter, filter.direction)
  if (!slice) return { members: [], totalCount }
  const page = db
    .selectFrom(matching.as("x"))
    .selectAll()
    .orderBy("x.sort_key", slice.direction)
    .orderBy("x.id", slice.direction)
    .limit(slice.limit)
    .offset(slice.offset)
    .as("p")
  const members = await db
    .selectFrom(page)
    .leftJoin("active_organization_user_memberships as m", (join) =>
      join.onRef("m.org_id", "=", "p.org_id").onRef("m.id", "=", "p.membership_id").on("p.kind", "=", "user"),
    )
    .leftJoin("users as u", "u.id", "m.user_id")
    .leftJoin("identities as i", (join) => join.onRef("i.org_id", "=", "p.org_id").onRef("i.id", "=", "p.id"))
    .select(["p.kind", "p.id", "p.joined_at", "m.username", "i.name"])
    .select(sql<string | null>`coalesce(m.invite_email, u.email)`.as("email"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.first_name end`.as("first_name"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.last_name end`.as("last_name"))
    .orderBy("p.sort_key", filter.direction)
    .orderBy("p.id", filter.direction)
    .modifyFront(plannedAnew)
    .$castTo<MemberOfGroup>()
    .execute()
  return { members, totalCount }
}

function membersMatching(db: Queries, filter: MemberFilter) {
  const { kinds, search } = filter
  let people = peopleIn(db, filter)
  let machines = machinesIn(db, filter)
  if (search !== undefined) {
    const part = search.toLowerCase()
    people = people.where(sql<boolean>`strpos(m.search_key, ${part}) > 0`)
    machines = machines.where(sql<boolean>`strpos(i.sort_key, ${part}) > 0`)
  }
  if (!kinds.includes("machineIdentity")) return people
  return kinds.includes("user") ? people.unionAll(machines) : machines
}

/*
 * First and last name, else the username, as in the search key, whose end the username is. Accents come off only
 * where there may be some, since that takes long.
 */
const nameOfPerson = sql`coalesce(
  nullif(rtrim(left(m.search_key, -length(m.username))), ''), m.username)`
const sortKeyOfPerson = sql<string>`case when octet_length(m.search_key) = length(m.search_key)
  then ${nameOfPerson}
  else regexp_replace(normalize(${nameOfPerson}, nfkd), '[\\u0300-\\u036f]', '', 'g') end collate "C"`

const peopleIn = (db: Queries, { orgId, groupId }: MemberFilter) =>
  db
    .selectFrom("active_group_user_memberships as gm")
    .innerJoin("active_organization_user_memberships as m", (join) =>
      join.onRef("m.org_id", "=", "gm.org_id").onRef("m.id", "=", "gm.membership_id"),
    )
    .select([sql<string>`'user'`.as("kind"), "m.org_id", "m.id as membership_id", "m.user_id as id"])
    .select(["gm.valid_from as joined_at", sortKeyOfPerson.as("sort_key")])
    .where("gm.org_id", "=", orgId)
    .where("gm.group_id", "=", groupId)

const machinesIn = (db: Queries, { orgId, groupId }: MemberFilter) =>
  db
    .selectFrom("active_group_identity_memberships as gm")
    .innerJoin("active_organization_identity_memberships as m", (join) =>
      join.onRef("m.org_id", "=", "gm.org_id").onRef("m.id", "=", "gm.membership_id"),
    )
    .innerJoin("identities as i", (join) =>
      join.onRef("i.org_id", "=", "m.org_id").onRef("i.id", "=", "m.identity_id"),
    )
    .select([sql<string>`'machineIdentity'`.as("kind"), "m.org_id", "m.id as membership_id", "i.id"])
    .select(["gm.valid_from as joined_at", sql<string>`i.sort_key`.as("sort_key")])
    .where("gm.org_id", "=", orgId)
    .where("gm.group_id", "=", groupId)
    .where("i.deleted_at", "is", null)
