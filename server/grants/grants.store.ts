import { sql } from "kysely"
import { run, type Queries } from "../db/database.ts"
import { untilNow } from "../db/place-dates.ts"

/* Every insert of a place in an organization, and of a role, and of places in groups begun anew; see docs/decisions/0004. */

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

/**
 * Ends a person's places in groups and begins each anew, for as long as it would have lasted. What is over is closed, and
 * what is yet to come begins when it would have.
 */
export async function beginGroupPlacesAnew(db: Queries, orgId: string, membershipId: string): Promise<void> {
  await run(
    db,
    `with open as (
       select * from group_user_memberships where org_id = $1 and membership_id = $2 and not is_closed for update
     ), ended as (
       update group_user_memberships set ${untilNow}
       where org_id = $1 and id in (select id from open)
       returning id
     )
     insert into group_user_memberships (org_id, id, group_id, membership_id, valid_from, valid_until, sources)
     select org_id, gen_random_uuid(), group_id, membership_id, greatest(valid_from, statement_timestamp()),
       valid_until, sources
     from open join ended using (id)
     where valid_until is null or valid_until > statement_timestamp()`,
    [orgId, membershipId],
  )
}
