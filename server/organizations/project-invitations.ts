import { authorizeInProject } from "../access/access.ts"
import type { Context, ProjectContext } from "../context.ts"
import { actIn, within, type NamedProject } from "../projects/acting.ts"
import { addMembers } from "../projects/user-members.ts"
import { invite, type Invited, type InviteLink } from "./invitations.ts"
import { requireOwnOrganization } from "./members.ts"

/** A project that invited people are put into, and with which roles. */
export type InvitedInto = { project: NamedProject; roles: string[] }

/**
 * Invites addresses into the caller's organization, and puts all of them, also who is in it already, into projects, as
 * the caller could do there. All of it happens, or nothing.
 */
export async function inviteInto(
  ctx: Context,
  { projects, ...invited }: Invited & { projects: readonly InvitedInto[] },
): Promise<InviteLink[] | undefined> {
  requireOwnOrganization(ctx, invited.organizationId)
  const places = await placesIn(ctx, projects)
  for (const { at } of places) {
    await within(at, () => authorizeInProject(at.project, ["create", "member"]))
  }
  const links = await invite(ctx, invited)
  const names = { emails: [], usernames: invited.inviteeEmails }
  for (const { at, roles } of places) await within(at, () => addMembers(at, names, [...roles]))
  return links
}

type PlaceIn = { at: ProjectContext; roles: Set<string> }

/** Each project once, with all roles that are named for it; in one order for all, since the projects are held. */
async function placesIn(ctx: Context, projects: readonly InvitedInto[]): Promise<PlaceIn[]> {
  const places = new Map<string, PlaceIn>()
  for (const { at, roles } of await actIn(ctx, projects)) {
    const known = places.get(at.project.id)?.roles ?? []
    places.set(at.project.id, { at, roles: new Set([...known, ...roles]) })
  }
  return [...places.values()]
}
