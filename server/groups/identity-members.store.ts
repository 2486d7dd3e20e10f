import { sql } from "kysely"
import type { Queries } from "../db/database.ts"
import { facts } from "../db/facts.ts"
import { plannedAnew, sliceOf } from "../db/paging.ts"
import { placeFactColumns, type PlaceFacts } from "../db/place-facts.ts"

/** A group and a machine identity, as adding and removing need them: read in the same statement as the caller. */
export type IdentityMemberFacts = PlaceFacts & { fact_identity_id: string }

/** Values: the ids of the group and of the machine identity, each null when it is no UUID. */
export const identityMemberFacts = facts<
  IdentityMemberFacts,
  [groupId: string | null, identityId: string | null]
>(`
  select ${placeFactColumns("identity")}, m.identity_id as fact_identity_id
  from (values (true)) once
  left join groups g on g.org_id = $1 and g.id = $4::uuid and g.deleted_at is null
  left join active_organization_identity_memberships m on m.org_id = $1 and m.identity_id = $5::uuid`)

/** Ends all group memberships of a machine identity. */
export async function endMemberships(db: Queries, orgId: string, membershipId: string): Promise<void> {
  await db
    .updateTable("group_identity_memberships")
    .set({
      is_closed: true,
      valid_until: sql<Date>`greatest(valid_from, least(valid_until, statement_timestamp()))`,
    })
    .where("org_id", "=", orgId)
    .where("membership_id", "=", membershipId)
    .where("is_closed", "=", false)
    .execute()
}

export type ListedIdentity = { id: string; name: string; joined_at: Date | null }

export type IdentityFilter = {
  orgId: string
  groupId: string
  search: string | undefined
  members: "assignedMachineIdentities" | "nonAssignedMachineIdentities" | undefined
  /** Absent: all the rest. */ limit: number | undefined
  offset: number
}

/** The machine identities of an organization with their place in the group, by name, then id; how many match. */
export async function identitiesOfGroup(
  db: Queries,
  filter: IdentityFilter,
): Promise<{ identities: ListedIdentity[]; totalCount: number }> {
  const matching = identitiesMatching(db, filter)
  const counted = matching.select(sql<string>`count(*)`.as("count")).modifyFront(plannedAnew)
  const totalCount = Number((await counted.executeTakeFirstOrThrow()).count)
  const slice = sliceOf(totalCount, filter)
  if (!slice) return { identities: [], totalCount }
  const { direction, limit, offset } = slice
  const page = matching
    .select(["i.org_id", "i.id", "i.sort_key"])
    .orderBy("i.sort_key", direction)
    .orderBy("i.id", direction)
    .limit(limit)
    .offset(offset)
    .as("p")
  const identities = await db
    .selectFrom(page)
    .innerJoin("identities as i", (join) =>
      join.onRef("i.org_id", "=", "p.org_id").onRef("i.id", "=", "p.id"),
    )
    .select(["p.id", "i.name"])
    .select((row) =>
      row
        .selectFrom("active_group_identity_memberships as gm")
        .innerJoin("active_organization_identity_memberships as m", (join) =>
          join.onRef("m.org_id", "=", "gm.org_id").onRef("m.id", "=", "gm.membership_id"),
        )
        .select("gm.valid_from")
        .whereRef("m.org_id", "=", "p.org_id")
        .whereRef("m.identity_id", "=", "p.id")
        .where("gm.group_id", "=", filter.groupId)
        .as("joined_at"),
    )
    .orderBy("p.sort_key")
    .orderBy("p.id")
    .modifyFront(plannedAnew)
    .$castTo<ListedIdentity>()
    .execute()
  return { identities, totalCount }
}

function identitiesMatching(db: Queries, filter: IdentityFilter) {
  const { orgId, groupId } = filter
  let query = db
    .selectFrom("identities as i")
    .where("i.org_id", "=", orgId)
    .where("i.deleted_at", "is", null)
    .where(
      sql<boolean>`exists (
        select from active_organization_identity_memberships m where m.org_id = i.org_id and m.identity_id = i.id
      )`,
    )
  if (filter.members !== undefined) {
    const isMember = sql<boolean>`exists (
      select from active_organization_identity_memberships m
      join active_group_identity_memberships gm on gm.org_id = m.org_id and gm.membership_id = m.id
      where m.org_id = i.org_id and m.identity_id = i.id and gm.group_id = ${groupId}
    )`
    query = query.where(
      filter.members === "assignedMachineIdentities" ? isMember : sql<boolean>`not ${isMember}`,
    )
  }
  if (filter.search !== undefined) {
    query = query.where(sql<boolean>`strpos(i.sort_key, ${filter.search.toLowerCase()}) > 0`)
  }
  return query
}
