import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

type Place = { orgId: string; projectId: string }

/** A person of the organization. */
export type Person = { membership_id: string; user_id: string; username: string }

/** The people of the organization by the usernames that it knows; who is not there is not in the answer. */
export const peopleNamed = (db: Queries, orgId: string, usernames: string[]): Promise<Person[]> =>
  db
    .selectFrom("active_organization_user_memberships")
    .select(["id as membership_id", "user_id", "username"])
    .where("org_id", "=", orgId)
    .where((row) => row("username", "=", row.fn.any(sql<string[]>`${usernames}::text[]`)))
    .$castTo<Person>()
    .execute()

/** One way in which a person is in a project: by themselves, or by a group. */
export type UserPlaceRow = Person & {
  /** The membership of the person, or of the group. */ id: string
  source_kind: "own" | "group"
  /** The group, where it is one. */ group_id: string | null
  project_id: string
  email: string | null
  first_name: string | null
  last_name: string | null
  is_active: boolean
  created_at: Date
  updated_at: Date
}

/** Which of them. */
export type UserFilter = {
  id?: string
  membershipId?: string
  userId?: string
  usernames?: string[]
  withGroups?: boolean
}

/**
 * The places of people in a project, by first name, username and id; those of their own only, unless it is said. Who has
 * not accepted the invitation to the organization is shown by the invited address alone.
 */
export function userPlaces(db: Queries, place: Place, filter: UserFilter = {}): Promise<UserPlaceRow[]> {
  let query = db
    .selectFrom("project_user_places as p")
    .innerJoin("active_organization_user_memberships as m", (join) =>
      join.onRef("m.org_id", "=", "p.org_id").onRef("m.id", "=", "p.membership_id"),
    )
    .innerJoin("users as u", "u.id", "m.user_id")
    .leftJoin("active_project_user_memberships as own", (join) =>
      join
        .onRef("own.org_id", "=", "p.org_id")
        .onRef("own.id", "=", "p.source_id")
        .on("p.source_kind", "=", "own"),
    )
    .leftJoin("active_project_group_memberships as pg", (join) =>
      join
        .onRef("pg.org_id", "=", "p.org_id")
        .onRef("pg.project_id", "=", "p.project_id")
        .onRef("pg.group_id", "=", "p.source_id")
        .on("p.source_kind", "=", "group"),
    )
    .select(["p.membership_id", "p.source_kind", "p.project_id", "p.valid_from as created_at"])
    .select(["m.user_id", "m.username", "pg.group_id"])
    .select(sql<string>`coalesce(own.id, pg.id)`.as("id"))
    .select(sql<Date>`coalesce(own.updated_at, pg.updated_at)`.as("updated_at"))
    .select(sql<boolean>`m.deactivated_at is null`.as("is_active"))
    .select(sql<string | null>`coalesce(m.invite_email, u.email)`.as("email"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.first_name end`.as("first_name"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.last_name end`.as("last_name"))
    .where("p.org_id", "=", place.orgId)
    .where("p.project_id", "=", place.projectId)
  const { id, membershipId, userId, usernames, withGroups } = filter
  if (!withGroups) query = query.where("p.source_kind", "=", "own")
  if (id !== undefined) query = query.where("p.source_id", "=", id)
  if (membershipId !== undefined) query = query.where("p.membership_id", "=", membershipId)
  if (userId !== undefined) query = query.where("m.user_id", "=", userId)
  if (usernames !== undefined)
    query = query.where((row) => row("m.username", "=", row.fn.any(sql<string[]>`${usernames}::text[]`)))
  return query
    .orderBy("m.sort_key", (order) => order.asc().nullsLast())
    .orderBy("m.username")
    .orderBy("m.id")
    .orderBy("p.source_kind", "desc")
    .orderBy("p.valid_from")
    .orderBy("p.source_id")
    .$castTo<UserPlaceRow>()
    .execute()
}
