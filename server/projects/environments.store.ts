import { sql, type Selectable } from "kysely"
import { run, type Queries } from "../db/database.ts"
import { folderChangeFrom, type Writer } from "../db/folder-change.ts"
import type { Environments } from "../db/schema.ts"

export type EnvironmentRow = Selectable<Environments>
type At = { orgId: string; projectId: string }

const environments = (db: Queries, { orgId, projectId }: At) =>
  db
    .selectFrom("environments")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)

export const environmentById = (db: Queries, at: At, id: string): Promise<EnvironmentRow | undefined> =>
  environments(db, at).where("id", "=", id).executeTakeFirst()

export const environmentBySlug = (db: Queries, at: At, slug: string): Promise<EnvironmentRow | undefined> =>
  environments(db, at).where("slug", "=", slug).executeTakeFirst()

/** The place behind all others. */
export async function nextPosition(db: Queries, { orgId, projectId }: At): Promise<number> {
  const row = await db
    .selectFrom("environments")
    .select((each) => each.fn.max("position").as("last"))
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .executeTakeFirst()
  return (row?.last ?? 0) + 1
}

const roomSql = `
  update environments set position = position + $5, updated_at = statement_timestamp()
  where org_id = $1 and project_id = $2 and deleted_at is null and position between $3 and $4
    and exists (
      select from environments taken
      where taken.org_id = $1 and taken.project_id = $2 and taken.deleted_at is null and taken.position = $6
    )`

/** Moves the environments from one place to another by one, if the place `wanted` is taken. */
export async function makeRoom(
  db: Queries,
  { orgId, projectId }: At,
  range: { from: number; to: number; by: 1 | -1; wanted: number },
): Promise<void> {
  await run(db, roomSql, [orgId, projectId, range.from, range.to, range.by, range.wanted])
}

export const insertEnvironment = (
  db: Queries,
  { orgId, projectId }: At,
  environment: { id: string; name: string; slug: string; position: number },
): Promise<EnvironmentRow> =>
  db
    .insertInto("environments")
    .values({ org_id: orgId, project_id: projectId, ...environment })
    .returningAll()
    .executeTakeFirstOrThrow()

export const updateEnvironment = (
  db: Queries,
  { orgId, projectId }: At,
  id: string,
  changes: { name?: string; slug?: string; position?: number },
): Promise<EnvironmentRow> =>
  db
    .updateTable("environments")
    .set({ ...changes, updated_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow()

const endImportsSql = `
  with ended as (
    update secret_imports set ended_at = now()
    where org_id = $1 and project_id = $2 and ended_at is null
      and (environment_id = $3 or source_environment_id = $3)
    returning org_id, project_id, environment_id, folder_id
  )
  ${folderChangeFrom("ended", ["$4", "$5"])}`

/** Deletes an environment, and ends what imports from it or into it. */
export async function deleteEnvironment(
  db: Queries,
  { orgId, projectId, writer }: At & { writer: Writer },
  id: string,
): Promise<void> {
  await run(db, endImportsSql, [orgId, projectId, id, writer.kind, writer.id])
  await db
    .updateTable("environments")
    .set({ deleted_at: sql<Date>`statement_timestamp()` })
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .execute()
}
