import type { Context } from "../context.ts"
import { givingIn, idOf, type Link } from "./chain.ts"
import { find, usualBounds, type Found, type Where } from "./crowd.ts"
import { opened, sealed } from "./cursor.ts"
import { sourcesOf } from "./explain.ts"
import * as store from "./explain.store.ts"
import { questionOf, type Asked, type Question } from "./question.ts"
import { isListed, requireMayList, sightOf, viewerOf, type Viewer } from "./sight.ts"
import type { HolderKind, Way } from "./standing.ts"

/** Somebody who may do something, and how they come by that. */
export type AbleActor = {
  kind: HolderKind
  id: string
  name: string
  /** When the last of the ways ends, unless something else is changed before. */ endsAt: Date | null
  /** The nearest first, of each role and privilege a few. */ sources: Link[][]
  sourceCount: number
}

/** A page of them, of these kinds; where it ends there may be more, unless there is no cursor. */
export type AbleActors = { actors: AbleActor[]; kinds: HolderKind[]; nextCursor: string | null }

const mostSources = 5

/**
 * Who may do something now: of all whom the caller may read. People come before machine identities, each by name. Throws
 * 403 unless the caller may read one of these kinds.
 */
export async function whoCan(
  ctx: Context,
  asked: Asked & {
    kinds: readonly HolderKind[]
    search?: string | undefined
    limit: number
    cursor?: string | undefined
  },
): Promise<AbleActors> {
  const question = questionOf(asked)
  const viewer = await viewerOf(ctx, asked.projectId)
  const kinds = requireMayList(ctx, viewer, asked.kinds)
  const from = asked.cursor === undefined ? undefined : opened(ctx, asked.cursor)
  const where: Where = { orgId: ctx.actor.orgId, ...(asked.projectId ? { projectId: asked.projectId } : {}) }
  const isShown = (kind: HolderKind, holder: { id: string; name: string }) => isListed(viewer, kind, holder)
  const search = { where, question, kinds, text: asked.search, isShown }
  const { found, next } = await find(ctx.db, search, from, {
    ...usualBounds,
    limit: asked.limit,
  })
  const actors: AbleActor[] = []
  for (const kind of kinds) {
    const ofKind = found.filter((one) => one.kind === kind)
    const ways = await waysOf(ctx, where, question, ofKind)
    actors.push(
      ...ofKind.flatMap((one) => shown(one, ways.get(one.candidate.membership_id), question, viewer)),
    )
  }
  return { actors, kinds, nextCursor: next ? sealed(ctx, next) : null }
}

/** The ways by which they come to what gives them the right, by membership; read at once. */
async function waysOf(
  ctx: Context,
  where: Where,
  { permission, object }: Question,
  found: readonly Found[],
): Promise<Map<string, store.WayRow[]>> {
  const [first] = found
  if (!first) return new Map()
  const things = found.flatMap(({ rights, sources }) =>
    rights
      .matching(permission, object)
      .flatMap((part) => givingIn(part).map((index) => sources[index]?.key ?? "")),
  )
  const ids = found.map(({ candidate }) => candidate.membership_id)
  const rows = await store.heldByMany(ctx.db, { kind: first.kind, ...where }, ids, [
    ...new Set(things.map(idOf)),
  ])
  return Map.groupBy(rows, ({ membership_id: id }) => id)
}

/** Whoever has lost it at this moment is not shown any more. */
function shown(
  { kind, candidate, rights, sources }: Found,
  held: readonly store.WayRow[] = [],
  question: Question,
  viewer: Viewer,
): AbleActor[] {
  const { id, name } = candidate
  const way: Way = { kind, holder: candidate, held, rights, sources }
  const { chains, things } = sourcesOf(way, question, sightOf(viewer, { kind, id }))
  if (chains.length === 0) return []
  const counted = things.map(
    (thing) => held.find(({ key }) => key !== null && idOf(key) === thing)?.ways ?? 0,
  )
  const sourceCount = counted.reduce((sum, count) => sum + count, 0) || chains.length
  const endsAt = endOf(way, held, question)
  return [{ kind, id, name, endsAt, sources: chains.slice(0, mostSources), sourceCount }]
}

/** When the right ends: with the last way to what gives one part of it, or with their place in the organization. */
function endOf(
  { holder, rights, sources }: Way,
  held: readonly store.WayRow[],
  { permission, object }: Question,
): Date | null {
  const ends = rights.matching(permission, object).map((part) => {
    const things = new Set(givingIn(part).map((index) => idOf(sources[index]?.key ?? "")))
    const ways = held.filter(({ key }) => key !== null && things.has(idOf(key)))
    return Math.max(
      ...ways.map((way) => (way.is_endless ? Infinity : (way.last_until?.getTime() ?? Infinity))),
    )
  })
  const first = Math.min(...ends, holder.valid_until?.getTime() ?? Infinity)
  return Number.isFinite(first) ? new Date(first) : null
}
