import { sql } from "kysely"
import { auditInsertFrom, auditValues, type AuditRow } from "../db/audit-row.ts"
import { run, type Queries } from "../db/database.ts"
import { heldRoles, isStanding } from "../db/held-roles.ts"

/* Every insert of a place in an organization, of a place in a group, and of a role; see docs/decisions/0004. */

export type NewUserPlace = {
  org_id: string
  id: string
  user_id: string
  username: string
  sort_key: string | null
  search_key: string
  invite_email: string | null
  /** Accepted from the start, or invited. */ isAccepted: boolean
}

/** False when the person, or somebody by this username, has an open place already. */
export async function insertUserPlace(db: Queries, place: NewUserPlace): Promise<boolean> {
  const { isAccepted, ...row } = place
  const inserted = await db
    .insertInto("organization_user_memberships")
    .values({ ...row, ...(isAccepted ? { accepted_at: sql<Date>`statement_timestamp()` } : {}) })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst()
  return inserted !== undefined
}

export async function insertIdentityPlace(
  db: Queries,
  place: { org_id: string; id: string; identity_id: string },
): Promise<void> {
  await db.insertInto("organization_identity_memberships").values(place).execute()
}

/** Who gets a role: a person or a machine identity by the place in the organization, or a group. */
export type Holder = { kind: "user" | "identity" | "group"; orgId: string; id: string }
export type NewGrant = { id: string; role: string; custom_role_id: string | null }

export async function insertRoleGrant(db: Queries, holder: Holder, grant: NewGrant): Promise<void> {
  const { kind, orgId: org_id, id } = holder
  if (kind === "group") {
    await db
      .insertInto("group_role_grants")
      .values({ org_id, group_id: id, ...grant })
      .execute()
    return
  }
  await db
    .insertInto(`organization_${kind}_role_grants`)
    .values({ org_id, membership_id: id, ...grant })
    .execute()
}

/** A group, and a place in its organization. */
export type Pair = {
  kind: "user" | "identity"
  orgId: string
  groupId: string
  membershipId: string
  /** By which the caller was judged. */ customRoles: readonly string[]
}
export type AddOutcome = {
  group_exists: boolean
  member_exists: boolean
  /** Whether the caller's custom roles are as they were when they were judged. */ is_standing: boolean
  is_added: boolean
}

/*
 * Group and member are locked against their end while the row goes in (whoever ends one takes FOR UPDATE), and are
 * looked at again under the lock: what ended a moment ago gets no member. So are the custom roles that
 * allow the caller to do this.
 */
const addSql = (kind: Pair["kind"]): string => `
  with ${heldRoles(5)}, held_group as (
    select id from groups where org_id = $1 and id = $2 and deleted_at is null for key share
  ), held_member as (
    select id from organization_${kind}_memberships
    where org_id = $1 and id = $3 and not is_closed and valid_from <= statement_timestamp()
      and (valid_until is null or valid_until > statement_timestamp())
    for key share
  ), added as (
    insert into group_${kind}_memberships (org_id, id, group_id, membership_id)
    select $1, $4, held_group.id, held_member.id from held_group, held_member
    where ${isStanding(5)}
    on conflict (org_id, group_id, membership_id) where not is_closed do nothing
    returning id
  ), recorded as (${auditInsertFrom("added", 6)})
  select exists (select from held_group) as group_exists, exists (select from held_member) as member_exists,
    ${isStanding(5)} as is_standing, exists (select from recorded) as is_added`
const addTexts = { user: addSql("user"), identity: addSql("identity") }

/** Puts the member into the group with the audit row, in one statement; says what stood in the way if anything. */
export async function addToGroup(db: Queries, pair: Pair, id: string, audit: AuditRow): Promise<AddOutcome> {
  const { orgId, groupId, membershipId, customRoles } = pair
  const values = [orgId, groupId, membershipId, id, customRoles, ...auditValues(audit)]
  const [outcome] = await run<AddOutcome>(db, addTexts[pair.kind], values)
  return outcome ?? { group_exists: false, member_exists: false, is_standing: false, is_added: false }
}

/** Puts a person into these groups again. */
export async function insertGroupPlaces(
  db: Queries,
  { orgId, membershipId }: { orgId: string; membershipId: string },
  groupIds: readonly string[],
): Promise<void> {
  if (groupIds.length === 0) return
  await db
    .insertInto("group_user_memberships")
    .values(
      groupIds.map((group_id) => ({
        org_id: orgId,
        group_id,
        membership_id: membershipId,
        id: sql<string>`gen_random_uuid()`,
      })),
    )
    .execute()
}
