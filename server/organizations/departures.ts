import type { Queries } from "../db/database.ts"
import { badRequest } from "../errors.ts"
import { endGroupMemberships } from "../groups/members.ts"
import { endProjectsOfMember } from "../projects/places.ts"
import * as store from "./departures.store.ts"

/** A person's place in an organization. */
export type Place = { orgId: string; membershipId: string }

/**
 * Locks a person's place until the transaction ends, after the organization, so that of any number of changes that
 * take admins away each sees what those before it left. False when there is no such place.
 */
export async function lockPlace(db: Queries, { orgId, membershipId }: Place): Promise<boolean> {
  return (await store.lockOrganization(db, orgId)) && store.lockMembership(db, orgId, membershipId)
}

/**
 * Ends a person's place in an organization and all that hangs on it: the roles, the groups, the projects, the
 * invitations sent to them and by them. The rows stay, closed. Throws 400 for the last admin; `lockPlace` must have been called.
 */
export async function endMembership(db: Queries, place: Place): Promise<void> {
  await requireAnotherAdmin(db, place)
  await end(db, place)
  await endInvitationsSentBy(db, place)
}

/**
 * Ends every place of a person who goes for good, and returns them. Throws 400 with the names of the organizations
 * whose last admin the person is.
 */
export async function endMembershipsOf(db: Queries, userId: string): Promise<store.PlaceRow[]> {
  const places: store.PlaceRow[] = []
  // In one order for all, so that two who go do not wait for each other crosswise.
  for (const place of await store.placesOf(db, userId)) if (await lockPlace(db, place)) places.push(place)
  const orphaned: string[] = []
  for (const place of places) if (await isLastAdmin(db, place)) orphaned.push(place.organizationName)
  if (orphaned.length > 0) {
    throw badRequest(
      `This is the last admin of ${orphaned.join(", ")}: make somebody else an admin there first, or delete the organization`,
    )
  }
  for (const place of places) await endMembership(db, place)
  return places
}

/** Ends everybody's place in an organization that is being deleted. */
export const endAllMemberships = (db: Queries, orgId: string): Promise<void> => end(db, { orgId })

async function end(db: Queries, whose: store.Whose): Promise<void> {
  await store.closeMemberships(db, whose)
  await store.endRoleGrants(db, whose)
  await endGroupMemberships(db, whose)
  await endProjectsOfMember(db, whose)
  await store.endInvitations(db, whose)
}

/**
 * Throws 400 when nobody else could administer the organization: an accepted, active person with an admin role of
 * their own that has no end. Roles through groups and those of machine identities do not count.
 */
export async function requireAnotherAdmin(db: Queries, { orgId, membershipId }: Place): Promise<void> {
  if (!(await isLastAdmin(db, { orgId, membershipId }))) return
  throw badRequest(
    "This is the last admin of the organization: make somebody else an admin first, or delete the organization",
  )
}

async function isLastAdmin(db: Queries, { orgId, membershipId }: Place): Promise<boolean> {
  const admins = await store.lastingAdmins(db, orgId)
  return admins.includes(membershipId) && admins.every((id) => id === membershipId)
}

/** Ends the invitations that somebody sent and nobody has accepted, when their standing falls. */
export const endInvitationsSentBy = (db: Queries, { orgId, membershipId }: Place): Promise<void> =>
  store.endInvitationsSentBy(db, orgId, membershipId)

/** Ends the codes that were sent for a place. */
export const endInvitationsOf = (db: Queries, place: Place): Promise<void> => store.endInvitations(db, place)

export const endRoleGrants = (db: Queries, place: Place): Promise<void> => store.endRoleGrants(db, place)
