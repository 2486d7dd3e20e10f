import type { Granted } from "../access/boundary.ts"
import { auditRow } from "../audit/audit.ts"
import type { Queries } from "../db/database.ts"
import * as store from "./group-sync.store.ts"
import { closeLapsed } from "./lapsed-places.store.ts"

/** What keeps groups in step with a directory. */
export type Directory = Exclude<store.MembershipSource, "manual" | "bulk">

export type GroupSync = {
  orgId: string
  groupId: string
  source: Directory
  /** Everybody whom the directory has in the group, by the places in the organization; a kind that is left out stays. */
  members: { user?: readonly string[]; identity?: readonly string[] }
  /** Who does it, for the audit log. */ by: Parameters<typeof auditRow>[0]
}

/**
 * Has those in a group whom a directory says are in it, in the caller's transaction. It puts in who is missing, adds its say for
 * who is there, and takes out only those whom nobody else says to be in. Who is in for a time stays so for that time alone.
 * Answers how many have come and gone; undefined when there is no such group.
 */
export async function syncGroup(
  db: Queries,
  _granted: Granted,
  { orgId, groupId, source, members, by }: GroupSync,
): Promise<{ added: number; removed: number } | undefined> {
  const groupName = await store.lockGroupForSync(db, orgId, groupId)
  if (groupName === undefined) return undefined
  const outcome = { added: 0, removed: 0 }
  for (const kind of ["user", "identity"] as const) {
    const membershipIds = members[kind]
    if (!membershipIds) continue
    await closeLapsed(
      db,
      membershipIds.map((membershipId) => ({ kind, orgId, groupId, membershipId })),
    )
    const synced = await store.sync(db, { kind, orgId, groupId, source, membershipIds })
    outcome.added += synced.filter(({ change }) => change === "begun").length
    outcome.removed += synced.filter(({ change }) => change === "ended").length
    await store.insertAuditRows(
      db,
      synced.map((each) => eventOf(by, { groupId, groupName }, { kind, ...each })),
    )
  }
  return outcome
}

const events = {
  begun: { user: "add-user-to-group", identity: "add-identity-to-group" },
  joined: { user: "update-user-group-membership", identity: "update-identity-group-membership" },
  left: { user: "update-user-group-membership", identity: "update-identity-group-membership" },
  ended: { user: "remove-user-from-group", identity: "remove-identity-from-group" },
} as const

function eventOf(
  by: GroupSync["by"],
  group: { groupId: string; groupName: string },
  { kind, change, id, username, sources, valid_until: until }: store.Synced & { kind: store.Said["kind"] },
) {
  const told = {
    ...group,
    ...(kind === "user" ? { userId: id, username: username ?? "" } : { identityId: id }),
    sources,
    ...(change === "begun" && until ? { until: until.toISOString() } : {}),
  }
  return auditRow(by, events[change][kind], told)
}
