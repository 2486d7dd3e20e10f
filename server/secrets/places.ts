import { PermissionDenied } from "../access/access.ts"
import { authorOf } from "../access/actor.ts"
import type { ProjectAction } from "../access/vocabulary.ts"
import type { ProjectContext } from "../context.ts"
import { badRequest, notFound } from "../errors.ts"
import { noSuchEnvironmentSlug } from "../projects/environments.ts"

/** A folder of an environment, as requests name it. */
export type Place = { environment: string; secretPath: string }

/** A folder that is there, and its environment. */
export type FoundPlace = Place & { environmentId: string; folderId: string }

type Read = { fact_environment_id: string | null; fact_folder_id: string | null }

/** The folder of a request; throws 404, by the name that clients know of the attempt, when it is not there. */
export function requirePlace(
  { project }: ProjectContext,
  place: Place,
  facts: Read,
  attempt: string,
): FoundPlace {
  const { fact_environment_id: environmentId, fact_folder_id: folderId } = facts
  if (environmentId === null) throw noSuchEnvironmentSlug(place.environment, project.id, attempt)
  if (folderId === null) {
    const { environment, secretPath } = place
    throw notFound(`There is no folder ${secretPath} in the environment ${environment}`, { name: attempt })
  }
  return { ...place, environmentId, folderId }
}

/** A secret as rights see it, beside where it lies. One that is not there has no tags. */
export type Judged = { key: string; tags: readonly { slug: string }[] }

/** A secret that is not there. */
export const absent = (key: string): Judged => ({ key, tags: [] })

/** Whether the caller may do so with the secret. */
export const mayOn = (
  { project }: ProjectContext,
  action: ProjectAction<"secrets">,
  { environment, secretPath }: Place,
  { key, tags }: Judged,
): boolean =>
  project.rights.can([action, "secrets"], {
    environment,
    secretPath,
    secretName: key,
    secretTags: tags.map(({ slug }) => slug),
  })

/** Throws 403 unless the caller may. */
export function authorizeOn(
  ctx: ProjectContext,
  action: ProjectAction<"secrets">,
  place: Place,
  secret: Judged,
): void {
  if (!mayOn(ctx, action, place, secret)) throw new PermissionDenied(ctx.project, [action, "secrets"])
}

type Placed = { place: Place; secret: Judged }

/** Throws 403 when the caller could read there what they may not read here: no move, name or tag opens a value. */
export function requireNoNewReading(ctx: ProjectContext, from: Placed, to: Placed): void {
  if (mayOn(ctx, "readValue", to.place, to.secret)) authorizeOn(ctx, "readValue", from.place, from.secret)
}

/**
 * Whether the caller may see every secret of a folder. Throws 403 where not, but to a service token: all that lies
 * outside of its places is empty to it, be it there or not, as its clients are used to.
 */
export function maySeeAll({ actor, project }: ProjectContext, { environment, secretPath }: Place): boolean {
  const permission = ["describeSecret", "secrets"] as const
  if (project.rights.can(permission, { environment, secretPath })) return true
  if (actor.kind === "service") return false
  throw new PermissionDenied(project, permission)
}

/** The caller as the owner of personal secrets and the writer of versions. */
export const callerOf = ({ actor }: ProjectContext) => authorOf(actor)

export type Kind = "shared" | "personal"

/** The owner of what is asked for: nobody's are the shared ones; only people have personal secrets. */
export function ownerOf(ctx: ProjectContext, kind: Kind): string | null {
  if (kind === "shared") return null
  const caller = callerOf(ctx)
  if (caller.kind !== "user") throw badRequest("Only people have personal secrets")
  return caller.id
}

export const noSuchSecret = (name: string, { secretPath }: Place) =>
  notFound(`There is no secret ${name} in ${secretPath}`)
