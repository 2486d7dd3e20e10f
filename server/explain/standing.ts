import { rightsOf, type Rights } from "../access/can.ts"
import type { SubjectFields } from "../access/conditions.ts"
import type { Rule } from "../access/roles.ts"
import type { Queries } from "../db/database.ts"
import { badRequest } from "../errors.ts"
import { sourcedProjectRights, type KeyedRules } from "../projects/held.ts"
import { sourcedRightsOfRoles } from "../roles/held.ts"
import * as store from "./explain.store.ts"

export type { HeldRow, HolderKind, HolderRow } from "./explain.store.ts"

/** Where somebody stands: in the organization, or with a project in that; `at` is an earlier time. */
export type Place = { orgId: string; projectId?: string; at?: Date }

/** What keeps somebody from having any right at all there. */
export type Hindrance =
  "no-place-in-organization" | "invitation-not-accepted" | "inactive" | "no-place-in-project"

/** What somebody may do somewhere, decided as a request of theirs is, and where each of the rules comes from. */
export type Standing = {
  kind: store.HolderKind
  holder: store.HolderRow
  hindrance: Hindrance | undefined
  held: readonly store.HeldRow[]
  rights: Rights
  sources: readonly { key: string; rule: Rule }[]
}

/** As much of it as tells how somebody comes by their rights. */
export type Way = Pick<Standing, "kind" | "held" | "rights" | "sources"> & {
  holder: Pick<store.HolderRow, "id" | "name" | "valid_until">
}

/** By what rules about people and machine identities may be narrowed, of this one. */
export const fieldsOf = (
  kind: store.HolderKind,
  holder: Pick<store.HolderRow, "id" | "name">,
): SubjectFields => (kind === "user" ? { userEmail: holder.name } : { identityId: holder.id })

/** Somebody who is or was in the organization; undefined for whoever never was. */
export async function standingOf(
  db: Queries,
  { kind, id }: { kind: store.HolderKind; id: string },
  place: Place,
): Promise<Standing | undefined> {
  const { orgId, projectId, at } = place
  const holder = await store.holderAt(db, { kind, orgId, id, ...(at ? { at } : {}) })
  if (!holder) return undefined
  if (at && at > holder.now) throw badRequest("What will be is not known: ask about a time that has passed")
  const hindrance = hindranceOf(holder)
  if (hindrance) return { kind, holder, hindrance, held: [], ...nothing }
  if (holder.is_changed) throw notKept("something about them was changed since")
  const { membership_id: membershipId } = holder
  const asked: store.HolderPlace = {
    kind,
    orgId,
    membershipId,
    ...(projectId ? { projectId } : {}),
    ...(at ? { at } : {}),
  }
  const held = await store.heldAt(db, asked)
  if (held.some(({ is_changed }) => is_changed)) throw notKept("a role that they had then was changed since")
  if (!projectId)
    return {
      kind,
      holder,
      hindrance: undefined,
      held,
      ...(await sourcedRightsOfRoles(db, orgId, keysOf(held))),
    }
  if (at && (await store.arePrivilegesChanged(db, asked))) {
    throw notKept("a privilege that they had then was changed or ended since")
  }
  if (held.length === 0) return { kind, holder, hindrance: "no-place-in-project", held, ...nothing }
  const { namesMetadata, ...decided } = await sourcedProjectRights(
    db,
    { orgId, named: namedOf(holder), ended: endedIn(held) },
    keysOf(held),
  )
  if (at && kind === "identity" && namesMetadata) throw notKept("a rule names metadata, which is not dated")
  return { kind, holder, hindrance: undefined, held, ...decided }
}

const notKept = (why: string) => badRequest(`What they could do then is not known: ${why}`)

const nothing = { rights: rightsOf("nothing", () => []), sources: [] }

function hindranceOf({ is_there, is_accepted, is_inactive }: store.HolderRow): Hindrance | undefined {
  if (!is_there) return "no-place-in-organization"
  if (!is_accepted) return "invitation-not-accepted"
  return is_inactive ? "inactive" : undefined
}

const keysOf = (held: readonly store.HeldRow[]): string[] => [
  ...new Set(held.flatMap(({ key }) => key ?? [])),
]

/** What rules may name of somebody. */
export const namedOf = ({
  id,
  username,
  metadata,
}: Pick<store.HolderRow, "id" | "username" | "metadata">) => ({
  id,
  username,
  metadata: Object.fromEntries((metadata ?? []).map(({ key, value }) => [key, value])),
})

/** Privileges of an earlier time, each once. */
const endedIn = (held: readonly store.HeldRow[]): KeyedRules[] => [
  ...new Map(
    held.flatMap(({ key, permissions }) =>
      key !== null && permissions ? [[key, { key, permissions }] as const] : [],
    ),
  ).values(),
]
