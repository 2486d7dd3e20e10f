import type { Context } from "../context.ts"
import { chainTo, givingIn, idOf, nearer, shortestOf, waysTo, type Link, type Sight } from "./chain.ts"
import { questionOf, type Asked, type Question } from "./question.ts"
import { requireMayAsk, requireStanding, sightOf, viewerOf, type Subject } from "./sight.ts"
import type { Hindrance, Standing, Way } from "./standing.ts"

export type { Link } from "./chain.ts"
export type { Asked } from "./question.ts"
export type { Subject } from "./sight.ts"

/** Why somebody may not do something. */
export type Missing =
  { reason: Hindrance | "no-rule" } | { reason: "forbidden"; /** The way to the rule. */ forbiddenBy: Link[] }

/** Whether somebody may do something, and why. */
export type Explanation = {
  allowed: boolean
  /** Empty where it is not allowed. Where two rules are needed, the way to the one and then that to the other. */
  chain: Link[]
  missing?: Missing
}

/**
 * Why somebody may do something now, or could at an earlier time, or why not. Throws 403 unless the caller may read
 * whom they ask about, and 400 for what is not known any more.
 */
export async function explain(
  ctx: Context,
  about: Subject,
  asked: Asked & { at?: Date | undefined },
): Promise<Explanation & { at: Date }> {
  const question = questionOf(asked)
  const viewer = await viewerOf(ctx, asked.projectId)
  requireMayAsk(ctx, viewer, about)
  const standing = await requireStanding(ctx, viewer, about, asked)
  return { ...explained(standing, question, sightOf(viewer, about)), at: asked.at ?? standing.holder.now }
}

/** The same of somebody who is known. */
export function explained(standing: Standing, { permission, object }: Question, sight: Sight): Explanation {
  const { hindrance, rights } = standing
  if (hindrance) return { allowed: false, chain: [], missing: { reason: hindrance } }
  const parts = rights.matching(permission, object)
  if (rights.can(permission, object)) {
    return { allowed: true, chain: chainOf(standing, parts.map(givingIn), sight) }
  }
  const [decisive] = parts.find(([first]) => !first || first.inverted) ?? []
  if (!decisive) return { allowed: false, chain: [], missing: { reason: "no-rule" } }
  const forbiddenBy = chainTo(standing, decisive.index, sight)
  return { allowed: false, chain: [], missing: { reason: "forbidden", forbiddenBy } }
}

/** To one rule that gives all parts, where there is one; else to one for each. */
function chainOf(standing: Way, parts: readonly number[][], sight: Sight): Link[] {
  const together = shortestOf(standing, forAll(parts), sight)
  return together ?? parts.flatMap((part) => shortestOf(standing, part, sight) ?? [])
}

const forAll = ([first = [], ...others]: readonly number[][]): number[] =>
  first.filter((index) => others.every((part) => part.includes(index)))

/** All ways to what gives somebody a right which they have, each role and privilege once a way. */
export type Sources = {
  /** The nearest first, which is the chain of an explanation. */ chains: Link[][]
  /** Roles and privileges that give it each by itself; empty where it takes two of them. */ things: string[]
}

export function sourcesOf(standing: Way, { permission, object }: Question, sight: Sight): Sources {
  const parts = standing.rights.matching(permission, object).map(givingIn)
  const firsts = new Map<string, number>()
  for (const index of forAll(parts).toReversed()) firsts.set(idOf(standing.sources[index]?.key ?? ""), index)
  const ways = [...firsts.values()].flatMap((index) => waysTo(standing, index, sight)).toSorted(nearer)
  if (ways.length > 0) return { chains: ways, things: [...firsts.keys()] }
  const chain = chainOf(standing, parts, sight)
  return { chains: chain.length > 0 ? [chain] : [], things: [] }
}
