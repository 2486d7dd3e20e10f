import type { ProjectContext } from "../context.ts"
import { badRequest } from "../errors.ts"
import { getTagBySlug } from "../projects/tags.ts"
import { absent, authorizeOn, ownerOf, requirePlace, type Kind, type Place } from "./places.ts"
import type { Seen } from "./secrets.ts"
import type { PlaceFacts, TagOfSecret } from "./secrets.store.ts"
import { updateSecret } from "./updates.ts"

/** A secret by its name, and tags of its project. */
type Named = Place & { kind: Kind; secretName: string; tagSlugs: string[] }
type Retag = (old: readonly TagOfSecret[], named: readonly TagOfSecret[]) => TagOfSecret[]

/** A secret has no more tags than it can be given at once. */
export const maxTags = 100

/** Gives a secret tags of its project, beside those that it has; a new version of it. */
export const attachTags = (ctx: ProjectContext, named: Named, facts: PlaceFacts) =>
  retag(ctx, named, facts, (old, tags) => {
    const all = [...new Map([...old, ...tags].map((tag) => [tag.id, tag])).values()]
    if (all.length > maxTags) throw badRequest(`A secret has at most ${maxTags} tags`)
    return all
  })

/** Takes tags of its project from a secret; a new version of it. */
export const detachTags = (ctx: ProjectContext, named: Named, facts: PlaceFacts) =>
  retag(ctx, named, facts, (old, tags) => old.filter(({ id }) => !tags.some((tag) => tag.id === id)))

async function retag(
  ctx: ProjectContext,
  { secretName: secretKey, tagSlugs, ...place }: Named,
  facts: PlaceFacts,
  deed: Retag,
): Promise<Seen & { folderId: string }> {
  const ownerId = ownerOf(ctx, place.kind)
  const judged = (facts.fact_secrets ?? []).find(({ owner_id }) => owner_id === ownerId)
  authorizeOn(ctx, "edit", place, judged ?? absent(secretKey))
  const { folderId } = requirePlace(ctx, place, facts, "UpdateSecret")
  const tags: TagOfSecret[] = []
  for (const slug of new Set(tagSlugs)) tags.push(await getTagBySlug(ctx, slug))
  const changed = await updateSecret(ctx, place, { secretKey, tagsFrom: (old) => deed(old, tags) }, facts)
  return { ...changed, folderId }
}
