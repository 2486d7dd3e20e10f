import { sql } from "kysely"
import type { Queries } from "../db/database.ts"
import type { StoredRule } from "../db/rules.ts"

export type { StoredRule }
export type TemplateRole = { name: string; slug: string; permissions: StoredRule[] }
export type TemplateEnvironment = { name: string; slug: string; position: number }

/** What a template consists of. */
export type TemplateContent = {
  name: string
  description: string | null
  type: string
  roles: TemplateRole[]
  environments: TemplateEnvironment[]
}
export type TemplateRow = TemplateContent & { id: string; org_id: string; created_at: Date; updated_at: Date }

const columns = [
  "id",
  "org_id",
  "name",
  "description",
  "type",
  "roles",
  "environments",
  "created_at",
  "updated_at",
] as const

const templates = (db: Queries, orgId: string) =>
  db
    .selectFrom("project_templates")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("deleted_at", "is", null)
    .$castTo<TemplateRow>()

/** The templates of an organization, all or those of one type, by name. */
export function templatesInOrg(db: Queries, orgId: string, type: string | undefined): Promise<TemplateRow[]> {
  const all = templates(db, orgId).orderBy("name")
  return (type === undefined ? all : all.where("type", "=", type)).execute()
}

export const templateById = (db: Queries, orgId: string, id: string): Promise<TemplateRow | undefined> =>
  templates(db, orgId).where("id", "=", id).executeTakeFirst()

export const templateByName = (db: Queries, orgId: string, name: string): Promise<TemplateRow | undefined> =>
  templates(db, orgId).where("name", "=", name).executeTakeFirst()

/** Locked to be changed or deleted. */
export const lockTemplate = (db: Queries, orgId: string, id: string): Promise<TemplateRow | undefined> =>
  templates(db, orgId).where("id", "=", id).forUpdate().executeTakeFirst()

export const insertTemplate = (
  db: Queries,
  { id, orgId }: { id: string; orgId: string },
  { roles, environments, ...content }: TemplateContent,
): Promise<TemplateRow> =>
  db
    .insertInto("project_templates")
    .values({
      ...content,
      roles: JSON.stringify(roles),
      environments: JSON.stringify(environments),
      id,
      org_id: orgId,
    })
    .returning(columns)
    .$castTo<TemplateRow>()
    .executeTakeFirstOrThrow()

/** Changes what is given and nothing else. */
export const updateTemplate = (
  db: Queries,
  { id, orgId }: { id: string; orgId: string },
  { roles, environments, ...others }: Partial<TemplateContent>,
): Promise<TemplateRow> =>
  db
    .updateTable("project_templates")
    .set({
      ...others,
      ...(roles === undefined ? {} : { roles: JSON.stringify(roles) }),
      ...(environments === undefined ? {} : { environments: JSON.stringify(environments) }),
      updated_at: sql<Date>`statement_timestamp()`,
    })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .returning(columns)
    .$castTo<TemplateRow>()
    .executeTakeFirstOrThrow()

export async function deleteTemplate(db: Queries, orgId: string, id: string): Promise<void> {
  await db
    .updateTable("project_templates")
    .set({ deleted_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .execute()
}
