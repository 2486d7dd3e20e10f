import { run, type Queries } from "../db/database.ts"

type Kind = "user" | "identity"

/** A membership of somebody's own in a project, with the project. */
export type ProjectMembershipRow = {
  id: string
  project_id: string
  project_name: string
  project_type: string
  created_at: Date
  updated_at: Date
}

const listSql = (kind: Kind): string => `
  select m.id, m.project_id, p.name as project_name, p.type as project_type, m.valid_from as created_at,
    m.updated_at
  from active_project_${kind}_memberships m
  join projects p on p.org_id = m.org_id and p.id = m.project_id and p.deleted_at is null
  where m.org_id = $1 and m.membership_id = $2
  order by p.sort_key, p.id`
const texts = { user: listSql("user"), identity: listSql("identity") }

/** The projects that somebody is in by themselves, by their place in the organization; by name, then id. */
export const projectMemberships = (
  db: Queries,
  kind: Kind,
  { orgId, membershipId }: { orgId: string; membershipId: string },
): Promise<ProjectMembershipRow[]> => run(db, texts[kind], [orgId, membershipId])
