import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import { badRequest } from "../errors.ts"
import { rangeMs } from "../projects/temporary.ts"
import { getGroup, lockGroup } from "./groups.ts"
import * as store from "./membership-settings.store.ts"

/** How a group lets members in. */
export type MembershipSettings = { /** Null: they stay until they are taken out. */ lifetime: string | null }

/** Whether a text says for how long, such as 30d. */
export const isLifetime = (text: string): boolean => rangeMs(text) !== undefined

export async function getSettings(ctx: Context, groupId: string): Promise<MembershipSettings> {
  const group = await getGroup(ctx, groupId)
  return settingsOf(ctx, group.id)
}

/** The same, of a group that nobody else changes until the transaction ends. */
export async function lockSettings(ctx: Context, groupId: string): Promise<MembershipSettings> {
  const group = await lockGroup(ctx, groupId)
  return settingsOf(ctx, group.id)
}

const settingsOf = async ({ db, actor }: Context, groupId: string): Promise<MembershipSettings> => ({
  lifetime: await store.lifetimeOf(db, actor.orgId, groupId),
})

/** Changes for how long those stay who are put in from now on without an end of their own; the others stay as they are. */
export async function updateSettings(
  ctx: Context,
  groupId: string,
  { lifetime }: { lifetime?: string | null | undefined },
): Promise<MembershipSettings> {
  const group = await lockGroup(ctx, groupId)
  if (lifetime !== undefined) {
    const ms = lifetime === null ? null : rangeMs(lifetime)
    if (ms === undefined) throw badRequest(`${lifetime} is no length of time: send one such as 1h or 30d`)
    const told = lifetime === null || ms === null ? null : { text: lifetime, ms }
    await store.setLifetime(ctx.db, { orgId: ctx.actor.orgId, id: group.id }, told)
    await record(ctx, "update-group", { groupId: group.id, membershipLifetime: lifetime })
  }
  return settingsOf(ctx, group.id)
}
