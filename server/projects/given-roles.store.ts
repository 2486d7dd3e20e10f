import { run, type Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"

type Kind = "user" | "identity" | "group"
type Of = { orgId: string; projectMembershipIds: string[] }

/** A role that somebody has been given and nobody has taken away; its time may be over, or yet to come. */
export type GivenRole = {
  id: string
  role: string
  project_membership_id: string
  custom_role_id: string | null
  custom_role_name: string | null
  custom_role_slug: string | null
  is_temporary: boolean
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Date | null
  temporary_access_end_time: Date | null
  /** Whether its time is over. */ is_over: boolean
  created_at: Date
  updated_at: Date
}

const givenSql = (kind: Kind): string => `
  select r.id, r.role, r.project_membership_id, r.custom_role_id, c.name as custom_role_name,
    c.slug as custom_role_slug, r.is_temporary, r.temporary_mode, r.temporary_range,
    r.temporary_access_start_time, r.temporary_access_end_time, r.created_at, r.updated_at,
    coalesce(r.valid_until <= statement_timestamp(), false) as is_over
  from open_project_${kind}_role_grants r
  left join project_roles c on c.org_id = r.org_id and c.id = r.custom_role_id
  where r.org_id = $1 and r.project_membership_id = any($2::uuid[])
  order by r.created_at, r.id`
const givenTexts = { user: givenSql("user"), identity: givenSql("identity"), group: givenSql("group") }

/** The roles of memberships in projects, in the order in which they were given. */
export const givenRoles = (db: Queries, kind: Kind, of: Of): Promise<GivenRole[]> =>
  run(db, givenTexts[kind], [of.orgId, of.projectMembershipIds])

/** What a role is, by its slug; a built-in one has no rules of its own. */
export type HeldRole = { slug: string; permissions: StoredRule[] | null }

const heldSql = (kind: Kind): string => `
  select distinct coalesce(c.slug, r.role) as slug, c.permissions
  from open_project_${kind}_role_grants r
  left join project_roles c on c.org_id = r.org_id and c.id = r.custom_role_id
  where r.org_id = $1 and r.project_membership_id = any($2::uuid[])
    and (r.valid_until is null or r.valid_until > statement_timestamp())
  order by slug`
const heldTexts = { user: heldSql("user"), identity: heldSql("identity"), group: heldSql("group") }

/** The roles whose time is not over, also those whose time is yet to come. */
export const heldRoles = (db: Queries, kind: Kind, of: Of): Promise<HeldRole[]> =>
  run(db, heldTexts[kind], [of.orgId, of.projectMembershipIds])
