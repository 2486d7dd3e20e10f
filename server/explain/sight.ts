import { authorize } from "../access/access.ts"
import type { Rights } from "../access/can.ts"
import { noSuchProject } from "../access/project.ts"
import type { OrganizationPermission } from "../access/vocabulary.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import type { Sight } from "./chain.ts"
import * as store from "./explain.store.ts"
import { fieldsOf, standingOf, type HolderKind, type Standing } from "./standing.ts"

/*
 * Who may ask about whom, and what of it they see. Everybody may ask about themselves; about others whoever may read
 * them in the organization, or in the project.
 */

/** Somebody who is asked about: an account, or a machine identity. */
export type Subject = { kind: HolderKind; id: string }

/** Whoever asks, with what they may do now. */
export type Viewer = { self: Subject; organization: Rights; project: Rights | undefined }

const readOf = { user: ["read", "member"], identity: ["read", "identity"] } as const satisfies Record<
  HolderKind,
  OrganizationPermission
>

/** Throws 404 for a project that is not the organization's. */
export async function viewerOf(ctx: Context, projectId: string | undefined): Promise<Viewer> {
  const { actor } = ctx
  if (actor.kind === "service") throw badRequest("A service token stands for nobody")
  const self: Subject =
    actor.kind === "user" ? { kind: "user", id: actor.userId } : { kind: "identity", id: actor.identityId }
  if (projectId === undefined) return { self, organization: actor.rights, project: undefined }
  const id = uuidOrNull(projectId)
  if (id === null || !(await store.hasProject(ctx.db, actor.orgId, id)))
    throw noSuchProject({ id: projectId })
  const own = await standingOf(ctx.db, self, { orgId: actor.orgId, projectId: id })
  return { self, organization: actor.rights, project: own?.rights }
}

const isSelf = ({ self }: Viewer, { kind, id }: Subject): boolean =>
  self.kind === kind && self.id === id.toLowerCase()

/** Throws 403 unless the caller may ask about somebody of this kind. */
export function requireMayAsk(ctx: Context, viewer: Viewer, about: Subject): void {
  const permission = readOf[about.kind]
  if (isSelf(viewer, about) || viewer.project?.can(permission)) return
  authorize(ctx.actor, permission)
}

/** Somebody whom the caller may ask about; whoever they may not, or who never was there, is 404. */
export async function requireStanding(
  ctx: Context,
  viewer: Viewer,
  about: Subject,
  { projectId, at }: { projectId?: string | undefined; at?: Date | undefined },
): Promise<Standing> {
  const id = uuidOrNull(about.id)
  const place = { orgId: ctx.actor.orgId, ...(projectId ? { projectId } : {}), ...(at ? { at } : {}) }
  const standing = id === null ? undefined : await standingOf(ctx.db, { kind: about.kind, id }, place)
  if (standing && (isSelf(viewer, about) || maySee(viewer, standing))) return standing
  const what = about.kind === "user" ? "member" : "machine identity"
  throw notFound(`There is no ${what} with the ID ${about.id}`)
}

/** In a project only those are seen who are in it, and whom no rule of the caller leaves out. */
const maySee = (viewer: Viewer, { kind, holder, hindrance }: Standing): boolean =>
  viewer.organization.can(readOf[kind]) || (hindrance === undefined && maySeeInProject(viewer, kind, holder))

const maySeeInProject = (
  { project }: Viewer,
  kind: HolderKind,
  holder: { id: string; name: string },
): boolean => project?.can(readOf[kind], fieldsOf(kind, holder)) ?? false

/**
 * Of whom the caller may have a list, of those that they ask for. Throws 403 where that is nobody.
 */
export function requireMayList(ctx: Context, viewer: Viewer, asked: readonly HolderKind[]): HolderKind[] {
  const listed = asked.filter((kind) =>
    [viewer.organization, viewer.project].some((rights) => rights?.can(readOf[kind])),
  )
  const [first] = asked
  if (listed.length === 0 && first) authorize(ctx.actor, readOf[first])
  return listed
}

/** Whether somebody who has rights there is shown in such a list. */
export const isListed = (viewer: Viewer, kind: HolderKind, holder: { id: string; name: string }): boolean =>
  viewer.organization.can(readOf[kind]) ||
  isSelf(viewer, { kind, id: holder.id }) ||
  maySeeInProject(viewer, kind, holder)

/** What the caller sees of a way. */
export function sightOf(viewer: Viewer, { kind, id }: Subject): Sight {
  const { organization, project } = viewer
  const isOwn = isSelf(viewer, { kind, id })
  return {
    groups: (groupName) =>
      organization.can(["read", "groups"]) || (project?.can(["read", "groups"], { groupName }) ?? false),
    roles: project ? project.can(["read", "role"]) : organization.can(["read", "role"]),
    privileges: isOwn || (project?.can(readOf[kind]) ?? false),
  }
}
