import { ungoverned } from "../access/boundary.ts"
import { PermissionDenied } from "../access/access.ts"
import { builtInProjectRoleNames, builtInProjectRoles, builtInProjectRules } from "../access/project-roles.ts"
import { noSuchProject } from "../access/project.ts"
import type { Rule } from "../access/roles.ts"
import { auditRow, record, sourceOf } from "../audit/audit.ts"
import type { Context, ProjectContext } from "../context.ts"
import { newId, randomAlphanumerics } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { destroyProjectKeys } from "../encryption/keyring.ts"
import { badRequest, forbidden, notFound } from "../errors.ts"
import { foundProject, type NewProject as NewFoundedProject } from "../grants/project-grants.ts"
import { sortKey } from "../names.ts"
import * as places from "./places.store.ts"
import * as store from "./projects.store.ts"
import { beginningOf } from "./templates.ts"

export { requireOwnOrganization } from "../access/access.ts"

/** A project with its environments in their order. */
export type Project = store.ProjectRow & { environments: store.Environment[] }

type NewProject = {
  name: string
  description: string | null | undefined
  slug?: string | undefined
  type?: string | undefined
  template: string
  kmsKeyId?: string | null | undefined
  shouldCreateDefaultEnvs: boolean
  hasDeleteProtection: boolean
}

/** Makes a project whose admin is the caller, and which begins with what its template has. */
export async function createProject(ctx: Context, input: NewProject): Promise<Project> {
  if (input.kmsKeyId) throw notFound(`There is no KMS key with the ID ${input.kmsKeyId}`)
  const { slug, template } = input
  const beginning = await beginningOf(ctx, template)
  const type = input.type ?? beginning.type ?? "secret-manager"
  if (beginning.type !== undefined && beginning.type !== type) {
    throw badRequest(`The template ${template} is for projects of the type ${beginning.type}`)
  }
  const hasEnvironments = template !== "default" || input.shouldCreateDefaultEnvs
  const environments = withIds(hasEnvironments ? beginning.environments : [])
  const roles = withIds(beginning.roles)
  // Generated slugs end in random letters: one that is taken is drawn anew.
  const tries = slug === undefined ? 5 : 1
  for (let attempt = 1; attempt <= tries; attempt++) {
    const named = { ...input, type, slug: slug ?? generatedSlug(input.name) }
    const made = await insertProject(ctx, named, { environments, roles })
    if (made)
      return { ...made, environments: environments.toSorted((one, next) => one.position - next.position) }
  }
  throw slugIsTaken()
}

const withIds = <T extends object>(items: readonly T[]): (T & { id: string })[] =>
  items.map((item) => ({ ...item, id: newId() }))

async function insertProject(
  ctx: Context,
  {
    name,
    description,
    slug,
    type,
    template,
    hasDeleteProtection,
  }: NewProject & { slug: string; type: string },
  beginning: Pick<NewFoundedProject, "environments" | "roles">,
): Promise<store.ProjectRow | undefined> {
  const id = newId()
  const { orgId, membershipId } = ctx.actor
  const project = {
    org_id: orgId,
    id,
    name,
    sort_key: sortKey(name) ?? "",
    slug,
    description: description || null,
    type,
    has_delete_protection: hasDeleteProtection,
    ...beginning,
  }
  const made = { projectId: id, name, slug, type, ...(template === "default" ? {} : { template }) }
  const event = auditRow(sourceOf(ctx), "create-project", made)
  const granted = ungoverned("whoever makes a project is its admin")
  return foundProject(
    ctx.db,
    granted,
    { ...project, founder: { kind: kindOf(ctx.actor), membershipId } },
    event,
  )
}

/** The name in kebab case and four random letters, for who gives no slug. */
function generatedSlug(name: string): string {
  const words = (sortKey(name) ?? "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "")
  const tail = randomAlphanumerics(4).toLowerCase()
  return words === "" ? `project-${tail}` : `${words.slice(0, 31).replace(/-+$/, "")}-${tail}`
}

/** The projects that the caller is in, by themselves or by a group; by name, then id. */
export async function listProjects(
  ctx: Context,
  { type }: { type?: string | undefined },
): Promise<Project[]> {
  const { orgId, membershipId } = ctx.actor
  return store.projectsOfMember(ctx.db, { orgId, kind: kindOf(ctx.actor), membershipId, type })
}

/** A role that may be given to somebody in a project: built in, or the project's own. */
export type ListedRole = Omit<store.ProjectRole, "permissions"> & { permissions: readonly Rule[] }

/** The same with the roles of each; for those who may put people into the organization. */
export async function listProjectsWithRoles(
  ctx: Context,
  query: { type?: string | undefined },
): Promise<(Project & { roles: ListedRole[] })[]> {
  if (!ctx.actor.rights.can(["create", "member"])) throw new PermissionDenied(ctx.actor, ["create", "member"])
  const projects = await listProjects(ctx, query)
  const ids = projects.map(({ id }) => id)
  const custom = Map.groupBy(await store.rolesOf(ctx.db, ctx.actor.orgId, ids), (role) => role.project_id)
  return projects.map((project) => ({
    ...project,
    roles: [...builtInRolesOf(project.id), ...(custom.get(project.id) ?? [])],
  }))
}

// Clients want times; a built-in role is older than any project.
const always = new Date(0)

/** The built-in roles as a project lists them. */
export const builtInRolesOf = (projectId: string): ListedRole[] =>
  builtInProjectRoles.map((slug) => ({
    ...builtInProjectRoleNames[slug],
    slug,
    project_id: projectId,
    permissions: builtInProjectRules[slug],
    created_at: always,
    updated_at: always,
  }))

export async function getProject(ctx: ProjectContext): Promise<Project> {
  const row = await store.projectById(ctx.db, ctx.actor.orgId, ctx.project.id)
  if (!row) throw noSuchProject({ id: ctx.project.id })
  return withEnvironments(ctx, row)
}

export type ProjectChanges = {
  name?: string | undefined
  slug?: string | undefined
  description?: string | null | undefined
  autoCapitalization?: boolean | undefined
  hasDeleteProtection?: boolean | undefined
  pitVersionLimit?: number | undefined
  secretSharing?: boolean | undefined
  showSnapshotsLegacy?: boolean | undefined
  secretDetectionIgnoreValues?: string[] | undefined
  auditLogsRetentionDays?: number | undefined
}

/** Changes what is sent and nothing else. */
export async function updateProject(ctx: ProjectContext, changes: ProjectChanges): Promise<Project> {
  const project = await lockProject(ctx)
  const { name, description } = changes
  const columns = {
    name,
    sort_key: name === undefined ? undefined : (sortKey(name) ?? ""),
    slug: changes.slug,
    description: description === "" ? null : description,
    auto_capitalization: changes.autoCapitalization,
    has_delete_protection: changes.hasDeleteProtection,
    pit_version_limit: changes.pitVersionLimit,
    secret_sharing: changes.secretSharing,
    shows_legacy_snapshots: changes.showSnapshotsLegacy,
    secret_detection_ignore_values: changes.secretDetectionIgnoreValues,
    audit_logs_retention_days: changes.auditLogsRetentionDays,
  }
  const sent = sentOf(changes)
  if (Object.keys(sent).length === 0) return withEnvironments(ctx, project)
  const key = { orgId: ctx.actor.orgId, id: project.id }
  const changed = await store.updateProject(ctx.db, key, sentOf(columns))
  await record(ctx, "update-project", { projectId: project.id, ...sent })
  return withEnvironments(ctx, changed)
}

type Sent<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
const sentOf = <T extends object>(fields: T): Sent<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Sent<T>

/** Deletes a project: whatever anybody had in it is gone with their next request. Throws 403 while it is protected. */
export async function deleteProject(ctx: ProjectContext): Promise<Project> {
  const project = await lockProject(ctx)
  if (project.has_delete_protection) {
    throw forbidden("The project is protected: take the protection away before you delete it")
  }
  const shown = await withEnvironments(ctx, project)
  await end(ctx.db, ctx.actor.orgId, project.id)
  // What was sealed in it can never be read again, not even out of a backup of its rows.
  const sealed = { orgId: ctx.actor.orgId, projectId: project.id }
  await destroyProjectKeys(ctx.db, sealed)
  ctx.request.afterCommit(async () => {
    ctx.services.keyring.forget(sealed)
    ctx.services.keptAnswers.clear()
  })
  await record(ctx, "delete-project", { projectId: project.id, name: project.name, slug: project.slug })
  return shown
}

/** Ends every project of an organization, when the organization ends. */
export const endProjects = (db: Queries, orgId: string): Promise<void> => end(db, orgId)

async function end(db: Queries, orgId: string, projectId?: string): Promise<void> {
  const whose = projectId === undefined ? { orgId } : { orgId, projectId }
  for (const kind of ["user", "identity", "group"] as const) await places.endPlaces(db, kind, whose)
  await store.markDeleted(db, orgId, projectId)
}

/** Holds the project of the request against its deletion until the transaction ends; 404 when it is gone. */
export async function holdProject(ctx: ProjectContext): Promise<void> {
  if (await store.holdProject(ctx.db, ctx.actor.orgId, ctx.project.id)) return
  throw noSuchProject({ id: ctx.project.id })
}

/** Locks the project of the request against every change until the transaction ends; 404 when it is gone. */
export async function lockProject(ctx: ProjectContext): Promise<store.ProjectRow> {
  const project = await store.lockProject(ctx.db, ctx.actor.orgId, ctx.project.id)
  if (!project) throw noSuchProject({ id: ctx.project.id })
  return project
}

/** The same, whole. */
export const lockedProject = async (ctx: ProjectContext): Promise<Project> =>
  withEnvironments(ctx, await lockProject(ctx))

async function withEnvironments(ctx: Context, row: store.ProjectRow): Promise<Project> {
  const environments = await store.environmentsOf(ctx.db, row.org_id, row.id)
  return { ...row, environments }
}

const kindOf = ({ kind }: Context["actor"]): "user" | "identity" => (kind === "user" ? "user" : "identity")
const slugIsTaken = () => badRequest("Another project of the organization already has this slug")
