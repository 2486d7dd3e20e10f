import { authorOf } from "../access/actor.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { notFound } from "../errors.ts"
import * as store from "./environments.store.ts"
import { lockProject } from "./projects.ts"

export type Environment = store.EnvironmentRow

const noSuchEnvironment = (id: string) => notFound(`There is no environment with the ID ${id}`)
/** In words that the command line client shows as they are; `name` is what clients know the attempt by. */
export const noSuchEnvironmentSlug = (slug: string, projectId: string, name = "NotFound") =>
  notFound(`Environment with slug '${slug}' in project with ID ${projectId} not found`, { name })
const placeOf = (ctx: ProjectContext) => ({ orgId: ctx.actor.orgId, projectId: ctx.project.id })

/** An environment of the project; anything else is 404, also what is no id at all. */
export async function getEnvironment(ctx: ProjectContext, environmentId: string): Promise<Environment> {
  const id = uuidOrNull(environmentId)
  const environment = id && (await store.environmentById(ctx.db, placeOf(ctx), id))
  if (!environment) throw noSuchEnvironment(environmentId)
  return environment
}

export async function getEnvironmentBySlug(ctx: ProjectContext, slug: string): Promise<Environment> {
  const environment = await store.environmentBySlug(ctx.db, placeOf(ctx), slug)
  if (!environment) throw noSuchEnvironmentSlug(slug, ctx.project.id)
  return environment
}

/** Makes an environment: behind the others, or at a place where the others make room. */
export async function createEnvironment(
  ctx: ProjectContext,
  { name, slug, position: wanted }: { name: string; slug: string; position?: number | undefined },
): Promise<Environment> {
  // Places are given one after the other.
  await lockProject(ctx)
  const at = placeOf(ctx)
  const position = wanted ?? (await store.nextPosition(ctx.db, at))
  await store.makeRoom(ctx.db, at, { from: position, to: last, by: 1, wanted: position })
  const environment = await store.insertEnvironment(ctx.db, at, { id: newId(), name, slug, position })
  await record(ctx, "create-environment", eventOf(environment))
  return environment
}

const last = 2_000_000_000

type Changes = { name?: string | undefined; slug?: string | undefined; position?: number | undefined }

/** Changes what is sent and nothing else; whoever stands in the way of a move goes one on. */
export async function updateEnvironment(
  ctx: ProjectContext,
  environmentId: string,
  changes: Changes,
): Promise<Environment> {
  await lockProject(ctx)
  const old = await getEnvironment(ctx, environmentId)
  const sent = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  if (Object.keys(sent).length === 0) return old
  const { position } = changes
  if (position !== undefined && position !== old.position) await move(ctx, old.position, position)
  const environment = await store.updateEnvironment(ctx.db, placeOf(ctx), old.id, sent)
  const before = { oldName: old.name, oldSlug: old.slug, oldPosition: old.position }
  await record(ctx, "update-environment", { ...eventOf(environment), ...before })
  return environment
}

const move = (ctx: ProjectContext, from: number, to: number): Promise<void> =>
  store.makeRoom(
    ctx.db,
    placeOf(ctx),
    to > from ? { from: from + 1, to, by: -1, wanted: to } : { from: to, to: from - 1, by: 1, wanted: to },
  )

/** Deletes an environment; its slug is free. */
export async function deleteEnvironment(ctx: ProjectContext, environmentId: string): Promise<Environment> {
  await lockProject(ctx)
  const environment = await getEnvironment(ctx, environmentId)
  await store.deleteEnvironment(ctx.db, { ...placeOf(ctx), writer: authorOf(ctx.actor) }, environment.id)
  await record(ctx, "delete-environment", eventOf(environment))
  return environment
}

const eventOf = ({ project_id, id, name, slug, position }: Environment) => ({
  projectId: project_id,
  environmentId: id,
  name,
  slug,
  position,
})
