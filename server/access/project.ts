import { forbidden, notFound } from "../errors.ts"
import type { SignedInActor } from "./actor.ts"
import type { Rights } from "./can.ts"

/** How a request names the project that it is about. */
export type ProjectReference =
  | { id: string }
  | { slug: string }
  | { environmentId: string }
  | { identityMembershipId: string }
  | { folderId: string }
export type ProjectKey = "id" | "slug" | "environmentId" | "identityMembershipId" | "folderId"

/** The one key of a reference, and its value. */
export function keyOf(reference: ProjectReference): [key: ProjectKey, value: string] {
  if ("id" in reference) return ["id", reference.id]
  if ("slug" in reference) return ["slug", reference.slug]
  if ("environmentId" in reference) return ["environmentId", reference.environmentId]
  if ("folderId" in reference) return ["folderId", reference.folderId]
  return ["identityMembershipId", reference.identityMembershipId]
}

/** A project of the caller's organization that the caller is in, with the caller's rights in it now. */
export type Project = { id: string; name: string; slug: string; type: string; rights: Rights }

/** The same, whether or not the caller is in it. */
export type FoundProject = Project & { isMember: boolean }

const words: Record<ProjectKey, string> = {
  id: "There is no project with the ID",
  slug: "There is no project with the slug",
  environmentId: "There is no environment with the ID",
  identityMembershipId: "There is no identity membership with the ID",
  folderId: "There is no folder with the ID",
}

export const noSuchProject = (reference: ProjectReference) => {
  const [key, value] = keyOf(reference)
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
  throw forbidden("You are not allowed to access this resource", {
    name:
      actor.kind === "user"
        ? "User not a part of the specified project"
        : `Identity is not a member of the specified project with ID '${found.id}'`,
  })
}
