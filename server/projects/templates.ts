import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { notFound } from "../errors.ts"
import * as store from "./templates.store.ts"

export { vocabulary } from "./rules.ts"

/*
 * What projects of an organization may begin with: environments, and roles. Whoever makes a project becomes its admin and
 * may make any role in it, so that a role of a template gives nobody anything until somebody in the project gives it.
 */

export type Template = store.TemplateRow

const defaultEnvironments: store.TemplateEnvironment[] = [
  { name: "Development", slug: "dev", position: 1 },
  { name: "Staging", slug: "staging", position: 2 },
  { name: "Production", slug: "prod", position: 3 },
]

/** What a project begins with. */
export type Beginning = Pick<store.TemplateContent, "roles" | "environments"> & {
  /** What it is made for; undefined where any will do. */ type: string | undefined
}

/** What a template gives a project to begin with; `default` is there without being made. Throws 404 for an unknown one. */
export async function beginningOf(ctx: Context, name: string): Promise<Beginning> {
  if (name === "default") return { type: undefined, roles: [], environments: defaultEnvironments }
  const template = await store.templateByName(ctx.db, ctx.actor.orgId, name)
  if (!template) throw notFound(`There is no project template ${name}`)
  return template
}

/** The templates of the organization by name, all or those for one type of project. */
export const listTemplates = (ctx: Context, { type }: { type?: string | undefined }): Promise<Template[]> =>
  store.templatesInOrg(ctx.db, ctx.actor.orgId, type)

export async function getTemplate(ctx: Context, templateId: string): Promise<Template> {
  const id = uuidOrNull(templateId)
  const template = id && (await store.templateById(ctx.db, ctx.actor.orgId, id))
  if (!template) throw noSuchTemplate(templateId)
  return template
}

type Optional<T> = { [K in keyof T]?: T[K] | undefined }
type NewTemplate = Optional<store.TemplateContent> & Pick<store.TemplateContent, "name" | "type" | "roles">

/** Makes a template; without environments it has those that every project has by default. */
export async function createTemplate(
  ctx: Context,
  { description, environments = defaultEnvironments, ...input }: NewTemplate,
): Promise<Template> {
  const content = { ...input, description: description || null, environments }
  const key = { id: newId(), orgId: ctx.actor.orgId }
  const template = await store.insertTemplate(ctx.db, key, content)
  await record(ctx, "create-project-template", { templateId: template.id, ...content })
  return template
}

/** Changes what is sent, for projects that are made from then on. */
export async function updateTemplate(
  ctx: Context,
  templateId: string,
  { description, ...changes }: Optional<store.TemplateContent>,
): Promise<Template> {
  const template = await lockTemplate(ctx, templateId)
  const columns = { ...changes, description: description === "" ? null : description }
  const sent = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
  if (Object.keys(sent).length === 0) return template
  const changed = await store.updateTemplate(ctx.db, { id: template.id, orgId: ctx.actor.orgId }, sent)
  await record(ctx, "update-project-template", { templateId: template.id, ...sent })
  return changed
}

/** Deletes a template; projects that were made of it stay as they are. */
export async function deleteTemplate(ctx: Context, templateId: string): Promise<Template> {
  const template = await lockTemplate(ctx, templateId)
  await store.deleteTemplate(ctx.db, ctx.actor.orgId, template.id)
  await record(ctx, "delete-project-template", { templateId: template.id, name: template.name })
  return template
}

async function lockTemplate(ctx: Context, templateId: string): Promise<Template> {
  const id = uuidOrNull(templateId)
  const template = id && (await store.lockTemplate(ctx.db, ctx.actor.orgId, id))
  if (!template) throw noSuchTemplate(templateId)
  return template
}

const noSuchTemplate = (templateId: string) =>
  notFound(`There is no project template with the ID ${templateId}`)
