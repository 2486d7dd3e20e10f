import { sql, type Selectable } from "kysely"
import type { Queries } from "../db/database.ts"
import type { SecretTags } from "../db/schema.ts"

export type TagRow = Selectable<SecretTags>
type At = { orgId: string; projectId: string }

const tags = (db: Queries, { orgId, projectId }: At) =>
  db
    .selectFrom("secret_tags")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)

/** The tags of a project, by slug. */
export const tagsOf = (db: Queries, at: At): Promise<TagRow[]> => tags(db, at).orderBy("slug").execute()

export const tagById = (db: Queries, at: At, id: string): Promise<TagRow | undefined> =>
  tags(db, at).where("id", "=", id).executeTakeFirst()

export const tagBySlug = (db: Queries, at: At, slug: string): Promise<TagRow | undefined> =>
  tags(db, at).where("slug", "=", slug).executeTakeFirst()

/** Those of the tags with these ids that are there, by slug. */
export const tagsWithIds = (db: Queries, at: At, ids: string[]): Promise<TagRow[]> =>
  tags(db, at)
    .where((row) => row("id", "=", row.fn.any(sql<string[]>`${ids}::uuid[]`)))
    .orderBy("slug")
    .execute()

type NewTag = Pick<TagRow, "id" | "slug" | "color" | "created_by" | "created_by_kind">

export const insertTag = (db: Queries, { orgId, projectId }: At, tag: NewTag): Promise<TagRow> =>
  db
    .insertInto("secret_tags")
    .values({ org_id: orgId, project_id: projectId, ...tag })
    .returningAll()
    .executeTakeFirstOrThrow()

/** Changes a tag that is there; undefined when it is not. */
export const updateTag = (
  db: Queries,
  { orgId, projectId }: At,
  id: string,
  changes: { slug?: string; color?: string; deleted_at?: ReturnType<typeof now> },
): Promise<TagRow | undefined> =>
  db
    .updateTable("secret_tags")
    .set({ ...changes, updated_at: now() })
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .returningAll()
    .executeTakeFirst()

/** Ends a tag; its slug is free. */
export const deleteTag = (db: Queries, at: At, id: string): Promise<TagRow | undefined> =>
  updateTag(db, at, id, { deleted_at: now() })

const now = () => sql<Date>`statement_timestamp()`
