import { authorize } from "../access/access.ts"
import type { Rights } from "../access/can.ts"
import type { SubjectFields } from "../access/conditions.ts"
import { noSuchProject } from "../access/project.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import { requireMayAsk, viewerOf, type Viewer } from "../explain/sight.ts"
import { namedOf } from "../explain/standing.ts"
import { noSuchGroup } from "../groups/groups.ts"
import { projectRights } from "../projects/held.ts"
import * as store from "./past.store.ts"

/*
 * Who may ask about whose past, and what of it they see. People and machine identities: as when it is asked why they may
 * do something. Groups: whoever may read groups. Projects: whoever may read who is in them, there or in the organization.
 */

/** Whom or what it is asked about. */
export type Subject = { kind: store.SubjectKind; id: string }

/** A subject that the caller may ask about. */
export type Known = {
  kind: store.SubjectKind
  id: string
  name: string | null
  /** The clock of the database. */ now: Date
  viewer: Viewer
  isSelf: boolean
  /** Which of those who are in a project the caller may see at all; elsewhere everybody. */
  holderKinds: readonly store.HolderKind[]
  /** Of a person or a machine identity. */ place?: store.HolderRow
  /** Of a group or a project. */ thing?: store.ThingRow
}

const readOf = {
  user: ["read", "member"],
  identity: ["read", "identity"],
  group: ["read", "groups"],
} as const satisfies Record<store.HolderKind, readonly [string, string]>

const allKinds = ["user", "identity", "group"] as const

/** Throws 403 for who may not ask, and 404 for what the organization does not have and never had. */
export const requireSubject = (ctx: Context, { kind, id }: Subject, at: Date | undefined): Promise<Known> => {
  if (kind === "group") return requireGroup(ctx, id)
  return kind === "project" ? requireProject(ctx, id) : requireHolder(ctx, { kind, id }, at)
}

async function requireHolder(
  ctx: Context,
  about: { kind: "user" | "identity"; id: string },
  at: Date | undefined,
): Promise<Known> {
  const viewer = await viewerOf(ctx, undefined)
  requireMayAsk(ctx, viewer, about)
  const id = uuidOrNull(about.id)?.toLowerCase()
  const { orgId } = ctx.actor
  const place = id && (await store.holderAt(ctx.db, { kind: about.kind, orgId, id, ...(at ? { at } : {}) }))
  if (!place) {
    const what = about.kind === "user" ? "member" : "machine identity"
    throw notFound(`There is no ${what} with the ID ${about.id}`)
  }
  const isSelf = viewer.self.kind === about.kind && viewer.self.id === id
  const { now, name } = place
  return { kind: about.kind, id, name, now, viewer, isSelf, holderKinds: allKinds, place }
}

async function requireGroup(ctx: Context, groupId: string): Promise<Known> {
  const viewer = await viewerOf(ctx, undefined)
  authorize(ctx.actor, readOf.group)
  const id = uuidOrNull(groupId)?.toLowerCase()
  const thing = id && (await store.thing(ctx.db, { kind: "group", orgId: ctx.actor.orgId, id }))
  if (!thing) throw noSuchGroup(groupId)
  const { now, name } = thing
  return { kind: "group", id, name, now, viewer, isSelf: false, holderKinds: allKinds, thing }
}

async function requireProject(ctx: Context, projectId: string): Promise<Known> {
  const inOrganization = await viewerOf(ctx, undefined)
  const id = uuidOrNull(projectId)?.toLowerCase()
  const thing = id && (await store.thing(ctx.db, { kind: "project", orgId: ctx.actor.orgId, id }))
  if (!thing) throw noSuchProject({ id: projectId })
  // Nobody is in a project that is deleted.
  const viewer = thing.deleted_at ? inOrganization : await viewerOf(ctx, id)
  const holderKinds = allKinds.filter(
    (kind) => viewer.organization.can(readOf[kind]) || viewer.project?.can(readOf[kind]),
  )
  if (holderKinds.length === 0) authorize(ctx.actor, readOf.user)
  const name = viewer.project ? thing.name : null
  return { kind: "project", id, name, now: thing.now, viewer, isSelf: false, holderKinds, thing }
}

/** Whether everybody of the kinds that may be seen is seen, so that nothing has to be left out. */
export const seesAll = ({ kind, viewer, holderKinds }: Known): boolean =>
  kind !== "project" || holderKinds.every((each) => viewer.organization.can(readOf[each]))

/** Whether the caller sees who has this: in a project no rule of theirs must leave them out. */
export function maySee({ kind, viewer }: Known, row: store.HoldingRow): boolean {
  const permission = readOf[row.holder_kind]
  if (kind !== "project" || viewer.organization.can(permission)) return true
  return viewer.project?.can(permission, fieldsOf(row)) ?? false
}

const fieldsOf = ({ holder_kind, holder_id, holder_name }: store.HoldingRow): SubjectFields => {
  if (holder_kind === "user") return { userEmail: holder_name }
  return holder_kind === "group" ? { groupName: holder_name } : { identityId: holder_id }
}

/** Which names the caller sees. */
export type Sight = {
  place(row: store.HoldingRow): boolean
  group(row: store.HoldingRow): boolean
  role(row: store.HoldingRow): boolean
  privilege(row: store.HoldingRow): boolean
}

const readsGroupIn = (rights: Rights | undefined, { group_name }: store.HoldingRow): boolean =>
  rights?.can(readOf.group, { groupName: group_name }) ?? false

/** Looks up, once for all rows, what the caller may do in the projects that they name. */
export async function sightOf(ctx: Context, known: Known, rows: readonly store.HoldingRow[]): Promise<Sight> {
  const ids = rows.flatMap(({ place_kind, place_id }) => (place_kind === "project" ? [place_id] : []))
  const projects = await rightsInProjects(ctx, known.viewer, [...new Set(ids)])
  const { organization } = known.viewer
  const rightsAt = ({ place_kind, place_id }: store.HoldingRow): Rights | undefined =>
    place_kind === "project" ? projects.get(place_id) : organization
  const readsGroups = organization.can(readOf.group)
  return {
    place: (row) => (row.place_kind === "group" ? readsGroups : rightsAt(row) !== undefined),
    group: (row) => readsGroups || (row.place_kind === "project" && readsGroupIn(rightsAt(row), row)),
    role: (row) => rightsAt(row)?.can(["read", "role"]) ?? false,
    privilege: (row) => known.isSelf || (rightsAt(row)?.can(readOf[row.holder_kind]) ?? false),
  }
}

/** What the caller may do now in those of the projects that they are in. */
async function rightsInProjects(
  { db, actor }: Context,
  { self }: Viewer,
  projectIds: readonly string[],
): Promise<Map<string, Rights>> {
  if (actor.kind === "service") throw badRequest("A service token stands for nobody")
  const { orgId, membershipId } = actor
  const held = await store.projectsHeld(db, self.kind, { orgId, membershipId }, projectIds)
  const own = held.length > 0 ? await store.holderAt(db, { orgId, ...self }) : undefined
  if (!own) return new Map()
  const named = namedOf(own)
  const rights = new Map<string, Rights>()
  for (const { project_id, keys } of held)
    rights.set(project_id, await projectRights(db, { orgId, named }, keys))
  return rights
}
