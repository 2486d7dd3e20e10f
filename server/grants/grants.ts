import type { Granted } from "../access/boundary.ts"
import type { StoredRole } from "../access/roles.ts"
import { newId } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import * as store from "./grants.store.ts"

/*
 * The only way to a place or a role, whosesoever. Each of these wants to be shown that the privilege guard was asked:
 * only `access/boundary.ts` makes a `Granted`. See docs/decisions/0004.
 */

export type { Holder } from "./grants.store.ts"

type NewPerson = Omit<store.NewUserPlace, "id">

/** Gives a person a place in an organization and a role there; returns the place, or undefined for who has one. */
export async function placeUser(
  db: Queries,
  granted: Granted,
  person: NewPerson,
  role: StoredRole,
): Promise<string | undefined> {
  const id = newId()
  if (!(await store.insertUserPlace(db, { ...person, id }))) return undefined
  await giveRole(db, granted, { kind: "user", orgId: person.org_id, id }, role)
  return id
}

/** Gives a new machine identity its place in an organization and a role there. */
export async function placeIdentity(
  db: Queries,
  granted: Granted,
  identity: { orgId: string; identityId: string },
  role: StoredRole,
): Promise<void> {
  const { orgId, identityId } = identity
  const id = newId()
  await store.insertIdentityPlace(db, { org_id: orgId, id, identity_id: identityId })
  await giveRole(db, granted, { kind: "identity", orgId, id }, role)
}

/** Gives somebody, or a group, a role from now on. */
export const giveRole = (
  db: Queries,
  _granted: Granted,
  holder: store.Holder,
  role: StoredRole,
): Promise<void> => store.insertRoleGrant(db, holder, { id: newId(), ...role })

/** Has a person be in their groups from now on only, and for as long as before. */
export const rejoinGroups = (
  db: Queries,
  _granted: Granted,
  member: { orgId: string; membershipId: string },
): Promise<void> => store.beginGroupPlacesAnew(db, member.orgId, member.membershipId)
