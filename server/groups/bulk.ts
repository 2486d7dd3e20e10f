import { requireBoundary, type Granted } from "../access/boundary.ts"
import { auditRow, sourceOf } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest } from "../errors.ts"
import { joinGroups, leaveGroups, type GroupWrite } from "../grants/group-places.ts"
import { requireCoversProjectsOfGroup } from "../projects/group-projects.ts"
import { getGroup, noSuchGroup, rulesOfGroup, type Group } from "./groups.ts"
import * as store from "./bulk.store.ts"

/* Many changes of a group's members in one transaction, each with its own audit row. */

export type Change = { action: "add" | "remove"; member: Named }
/** Whom a change is about, by the name that was sent. */
export type Named = { kind: "user" | "identity"; name: string }
/** A row that cannot be done, by its number from one on, and why. */
export type Failure = { row: number; message: string }
export type BulkOutcome = { added: number; removed: number; unchanged: number; failed: Failure[] }

const shownFailures = 100

/**
 * Makes the changes. Whoever is in the group already, or not in it, stays so; who is named several times is changed once.
 * Where all or nothing is wanted, somebody who is not in the organization keeps all of it from being done: 400, with
 * the first hundred rows at fault.
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
  const absent = changes.flatMap(({ member }, index) =>
    found.has(keyOf(member)) ? [] : [{ row: index + 1, message: noSuchMember(member) }],
  )
  if (mode === "allOrNothing" && absent.length > 0) {
    throw badRequest(`Nothing was done: ${absent.length} of the rows cannot be`, {
      details: { failed: absent.slice(0, shownFailures) },
    })
  }
  const writes = (action: Change["action"], kind: Named["kind"]) =>
    writesOf(ctx, { group, found, changes, action, kind })
  const outcome = { added: 0, removed: 0 }
  for (const kind of ["user", "identity"] as const) {
    outcome.removed += await leaveGroups(ctx, writes("remove", kind))
    const adds = writes("add", kind)
    if (adds.length === 0 || !granted) continue
    const { groupExists, added } = await joinGroups(ctx, granted, adds)
    if (!groupExists) throw noSuchGroup(groupId)
    outcome.added += added
  }
  const unchanged = changes.length - absent.length - outcome.added - outcome.removed
  return { ...outcome, unchanged, failed: absent }
}

const powers = {
  add: { user: "add-members", identity: "add-identities" },
  remove: { user: "remove-members", identity: "remove-identities" },
} as const

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
      const rules = () => rulesOfGroup(ctx, group.id)
      const shown = await requireBoundary(ctx.actor, [powers[action][kind], "groups"], what, rules)
      if (action === "add") granted = shown
    }
    if (action === "add" && kinds.size > 0) await requireCoversProjectsOfGroup(ctx, group.id, what)
  }
  return granted
}

const keyOf = ({ kind, name }: Named): string => `${kind} ${kind === "user" ? name : name.toLowerCase()}`

/** In which order such rows count is nobody's to guess. */
function requireOneWay(changes: readonly Change[]): void {
  const actions = new Map<string, Change["action"]>()
  for (const { action, member } of changes) {
    const before = actions.get(keyOf(member)) ?? action
    if (before !== action) throw badRequest(`${member.name} is both to be added and to be removed`)
    actions.set(keyOf(member), action)
  }
}

type Member = { membershipId: string; /** Of the account or the machine identity. */ id: string }
type Found = ReadonlyMap<string, Member>

/** Who of them is in the organization, by two statements. */
async function membersNamed({ db, actor }: Context, changes: readonly Change[]): Promise<Found> {
  const names = (wanted: Named["kind"]) =>
    changes.flatMap(({ member: { kind, name } }) => (kind === wanted ? [name] : []))
  const people = await store.peopleNamed(db, actor.orgId, names("user"))
  const ids = names("identity").flatMap((name) => uuidOrNull(name) ?? [])
  const machines = await store.machinesWithIds(db, actor.orgId, ids)
  const named = (kind: Named["kind"], name: string, membershipId: string, id: string) =>
    [keyOf({ kind, name }), { membershipId, id }] as const
  return new Map([
    ...people.map((each) => named("user", each.username, each.membership_id, each.user_id)),
    ...machines.map((each) => named("identity", each.identity_id, each.membership_id, each.identity_id)),
  ])
}

const noSuchMember = ({ kind, name }: Named): string =>
  kind === "user"
    ? `There is no user with the username ${name}`
    : `There is no machine identity with the ID ${name} in the organization`

type Part = {
  group: Group
  found: Found
  changes: readonly Change[]
  action: Change["action"]
  kind: Named["kind"]
}

/** One kind of change, each member once. */
function writesOf(ctx: Context, { group, found, changes, action, kind }: Part): GroupWrite[] {
  const source = sourceOf(ctx)
  const { orgId } = ctx.actor
  const told = { groupId: group.id, groupName: group.name }
  const writes = new Map<string, GroupWrite>()
  for (const change of changes) {
    const { name } = change.member
    const member = found.get(keyOf(change.member))
    if (!member || change.action !== action || change.member.kind !== kind || writes.has(member.membershipId))
      continue
    const event =
      kind === "user"
        ? auditRow(source, eventsOfUsers[action], { ...told, userId: member.id, username: name })
        : auditRow(source, eventsOfIdentities[action], { ...told, identityId: member.id })
    const pair = { kind, orgId, groupId: group.id, membershipId: member.membershipId }
    writes.set(member.membershipId, { pair, event })
  }
  return [...writes.values()]
}

const eventsOfUsers = { add: "add-user-to-group", remove: "remove-user-from-group" } as const
const eventsOfIdentities = { add: "add-identity-to-group", remove: "remove-identity-from-group" } as const
