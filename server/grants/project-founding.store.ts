import type { Selectable } from "kysely"
import { auditInsertFrom, auditValues, type AuditRow } from "../db/audit-row.ts"
import { run, type Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"
import type { Projects } from "../db/schema.ts"

export type NewProject = {
  org_id: string
  id: string
  name: string
  sort_key: string
  slug: string
  description: string | null
  type: string
  has_delete_protection: boolean
  environments: { id: string; name: string; slug: string; position: number }[]
  roles: { id: string; name: string; slug: string; permissions: StoredRule[] }[]
}
export type Creator = {
  kind: "user" | "identity"
  membershipId: string
  projectMembershipId: string
  grantId: string
}

/*
 * The organization and the creator's place in it are locked against their end while the rows go in, and looked at again
 * under the lock. A slug that is taken makes nothing.
 */
const createSql = (kind: Creator["kind"]): string => `
  with held_organization as (
    select id from organizations where id = $1 and deleted_at is null for key share
  ), held_creator as (
    select id from organization_${kind}_memberships where org_id = $1 and id = $2 and not is_closed for key share
  ), made as (
    insert into projects (org_id, id, name, sort_key, slug, description, type, has_delete_protection)
    select o.id, $3, $4::text, $5::text, $6::text, $7::text, $8::text, $9::boolean from held_organization o, held_creator
    on conflict (org_id, slug) where deleted_at is null do nothing
    returning *
  ), with_environments as (
    insert into environments (org_id, project_id, id, name, slug, position)
    select $1, made.id, e.* from made, jsonb_to_recordset($10::jsonb) as e(id uuid, name text, slug text, position int)
  ), with_roles as (
    insert into project_roles (org_id, project_id, id, name, slug, permissions)
    select $1, made.id, r.*
    from made, jsonb_to_recordset($11::jsonb) as r(id uuid, name text, slug text, permissions jsonb)
  ), joined as (
    insert into project_${kind}_memberships (org_id, project_id, id, membership_id)
    select $1, made.id, $12::uuid, held_creator.id from made, held_creator
    returning id
  ), granted as (
    insert into project_${kind}_role_grants (org_id, project_id, id, project_membership_id, role)
    select $1, made.id, $13::uuid, joined.id, 'admin' from made, joined
  ), recorded as (${auditInsertFrom("made", 14)})
  select made.*, (select count(*) from recorded) as recorded from made`
const createTexts = { user: createSql("user"), identity: createSql("identity") }

/**
 * Makes a project with its environments and roles, and its creator as the admin, together with the audit row, in one
 * statement. Undefined when the slug is taken, or the creator has left the organization.
 */
export async function insertProject(
  db: Queries,
  project: NewProject,
  creator: Creator,
  audit: AuditRow,
): Promise<Selectable<Projects> | undefined> {
  const values = [
    project.org_id,
    creator.membershipId,
    project.id,
    project.name,
    project.sort_key,
    project.slug,
    project.description,
    project.type,
    project.has_delete_protection,
    JSON.stringify(project.environments),
    JSON.stringify(project.roles),
    creator.projectMembershipId,
    creator.grantId,
    ...auditValues(audit),
  ]
  const [made] = await run<Selectable<Projects>>(db, createTexts[creator.kind], values)
  return made
}
