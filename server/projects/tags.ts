import { authorOf } from "../access/actor.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { notFound } from "../errors.ts"
import { holdProject } from "./projects.ts"
import * as store from "./tags.store.ts"

export type Tag = store.TagRow

const noSuchTag = (id: string) => notFound(`There is no tag with the ID ${id}`)
const placeOf = (ctx: ProjectContext) => ({ orgId: ctx.actor.orgId, projectId: ctx.project.id })

/** The tags of the project, by slug. */
export const listTags = (ctx: ProjectContext): Promise<Tag[]> => store.tagsOf(ctx.db, placeOf(ctx))

/** A tag of the project; anything else is 404, also what is no id at all. */
export async function getTag(ctx: ProjectContext, tagId: string): Promise<Tag> {
  const id = uuidOrNull(tagId)
  const tag = id && (await store.tagById(ctx.db, placeOf(ctx), id))
  if (!tag) throw noSuchTag(tagId)
  return tag
}

export async function getTagBySlug(ctx: ProjectContext, slug: string): Promise<Tag> {
  const tag = await store.tagBySlug(ctx.db, placeOf(ctx), slug)
  if (!tag) throw notFound(`There is no tag with the slug ${slug}`)
  return tag
}

export async function createTag(
  ctx: ProjectContext,
  { slug, color }: { slug: string; color: string },
): Promise<Tag> {
  await holdProject(ctx)
  const { kind: created_by_kind, id: created_by } = authorOf(ctx.actor)
  const made = { id: newId(), slug, color, created_by_kind, created_by }
  const tag = await store.insertTag(ctx.db, placeOf(ctx), made)
  await record(ctx, "create-tag", eventOf(tag))
  return tag
}

type Changes = { slug?: string | undefined; color?: string | undefined }

/** Changes what is sent and nothing else. Rules that name the tag by its slug are about the new one from then on. */
export async function updateTag(ctx: ProjectContext, tagId: string, changes: Changes): Promise<Tag> {
  const old = await getTag(ctx, tagId)
  const sent = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  if (Object.keys(sent).length === 0) return old
  const tag = await store.updateTag(ctx.db, placeOf(ctx), old.id, sent)
  if (!tag) throw noSuchTag(tagId)
  await record(ctx, "update-tag", { ...eventOf(tag), oldSlug: old.slug })
  return tag
}

/** Deletes a tag: no secret has it any more. */
export async function deleteTag(ctx: ProjectContext, tagId: string): Promise<Tag> {
  const id = uuidOrNull(tagId)
  const tag = id && (await store.deleteTag(ctx.db, placeOf(ctx), id))
  if (!tag) throw noSuchTag(tagId)
  await record(ctx, "delete-tag", eventOf(tag))
  return tag
}

const eventOf = ({ project_id: projectId, id: tagId, slug }: Tag) => ({ projectId, tagId, slug })

/** The tags with these ids; throws 404 when one of them is not there. Asks nothing when there are none. */
export async function requireTags(ctx: ProjectContext, ids: readonly string[]): Promise<Tag[]> {
  if (ids.length === 0) return []
  const uuids = ids.map((id) => {
    const uuid = uuidOrNull(id)?.toLowerCase()
    if (uuid === undefined) throw noSuchTag(id)
    return uuid
  })
  const tags = await store.tagsWithIds(ctx.db, placeOf(ctx), uuids)
  const missing = uuids.find((id) => !tags.some((tag) => tag.id === id))
  if (missing !== undefined) throw noSuchTag(missing)
  return tags
}
