import { DomainError, forbidden, notFound } from "../errors.ts"
import type { OrganizationActor, SignedInActor } from "./actor.ts"
import type { Rights } from "./can.ts"
import type { SubjectFields } from "./conditions.ts"
import type { Missing } from "./covers.ts"
import type { OrganizationPermission, Permission, ProjectPermission } from "./vocabulary.ts"

/**
 * What an endpoint demands of its caller: nothing (`"public"`), a good token with or without an organization
 * (`"signedIn"`), the same of somebody who administers the instance (`"instanceAdmin"`), one with an organization
 * and whatever right in it (`"inOrganization"`), a permission in the token's organization (or another one in its
 * place, or one in the project that the request names, by who is in it), or one in a project of it, or to be in that
 * project at all (`"membership"`).
 */
export type Access =
  | "public"
  | "signedIn"
  | "instanceAdmin"
  | "inOrganization"
  | { organization: OrganizationPermission; or?: OrganizationPermission; orInProject?: ProjectPermission }
  | { project: ProjectPermission | "membership" }

/** Whether the caller must have selected an organization. */
export const needsOrganization = (access: Access): boolean =>
  typeof access === "object" || access === "inOrganization"

/** Which kinds of callers an endpoint takes. */
export type CallerKind = "user" | "machine" | "service"

/** A permission the caller lacks; written to the audit log before the answer leaves. */
export type Denial = {
  action: string
  subject: string
  /** In which project it was, where that is not the one that the request is about. */ projectId?: string
}

/** Who has rights somewhere: the caller in the organization, or the caller in a project. */
export type Holder = { rights: Rights }

/** Refused because no rule of the caller allows the action: 403 `PermissionDenied`. */
export class PermissionDenied extends DomainError {
  readonly denial: Denial

  constructor({ rights }: Holder, permission: Permission) {
    const [action, subject] = permission
    super("PermissionDenied", `You are not allowed to ${action} on ${subject}`, {
      details: rights.rulesFor(permission),
    })
    this.denial = { action, subject }
  }
}

/** Refused because the caller would hand out more than it may: 403 `PermissionBoundaryError`. */
export class PermissionBoundaryError extends DomainError {
  readonly denial: Denial

  constructor(message: string, missingPermissions: readonly Missing[]) {
    super("PermissionBoundary", message, { details: { missingPermissions } })
    const [{ action, subject } = { action: "", subject: "" }] = missingPermissions
    this.denial = { action, subject }
  }
}

/** Throws `PermissionDenied` unless the caller holds the permission in the organization. */
export function authorize(actor: OrganizationActor, permission: OrganizationPermission): void {
  if (!actor.rights.can(permission)) throw new PermissionDenied(actor, permission)
}

/** The same in a project; with an object, of exactly that. */
export function authorizeInProject(
  project: Holder,
  permission: ProjectPermission,
  object?: SubjectFields,
): void {
  if (!project.rights.can(permission, object)) throw new PermissionDenied(project, permission)
}

/** Throws 403 unless the caller administers the instance, which is no permission of any organization. */
export function requireInstanceAdmin(actor: SignedInActor): void {
  if (!actor.isInstanceAdmin) throw forbidden("Only those who administer the instance may do this")
}

/** Throws 404 unless the id is that of the organization the caller's token was made for. */
export function requireOwnOrganization(
  { actor }: { actor: OrganizationActor },
  organizationId: string,
): void {
  if (organizationId.toLowerCase() !== actor.orgId) {
    throw notFound(`There is no organization with the ID ${organizationId}`)
  }
}
