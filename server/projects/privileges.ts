import { authorizeInProject, PermissionBoundaryError } from "../access/access.ts"
import { requireCovers, touched, type Granted } from "../access/boundary.ts"
import type { SubjectFields } from "../access/conditions.ts"
import type { Rule } from "../access/roles.ts"
import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { newId, randomAlphanumerics, uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import { changeInProject, giveInProject } from "../grants/privileges.ts"
import { rulesHeldBy, rulesOfKeys } from "./held.ts"
import * as store from "./privileges.store.ts"
import { holdProject } from "./projects.ts"
import { writtenDown, type Temporary } from "./temporary.ts"

export { vocabulary } from "./rules.ts"
export { rangeMs } from "./temporary.ts"

/*
 * What somebody may do in a project beside their roles, for good or for a time. People and machine identities have
 * them by the same rules; only the subject of the permission and what it is narrowed by differ.
 */

type Kind = store.Kind
/**
 * Whose privilege it is: by account or machine identity, or by the membership in the project. Whatever else the request
 * says of them must be so.
 */
export type HolderReference = {
  kind: Kind
  by: store.HolderKey
  value: string
  also?: { projectId: string | undefined; holderId: string | undefined }
}
export type Privilege = store.PrivilegeRow & { holder_id: string }

const permissions = {
  user: {
    read: ["read", "member"],
    edit: ["edit", "member"],
    give: ["assign-additional-privileges", "member"],
  },
  identity: {
    read: ["read", "identity"],
    edit: ["edit", "identity"],
    give: ["assign-additional-privileges", "identity"],
  },
} as const

const placeOf = ({ actor, project }: ProjectContext): store.Place => ({
  orgId: actor.orgId,
  projectId: project.id,
})
const fieldsOf = (kind: Kind, { known_as }: store.HolderRow): SubjectFields =>
  kind === "user" ? { userEmail: known_as } : { identityId: known_as }

/** By slug, also those whose time is over or yet to come. */
export async function listPrivileges(ctx: ProjectContext, of: HolderReference): Promise<Privilege[]> {
  const holder = await requireHolder(ctx, of)
  authorizeInProject(ctx.project, permissions[of.kind].read, fieldsOf(of.kind, holder))
  const rows = await store.privilegesOf(ctx.db, of.kind, placeOf(ctx), holder.membership_id)
  return rows.map((row) => ({ ...row, holder_id: holder.holder_id }))
}

export async function getPrivilegeBySlug(
  ctx: ProjectContext,
  of: HolderReference,
  slug: string,
): Promise<Privilege> {
  const found = (await listPrivileges(ctx, of)).find((each) => each.slug === slug)
  if (!found) throw notFound(`There is no privilege with the slug ${slug}`)
  return found
}

export async function getPrivilege(ctx: ProjectContext, kind: Kind, id: string): Promise<Privilege> {
  const { privilege, holder } = await find(ctx, kind, id)
  authorizeInProject(ctx.project, permissions[kind].read, fieldsOf(kind, holder))
  return privilege
}

type NewPrivilege = {
  slug?: string | undefined
  permissions: store.StoredRule[]
  temporary: Temporary | null
}

/** Gives somebody who is in the project a privilege; nobody gives what they do not have. */
export async function givePrivilege(
  ctx: ProjectContext,
  of: HolderReference,
  { slug, permissions: rules, temporary }: NewPrivilege,
): Promise<Privilege> {
  const { kind } = of
  const holder = await requireHolder(ctx, of)
  const what = "You may not give a privilege that allows more than you may"
  const granted = await requireGivable(ctx, { kind, holder, what }, rules)
  const time = temporary && writtenDown(temporary)
  await holdProject(ctx)
  const place = placeOf(ctx)
  await store.endStale(ctx.db, kind, place, holder.membership_id)
  const given = {
    id: newId(),
    slug: slug ?? randomAlphanumerics(8).toLowerCase(),
    permissions: rules,
    time,
  }
  await giveInProject(ctx.db, granted, { kind, ...place, membershipId: holder.membership_id }, given)
  const { privilege } = await find(ctx, kind, given.id)
  await recordOf(
    ctx,
    "create",
    { kind, privilege },
    { slug: given.slug, permissions: rules, ...timeOf(temporary) },
  )
  return privilege
}

type PrivilegeChanges = {
  slug?: string | undefined
  permissions?: store.StoredRule[] | undefined
  temporary?: Temporary | null | undefined
}

/** Changes what is sent, from the holder's next request on; nobody changes what allows or forbids beyond their own. */
export async function changePrivilege(
  ctx: ProjectContext,
  kind: Kind,
  id: string,
  { slug, permissions: rules, temporary }: PrivilegeChanges,
): Promise<Privilege> {
  const { privilege, holder } = await lock(ctx, kind, id)
  const what = "You may not change a privilege that goes beyond what you may do"
  const before = touched(privilege.permissions)
  const granted = await requireGivable(ctx, { kind, holder, what }, [...before, ...(rules ?? [])])
  const time = temporary && writtenDown(temporary)
  const key = { kind, orgId: ctx.actor.orgId, id: privilege.id }
  await changeInProject(ctx.db, granted, key, { slug, permissions: rules, time })
  const changed = await find(ctx, kind, privilege.id)
  await recordOf(
    ctx,
    "update",
    { kind, privilege: changed.privilege },
    {
      ...(slug === undefined ? {} : { slug }),
      ...(rules === undefined ? {} : { permissions: rules }),
      ...(temporary === undefined ? {} : timeOf(temporary)),
    },
  )
  return changed.privilege
}

/** Takes a privilege away; nobody takes what goes beyond their own, since what it forbids would be allowed. */
export async function endPrivilege(ctx: ProjectContext, kind: Kind, id: string): Promise<Privilege> {
  const { privilege, holder } = await lock(ctx, kind, id)
  const what = "You may not take away a privilege that goes beyond what you may do"
  await requireGivable(ctx, { kind, holder, what }, touched(privilege.permissions))
  await store.endPrivilege(ctx.db, kind, ctx.actor.orgId, privilege.id)
  await recordOf(ctx, "delete", { kind, privilege }, { slug: privilege.slug })
  return privilege
}

/** The privilege of this holder with this slug, for those who name it so. */
export async function idOfSlug(ctx: ProjectContext, of: HolderReference, slug: string): Promise<string> {
  const holder = await requireHolder(ctx, of)
  const rows = await store.privilegesOf(ctx.db, of.kind, placeOf(ctx), holder.membership_id)
  const found = rows.find((each) => each.slug === slug)
  if (!found) throw notFound(`There is no privilege with the slug ${slug}`)
  return found.id
}

type Giving = { kind: Kind; holder: store.HolderRow; what: string }

/**
 * Throws 403 unless the caller may change this holder, may hand each of these rules to them, and may do themselves all
 * that the rules allow. In the legacy privilege system they must besides hold whatever the holder holds.
 */
async function requireGivable(
  ctx: ProjectContext,
  { kind, holder, what }: Giving,
  rules: readonly Rule[],
): Promise<Granted> {
  const fields = fieldsOf(kind, holder)
  authorizeInProject(ctx.project, permissions[kind].edit, fields)
  if (ctx.actor.usesNewPrivilegeSystem) {
    const [action, subject] = permissions[kind].give
    const isGivable = (object: SubjectFields) => ctx.project.rights.can(permissions[kind].give, object)
    if (!handedOut(rules, fields).every(isGivable)) {
      const message = `${what}: you lack the permission ${action} on ${subject}`
      throw new PermissionBoundaryError(message, [{ action, subject }])
    }
  } else {
    const { orgId, projectId } = placeOf(ctx)
    const place = { orgId, projectId, membershipId: holder.membership_id }
    const keys = (await rulesHeldBy(ctx.db, kind, place)).map(({ key }) => key)
    for (const held of await rulesOfKeys(ctx.db, orgId, keys)) requireCovers(ctx.project, held, what)
  }
  return requireCovers(ctx.project, rules, what)
}

/** What rules about handing out may be narrowed by: each action that the rules name. */
function handedOut(rules: readonly Rule[], fields: SubjectFields): SubjectFields[] {
  const objects = rules.flatMap(({ subject, action }) =>
    [action].flat().map((each) => ({ ...fields, assignableSubject: subject, assignableAction: each })),
  )
  return objects.length > 0 ? objects : [fields]
}

async function requireHolder(
  ctx: ProjectContext,
  { kind, by, value, also }: HolderReference,
): Promise<store.HolderRow> {
  const id = uuidOrNull(value)
  const holder = id && (await store.findHolder(ctx.db, kind, placeOf(ctx), [by, id]))
  if (holder) {
    const isOther = (said: string | undefined, so: string) => said !== undefined && said.toLowerCase() !== so
    if (isOther(also?.projectId, ctx.project.id) || isOther(also?.holderId, holder.holder_id)) {
      throw badRequest("The membership is another one than that of this user in this project")
    }
    return holder
  }
  const who = kind === "user" ? "user" : "machine identity"
  throw notFound(
    by === "projectMembershipId"
      ? `There is no project membership with the ID ${value}`
      : `There is no ${who} with the ID ${value} in the project`,
  )
}

async function find(ctx: ProjectContext, kind: Kind, id: string) {
  const uuid = uuidOrNull(id)
  const row = uuid && (await store.privilegeById(ctx.db, kind, placeOf(ctx), uuid))
  const holder =
    row && (await store.findHolder(ctx.db, kind, placeOf(ctx), ["membershipId", row.membership_id]))
  // Whoever has left the project meanwhile has left their privileges.
  if (!row || !holder) throw notFound(`There is no privilege with the ID ${id}`)
  return { privilege: { ...row, holder_id: holder.holder_id }, holder }
}

async function lock(ctx: ProjectContext, kind: Kind, id: string) {
  const uuid = uuidOrNull(id)
  if (uuid) await store.lockPrivilege(ctx.db, kind, placeOf(ctx), uuid)
  return find(ctx, kind, id)
}

const timeOf = (temporary: Temporary | null) =>
  temporary
    ? {
        isTemporary: true,
        temporaryRange: temporary.range,
        temporaryAccessStartTime: temporary.startsAt.toISOString(),
      }
    : { isTemporary: false }

type Recorded = {
  slug?: string
  permissions?: store.StoredRule[]
  isTemporary?: boolean
  temporaryRange?: string
  temporaryAccessStartTime?: string
}

async function recordOf(
  ctx: ProjectContext,
  deed: "create" | "update" | "delete",
  { kind, privilege }: { kind: Kind; privilege: Privilege },
  content: Recorded,
): Promise<void> {
  const shared = { projectId: ctx.project.id, privilegeId: privilege.id, ...content }
  if (kind === "user") {
    await record(ctx, `${deed}-user-privilege`, { ...shared, userId: privilege.holder_id })
  } else await record(ctx, `${deed}-identity-privilege`, { ...shared, identityId: privilege.holder_id })
}
