import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

type Place = { orgId: string; projectId: string }

/** A machine identity's place in the organization. */
export const placeInOrganization = (
  db: Queries,
  orgId: string,
  identityId: string,
): Promise<{ id: string } | undefined> =>
  db
    .selectFrom("active_organization_identity_memberships")
    .select("id")
    .where("org_id", "=", orgId)
    .where("identity_id", "=", identityId)
    .$castTo<{ id: string }>()
    .executeTakeFirst()

/** A machine identity's own place in a project. */
export type IdentityMemberRow = {
  id: string
  project_id: string
  membership_id: string
  identity_id: string
  created_at: Date
  updated_at: Date
}

const members = (db: Queries, { orgId, projectId }: Place) =>
  db
    .selectFrom("active_project_identity_memberships as p")
    .innerJoin("active_organization_identity_memberships as m", (join) =>
      join.onRef("m.org_id", "=", "p.org_id").onRef("m.id", "=", "p.membership_id"),
    )
    .innerJoin("identities as i", (join) =>
      join.onRef("i.org_id", "=", "m.org_id").onRef("i.id", "=", "m.identity_id"),
    )
    .where("p.org_id", "=", orgId)
    .where("p.project_id", "=", projectId)

const shown = (query: ReturnType<typeof members>) =>
  query
    .select(["p.id", "p.project_id", "p.membership_id", "p.valid_from as created_at", "p.updated_at"])
    .select("i.id as identity_id")
    .$castTo<IdentityMemberRow>()

export const identityIn = (
  db: Queries,
  place: Place,
  by: { id: string } | { identityId: string },
): Promise<IdentityMemberRow | undefined> =>
  shown(
    "id" in by
      ? members(db, place).where("p.id", "=", by.id)
      : members(db, place).where("i.id", "=", by.identityId),
  ).executeTakeFirst()

export type IdentityFilter = {
  /** Part of a name, in the form of the sort key. */ search: string
  direction: "asc" | "desc"
  /** Absent: all the rest. */ limit: number | undefined
  offset: number
}

/** The machine identities that are in a project by themselves, by name, then id; and how many match. */
export async function identitiesIn(
  db: Queries,
  place: Place,
  { search, direction, limit, offset }: IdentityFilter,
): Promise<{ rows: IdentityMemberRow[]; totalCount: number }> {
  let matching = members(db, place)
  if (search !== "") matching = matching.where(sql<boolean>`strpos(i.sort_key, ${search}) > 0`)
  let page = shown(matching).orderBy("i.sort_key", direction).orderBy("i.id", direction).offset(offset)
  if (limit !== undefined) page = page.limit(limit)
  const rows = await page.execute()
  const count = await matching.select(sql<string>`count(*)`.as("count")).executeTakeFirstOrThrow()
  return { rows, totalCount: Number(count.count) }
}
