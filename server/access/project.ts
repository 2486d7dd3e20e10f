import { badRequest, forbidden, notFound } from "../errors.ts"
import type { SignedInActor } from "./actor.ts"
import type { Rights } from "./can.ts"

/** How a request names the project that it is about; `ofToken`: not at all, so that it is that of a service token. */
export type ProjectReference = { [Key in ProjectKey]: Record<Key, string> }[ProjectKey]
export type ProjectKey =
  | "id"
  | "slug"
  | "environmentId"
  | "identityMembershipId"
  | "userMembershipId"
  | "roleId"
  | "identityPrivilegeId"
  | "userPrivilegeId"
  | "folderId"
  | "secretId"
  | "importId"
  | "serviceTokenId"
  | "ofToken"
  | "snapshotId"

/** The one key of a reference, and its value. */
export function keyOf(reference: ProjectReference): [key: ProjectKey, value: string] {
  const [entry] = Object.entries(reference) as [ProjectKey, string][]
  if (!entry) throw new Error("A reference names a project")
  return entry
}

/** A project of the caller's organization that the caller is in, with the caller's rights in it now. */
export type Project = {
  id: string
  name: string
  slug: string
  type: string
  rights: Rights
  /** The rules that give the rights: built-in roles by slug, others by id and content; a service token has none. */
  ruleKeys: readonly string[]
}

/** The same, whether or not the caller is in it. */
export type FoundProject = Project & { isMember: boolean }

const words: Record<Exclude<ProjectKey, "ofToken">, string> = {
  id: "There is no project with the ID",
  slug: "There is no project with the slug",
  environmentId: "There is no environment with the ID",
  identityMembershipId: "There is no identity membership with the ID",
  folderId: "There is no folder with the ID",
  userMembershipId: "There is no project membership with the ID",
  roleId: "There is no role of a project with the ID",
  identityPrivilegeId: "There is no privilege of a machine identity with the ID",
  userPrivilegeId: "There is no privilege of a user with the ID",
  secretId: "There is no secret with the ID",
  importId: "There is no secret import with the ID",
  serviceTokenId: "There is no service token with the ID",
  snapshotId: "There is no snapshot with the ID",
}

export const noSuchProject = (reference: ProjectReference) => {
  const [key, value] = keyOf(reference)
  if (key === "ofToken") return badRequest("Name a project and an environment")
  return notFound(`${words[key]} ${value}`)
}

/**
 * The gate of a project (spec 5.1): what is not there, or is another organization's, is 404; who is not in it, by
 * themselves or by a group, is 403, whatever they may do in the organization.
 */
export function requireMember(
  actor: SignedInActor,
  reference: ProjectReference,
  found: FoundProject | undefined,
): Project {
  if (!found) throw noSuchProject(reference)
  if (found.isMember) return found
  throw notInProject(actor, found)
}

/** The refusal of who is in a project neither by themselves nor by a group. */
export const notInProject = (actor: SignedInActor, { id }: Pick<Project, "id">) =>
  forbidden("You are not allowed to access this resource", { name: notInIt[actor.kind](id) })

const notInIt: Record<SignedInActor["kind"], (id: string) => string> = {
  user: () => "User not a part of the specified project",
  machine: (id) => `Identity is not a member of the specified project with ID '${id}'`,
  service: (id) => `Service token not a part of the specified project with ID ${id}`,
}
