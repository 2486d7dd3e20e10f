import { run, type Queries } from "../db/database.ts"

export { holderAt } from "../db/held-at.ts"
export type { HolderRow } from "../db/held-at.ts"
export { holdings } from "../db/holdings.ts"
export type { Change, HolderKind, HoldingRow, PlaceKind, SubjectKind } from "../db/holdings.ts"

/** A group or a project of the organization, also where it is there no more. */
export type ThingRow = { now: Date; name: string; created_at: Date; deleted_at: Date | null }

const thingSql = (table: "groups" | "projects"): string => `
  select statement_timestamp() as now, name, created_at, deleted_at from ${table} where org_id = $1 and id = $2`
const things = { group: thingSql("groups"), project: thingSql("projects") }

export async function thing(
  db: Queries,
  { kind, orgId, id }: { kind: "group" | "project"; orgId: string; id: string },
): Promise<ThingRow | undefined> {
  const [row] = await run<ThingRow>(db, things[kind], [orgId, id])
  return row
}

const heldSql = (kind: "user" | "identity"): string => `
  select place.project_id, array_remove(array_agg(distinct r.rules_key), null) as keys
  from project_${kind}_places place
  left join held_project_${kind}_rules r
    on r.org_id = place.org_id and r.project_id = place.project_id and r.membership_id = place.membership_id
  where place.org_id = $1 and place.membership_id = $2 and place.project_id = any($3::uuid[])
  group by place.project_id`
const heldTexts = { user: heldSql("user"), identity: heldSql("identity") }

/** Of these projects those that somebody is in now, with the keys of their rules there. */
export const projectsHeld = (
  db: Queries,
  kind: "user" | "identity",
  place: { orgId: string; membershipId: string },
  projectIds: readonly string[],
): Promise<{ project_id: string; keys: string[] }[]> =>
  projectIds.length === 0
    ? Promise.resolve([])
    : run(db, heldTexts[kind], [place.orgId, place.membershipId, projectIds])
