import type { Affected, Who } from "../access/affected.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import * as store from "./preview.store.ts"

export type { Holder, Kind } from "./preview.store.ts"

/** The organization, and the project that the request is about, if it is about one. */
export type Place = { orgId: string; projectId: string | null }

const ids = (names: readonly string[] | undefined): string[] =>
  (names ?? []).flatMap((name) => uuidOrNull(name) ?? [])
// What cannot be stored names nobody.
const texts = (names: readonly string[] | undefined): string[] =>
  (names ?? []).filter((name) => !name.includes("\0"))

function namingsOf(who: Who, where: Affected["where"]): store.Named[] {
  const groupNames = texts(who.groups).filter((name) => uuidOrNull(name) === null)
  const all: store.Named[] = [
    { by: "usernames", values: texts(who.usernames) },
    { by: "users", values: ids(who.users) },
    { by: "members", values: ids(who.members) },
    { by: "projectMembers", values: ids(who.projectMembers) },
    { by: "identities", values: ids(who.identities) },
    { by: "groupIds", values: ids(who.groups) },
    { by: "groupNames", values: groupNames },
    { by: where === "project" ? "projectRoles" : "organizationRoles", values: ids(who.roles) },
    { by: "userPrivileges", values: ids(who.userPrivileges) },
    { by: "identityPrivileges", values: ids(who.identityPrivileges) },
  ]
  const named = all.filter(({ values }) => values.length > 0)
  return who.everybodyInProject ? [...named, { by: "everybodyInProject", values: [] }] : named
}

/** Who that is at this moment of the transaction. */
export async function holdersOf(
  db: Queries,
  place: Place,
  { who, where }: Affected,
): Promise<store.Holder[]> {
  const found: store.Holder[] = []
  for (const named of namingsOf(who, where)) found.push(...(await store.holdersNamed(db, place, named)))
  return found
}

/** Each of them once, in one order. */
export function distinct(holders: readonly store.Holder[]): store.Holder[] {
  const byKey = new Map(holders.map((holder) => [keyOf(holder), holder]))
  return [...byKey].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, holder]) => holder)
}

export const keyOf = ({ kind, membership_id: id }: store.Holder): string => `${kind} ${id}`

/** Where their rights may change: in the organization or not, and in these projects, or in all that they are in. */
export type Scope = { organization: boolean; projectIds: readonly string[] | undefined }

export async function scopeOf(db: Queries, place: Place, where: Affected["where"]): Promise<Scope> {
  if (where === "organization") return { organization: true, projectIds: [] }
  if (where === "project")
    return { organization: false, projectIds: place.projectId === null ? [] : [place.projectId] }
  if (where === "everywhere") return { organization: true, projectIds: undefined }
  const groupId = uuidOrNull(where.organizationAndProjectsOfGroup)
  const projectIds = groupId === null ? [] : await store.projectsOfGroup(db, place.orgId, groupId)
  return { organization: true, projectIds }
}
