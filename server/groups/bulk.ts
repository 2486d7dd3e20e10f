import { isDeepStrictEqual } from "node:util"
import type { Granted } from "../access/boundary.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest } from "../errors.ts"
import { joinGroups, leaveGroups, type GroupWrite } from "../grants/group-places.ts"
import { getGroup, noSuchGroup, type Group } from "./groups.ts"
import * as store from "./bulk.store.ts"
import {
  absent,
  faultOf,
  requireMayAdd,
  requireMayRemove,
  writeOf,
  type Dates,
  type Member,
} from "./joining.ts"

/* Many changes of a group's members in one transaction, each with its own audit row. */

export type Change = { action: "add" | "remove"; member: Named; /** Of who is added. */ dates: Dates }
/** Whom a change is about, by the name that was sent. */
export type Named = { kind: "user" | "identity"; name: string }
/** A row that cannot be done, by its number from one on, and why. */
export type Failure = { row: number; message: string }
export type BulkOutcome = { added: number; removed: number; unchanged: number; failed: Failure[] }

const shownFailures = 100

/**
 * Makes the changes. Whoever is in the group already, or not in it, stays so; who is named several times is changed once.
 * Where all or nothing is wanted, somebody who is not in the organization, or a time that is over, keeps all of it from being
 * done: 400, with the first hundred rows at fault.
 */
export async function changeMembers(
  ctx: Context,
  groupId: string,
  changes: readonly Change[],
  mode: "allOrNothing" | "perRow",
): Promise<BulkOutcome> {
  const group = await getGroup(ctx, groupId)
  const granted = await requireMayChange(ctx, group, changes)
  requireOneWay(changes)
  const found = await membersNamed(ctx, changes)
  const now = changes.some(isDated) ? await store.now(ctx.db) : undefined
  const failed = changes.flatMap((change, index) => {
    const message = faultIn(change, found, now)
    return message === undefined ? [] : [{ row: index + 1, message }]
  })
  if (mode === "allOrNothing" && failed.length > 0) {
    throw badRequest(`Nothing was done: ${failed.length} of the rows cannot be`, {
      details: { failed: failed.slice(0, shownFailures) },
    })
  }
  const failing = new Set(failed.map(({ row }) => row))
  const good = changes.filter((_, index) => !failing.has(index + 1))
  const writes = (action: Change["action"], kind: Named["kind"]) =>
    writesOf(ctx, { group, found, changes: good, action, kind })
  const outcome = { added: 0, removed: 0 }
  for (const kind of ["user", "identity"] as const) {
    outcome.removed += await leaveGroups(ctx, writes("remove", kind))
    const adds = writes("add", kind)
    if (adds.length === 0 || !granted) continue
    const { groupExists, added } = await joinGroups(ctx, granted, adds)
    if (!groupExists) throw noSuchGroup(groupId)
    outcome.added += added
  }
  const unchanged = good.length - outcome.added - outcome.removed
  return { ...outcome, unchanged, failed }
}

const isDated = ({ dates }: Change): boolean => dates.from !== undefined || dates.until !== undefined

/** Why a row cannot be done, if it cannot. */
function faultIn({ member, dates }: Change, found: Found, now: Date | undefined): string | undefined {
  if (!found.has(keyOf(member))) return absent(member.kind, member.name)
  return now && faultOf(dates, now)
}

/** Asks the guard for each kind of change that is among them; the proof is for those that add somebody. */
async function requireMayChange(
  ctx: Context,
  group: Group,
  changes: readonly Change[],
): Promise<Granted | undefined> {
  let granted: Granted | undefined
  for (const action of ["add", "remove"] as const) {
    const what = `You may not ${action} members of this group`
    const kinds = new Set(
      changes.filter((change) => change.action === action).map(({ member }) => member.kind),
    )
    for (const kind of kinds) {
      if (action === "add") granted = await requireMayAdd(ctx, group.id, kind, what)
      else await requireMayRemove(ctx, group.id, kind, what)
    }
  }
  return granted
}

const keyOf = ({ kind, name }: Named): string => `${kind} ${kind === "user" ? name : name.toLowerCase()}`

/** In which order such rows count is nobody's to guess. */
function requireOneWay(changes: readonly Change[]): void {
  const ways = new Map<string, Change>()
  for (const change of changes) {
    const { action, member, dates } = change
    const before = ways.get(keyOf(member)) ?? change
    if (before.action !== action) throw badRequest(`${member.name} is both to be added and to be removed`)
    if (!isDeepStrictEqual(before.dates, dates))
      throw badRequest(`${member.name} is given two different times`)
    ways.set(keyOf(member), before)
  }
}

type Found = ReadonlyMap<string, Member>

/** Who of them is in the organization, by two statements. */
async function membersNamed({ db, actor }: Context, changes: readonly Change[]): Promise<Found> {
  const names = (wanted: Named["kind"]) =>
    changes.flatMap(({ member: { kind, name } }) => (kind === wanted ? [name] : []))
  const people = await store.peopleNamed(db, actor.orgId, names("user"))
  const ids = names("identity").flatMap((name) => uuidOrNull(name) ?? [])
  const machines = await store.machinesWithIds(db, actor.orgId, ids)
  const members: [Named, Member][] = [
    ...people.map(({ username, membership_id: membershipId, user_id: userId }): [Named, Member] => [
      { kind: "user", name: username },
      { kind: "user", membershipId, userId, username },
    ]),
    ...machines.map(({ identity_id: identityId, membership_id: membershipId }): [Named, Member] => [
      { kind: "identity", name: identityId },
      { kind: "identity", membershipId, identityId },
    ]),
  ]
  return new Map(members.map(([name, member]) => [keyOf(name), member]))
}

type Part = {
  group: Group
  found: Found
  changes: readonly Change[]
  action: Change["action"]
  kind: Named["kind"]
}

/** One kind of change, each member once. */
function writesOf(ctx: Context, { group, found, changes, action, kind }: Part): GroupWrite[] {
  const writes = new Map<string, GroupWrite>()
  for (const { dates, ...change } of changes) {
    const member = found.get(keyOf(change.member))
    if (!member || change.action !== action || change.member.kind !== kind || writes.has(member.membershipId))
      continue
    const place = action === "add" ? ({ dates, source: "bulk" } as const) : undefined
    writes.set(member.membershipId, writeOf(ctx, action, { group, member, place }))
  }
  return [...writes.values()]
}
