import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type MemberMetadata = { id: string; key: string; value: string }

export type MemberRow = {
  id: string
  org_id: string
  user_id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  invite_email: string | null
  accepted_at: Date | null
  deactivated_at: Date | null
  metadata: MemberMetadata[]
  last_login_at: Date | null
  last_login_auth_method: string | null
  last_invited_at: Date | null
  created_at: Date
  updated_at: Date
  role: string
  custom_role_id: string | null
  custom_role_slug: string | null
}

const columns = [
  "m.id",
  "m.org_id",
  "m.user_id",
  "m.username",
  "m.invite_email",
  "m.accepted_at",
  "m.deactivated_at",
  "m.metadata",
  "m.last_login_at",
  "m.last_login_auth_method",
  "m.valid_from as created_at",
  "m.updated_at",
] as const

// Who has not accepted is shown by the invited address only. Whose role has lapsed has none.
const members = (db: Queries, orgId: string) =>
  db
    .selectFrom("active_organization_user_memberships as m")
    .innerJoin("users as u", "u.id", "m.user_id")
    .leftJoin("active_organization_user_role_grants as r", (join) =>
      join.onRef("r.org_id", "=", "m.org_id").onRef("r.membership_id", "=", "m.id"),
    )
    .leftJoin("organization_roles as c", (join) =>
      join.onRef("c.org_id", "=", "r.org_id").onRef("c.id", "=", "r.custom_role_id"),
    )
    .select(columns)
    .select(["r.custom_role_id", "c.slug as custom_role_slug"])
    .select(sql<string>`coalesce(r.role, 'no-access')`.as("role"))
    .select(sql<string | null>`coalesce(m.invite_email, u.email)`.as("email"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.first_name end`.as("first_name"))
    .select(sql<string | null>`case when m.accepted_at is not null then u.last_name end`.as("last_name"))
    .select((row) =>
      row
        .selectFrom("invitations as i")
        .select((invitation) => invitation.fn.max("i.created_at").as("at"))
        .whereRef("i.org_id", "=", "m.org_id")
        .whereRef("i.membership_id", "=", "m.id")
        .as("last_invited_at"),
    )
    .where("m.org_id", "=", orgId)
    .$castTo<MemberRow>()

/** Everybody of an organization, in the order of lists. */
export const membersOfOrg = (db: Queries, orgId: string): Promise<MemberRow[]> =>
  members(db, orgId)
    .orderBy("m.sort_key", (order) => order.asc().nullsLast())
    .orderBy("m.username")
    .orderBy("m.id")
    .execute()

export const memberInOrg = (
  db: Queries,
  orgId: string,
  membershipId: string,
): Promise<MemberRow | undefined> => members(db, orgId).where("m.id", "=", membershipId).executeTakeFirst()

/** The roles that somebody holds in the organization, their own and those of their groups, by what they mean. */
export async function roleKeysOfMember(db: Queries, orgId: string, membershipId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("held_user_roles")
    .select("role_key")
    .where("org_id", "=", orgId)
    .where("membership_id", "=", membershipId)
    .execute()
  return rows.flatMap(({ role_key }) => role_key ?? [])
}

export async function updateMembership(
  db: Queries,
  { orgId, membershipId }: { orgId: string; membershipId: string },
  changes: { isActive?: boolean; metadata?: MemberMetadata[] },
): Promise<void> {
  const { isActive, metadata } = changes
  await db
    .updateTable("organization_user_memberships")
    .set({
      ...(isActive === undefined
        ? {}
        : { deactivated_at: isActive ? null : sql<Date>`statement_timestamp()` }),
      ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
      updated_at: sql<Date>`statement_timestamp()`,
    })
    .where("org_id", "=", orgId)
    .where("id", "=", membershipId)
    .where("is_closed", "=", false)
    .execute()
}

/** Notes that somebody has begun to act in the organization. */
export async function noteLogin(
  db: Queries,
  login: { orgId: string; userId: string; authMethod: string },
): Promise<void> {
  await db
    .updateTable("organization_user_memberships")
    .set({ last_login_at: sql<Date>`statement_timestamp()`, last_login_auth_method: login.authMethod })
    .where("org_id", "=", login.orgId)
    .where("user_id", "=", login.userId)
    .where("is_closed", "=", false)
    .execute()
}

/** Keeps the organization from being deleted until the transaction ends; false when it has been. */
export async function holdOrganization(db: Queries, orgId: string): Promise<boolean> {
  const held = await db
    .selectFrom("organizations")
    .select("id")
    .where("id", "=", orgId)
    .where("deleted_at", "is", null)
    .forKeyShare()
    .executeTakeFirst()
  return held !== undefined
}

/** Takes the person out of every place, open or closed, by what they could be told. */
export async function forgetMember(db: Queries, userId: string): Promise<void> {
  await db
    .updateTable("organization_user_memberships")
    .set({ username: userId, sort_key: null, search_key: "", invite_email: null, metadata: "[]" })
    .where("user_id", "=", userId)
    .execute()
}

/** Marks an invited membership as accepted and gives it the person's name to sort and search by. */
export async function acceptMembership(
  db: Queries,
  membership: { orgId: string; id: string; username: string; sortKey: string | null; searchKey: string },
): Promise<boolean> {
  const accepted = await db
    .updateTable("organization_user_memberships")
    .set({
      accepted_at: sql<Date>`statement_timestamp()`,
      // The account may have another address by now than the one that was invited.
      username: membership.username,
      sort_key: membership.sortKey,
      search_key: membership.searchKey,
      updated_at: sql<Date>`statement_timestamp()`,
    })
    .where("org_id", "=", membership.orgId)
    .where("id", "=", membership.id)
    .where("is_closed", "=", false)
    .where("accepted_at", "is", null)
    .returning("id")
    .executeTakeFirst()
  return accepted !== undefined
}

/**
 * Sets what lists sort and search a person by, in every organization that the person has joined. Across
 * organizations, since the name is the person's own.
 */
export async function renameMember(
  db: Queries,
  person: { userId: string; sortKey: string | null; searchKey: string },
): Promise<void> {
  await db
    .updateTable("organization_user_memberships")
    .set({
      sort_key: person.sortKey,
      search_key: person.searchKey,
      updated_at: sql<Date>`statement_timestamp()`,
    })
    .where("user_id", "=", person.userId)
    .where("is_closed", "=", false)
    .where("accepted_at", "is not", null)
    .execute()
}

/** Sets the username and address of a person in every organization that they have joined; returns those. */
export async function readdressMember(
  db: Queries,
  person: { userId: string; username: string; searchKey: string },
): Promise<string[]> {
  const rows = await db
    .updateTable("organization_user_memberships")
    .set({
      username: person.username,
      search_key: person.searchKey,
      invite_email: sql<string | null>`case when invite_email is not null then ${person.username}::text end`,
      updated_at: sql<Date>`statement_timestamp()`,
    })
    .where("user_id", "=", person.userId)
    .where("is_closed", "=", false)
    .where("accepted_at", "is not", null)
    .returning("org_id")
    .execute()
  return rows.map(({ org_id }) => org_id)
}
