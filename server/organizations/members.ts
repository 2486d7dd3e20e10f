import { requireOwnOrganization } from "../access/access.ts"
import { requireCovers, ungoverned, type Granted } from "../access/boundary.ts"
import { packed } from "../access/pack.ts"
import { storedRole, type StoredRole } from "../access/roles.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { notFound } from "../errors.ts"
import { placeUser } from "../grants/grants.ts"
import { searchKey, sortKey } from "../names.ts"
import { rulesOfRoles } from "../roles/held.ts"
import { holdUser, requireUser, type User } from "../users/users.ts"
import * as store from "./members.store.ts"

export { requireOwnOrganization } from "../access/access.ts"
export { noteLogin } from "./members.store.ts"
export type Member = store.MemberRow

/** Everybody of the caller's organization; another organization's id is nobody's. */
export async function listMembers(ctx: Context, organizationId: string): Promise<Member[]> {
  requireOwnOrganization(ctx, organizationId)
  return store.membersOfOrg(ctx.db, ctx.actor.orgId)
}

/** A member of the caller's organization; anything else is 404. */
export async function getMember(ctx: Context, organizationId: string, membershipId: string): Promise<Member> {
  requireOwnOrganization(ctx, organizationId)
  const id = uuidOrNull(membershipId)
  const member = id && (await store.memberInOrg(ctx.db, ctx.actor.orgId, id))
  if (!member) throw noSuchMember(membershipId)
  return member
}

/** The caller's own place, and the rules of all roles held now, in the packed form; later ones win. */
export async function ownPermissions(
  ctx: Context,
  organizationId: string,
): Promise<{ membership: Member; permissions: unknown[] }> {
  const membership = await getMember(ctx, organizationId, ctx.actor.membershipId)
  return { membership, permissions: packed(ctx.actor.rights.rules) }
}

export const noSuchMember = (membershipId: string) =>
  notFound(`There is no membership with the ID ${membershipId}`)

/**
 * Throws 403 when somebody holds more than the caller, directly or through a group: who could not give a right may
 * not take it away either.
 */
export async function requireCoversMember(ctx: Context, membershipId: string, what: string): Promise<void> {
  const { orgId } = ctx.actor
  const keys = await store.roleKeysOfMember(ctx.db, orgId, membershipId)
  for (const rules of await rulesOfRoles(ctx.db, orgId, keys)) requireCovers(ctx.actor, rules, what)
}

export const noSuchOrganization = (organizationId: string) =>
  notFound(`There is no organization with the ID ${organizationId}`)

/** Makes a person the admin of an organization that they have just founded, in the caller's transaction. */
export async function joinFounder(db: Queries, orgId: string, userId: string): Promise<void> {
  const user = await requireUser(db, userId)
  const granted = ungoverned("whoever founds an organization is its admin")
  await insertMember(db, granted, { orgId, user, role: storedRole("admin"), isAccepted: true })
}

/**
 * The only way into an organization: a membership and its role. An invited person is known to the organization by
 * the address alone. Returns the membership's id, or undefined when the person is in already.
 */
export async function insertMember(
  db: Queries,
  granted: Granted,
  { orgId, user, role, isAccepted }: { orgId: string; user: User; role: StoredRole; isAccepted: boolean },
): Promise<string | undefined> {
  await requireStanding(db, orgId)
  await holdUser(db, user)
  const person = {
    org_id: orgId,
    user_id: user.id,
    username: user.username,
    sort_key: isAccepted ? sortKey(user.first_name) : null,
    search_key: isAccepted ? searchKey(user.first_name, user.last_name, user.username) : user.username,
    invite_email: isAccepted ? null : user.username,
    isAccepted,
  }
  return placeUser(db, granted, person, role)
}

/** Throws 404 when the organization has been deleted; from here on it is not, until the transaction ends. */
export async function requireStanding(db: Queries, orgId: string): Promise<void> {
  if (!(await store.holdOrganization(db, orgId))) throw noSuchOrganization(orgId)
}

/** Lets every organization that the person has joined sort and search by the name that the account has now. */
export const renameMember = (db: Queries, user: User): Promise<void> =>
  store.renameMember(db, {
    userId: user.id,
    sortKey: sortKey(user.first_name),
    searchKey: searchKey(user.first_name, user.last_name, user.username),
  })

/**
 * Lets every organization that the person has joined know them by the username that the account has now; returns those
 * organizations. Where they are only invited they stay known by the address that was invited.
 */
export const readdressMember = (db: Queries, user: User): Promise<string[]> =>
  store.readdressMember(db, {
    userId: user.id,
    username: user.username,
    searchKey: searchKey(user.first_name, user.last_name, user.username),
  })

/** Leaves nothing by which organizations knew a person whose account is deleted. */
export const forgetMember = (db: Queries, userId: string): Promise<void> => store.forgetMember(db, userId)

/** Turns an invitation into a membership that means something; false when it was accepted or ended before. */
export const acceptMembership = (
  db: Queries,
  orgId: string,
  membershipId: string,
  user: User,
): Promise<boolean> =>
  store.acceptMembership(db, {
    orgId,
    id: membershipId,
    username: user.username,
    sortKey: sortKey(user.first_name),
    searchKey: searchKey(user.first_name, user.last_name, user.username),
  })
