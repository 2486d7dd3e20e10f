import type { Queries } from "../db/database.ts"
import * as store from "./places.store.ts"

export type { MemberKind } from "./places.store.ts"

/*
 * What ends when something else does: whoever leaves the organization, and whatever group or machine identity is
 * deleted, is in no project any more, in the same transaction.
 */

/** Takes a person, or everybody, out of all projects of the organization, when their place in it ends. */
export async function endProjectsOfMember(
  db: Queries,
  { orgId, membershipId }: { orgId: string; membershipId?: string },
): Promise<void> {
  await store.endPlaces(db, "user", holder(orgId, membershipId))
}

/** The same of a machine identity's place, or of all of them. */
export async function endProjectsOfIdentity(
  db: Queries,
  orgId: string,
  membershipId?: string,
): Promise<void> {
  await store.endPlaces(db, "identity", holder(orgId, membershipId))
}

/** The same of a group, or of all of them. */
export async function endProjectsOfGroup(db: Queries, orgId: string, groupId?: string): Promise<void> {
  await store.endPlaces(db, "group", holder(orgId, groupId))
}

/** Begins what a person was given while invited; called when the invitation is accepted, in that transaction. */
export const beginPrivileges = (db: Queries, orgId: string, membershipId: string): Promise<void> =>
  store.restartPrivileges(db, orgId, membershipId)

const holder = (orgId: string, holderId: string | undefined): store.Places =>
  holderId === undefined ? { orgId } : { orgId, holderId }
