import type { Rights } from "../access/can.ts"
import { mightGive, tracesOf } from "../access/giving.ts"
import { builtInProjectRoles } from "../access/project-roles.ts"
import { builtInRoles, type Rule } from "../access/roles.ts"
import type { Queries } from "../db/database.ts"
import { sortKey } from "../names.ts"
import * as ofProject from "../projects/held.ts"
import * as ofOrganization from "../roles/held.ts"
import * as store from "./candidates.store.ts"
import type { Mark } from "./cursor.ts"
import type { Question } from "./question.ts"
import { namedOf, type HolderKind } from "./standing.ts"

/*
 * Those who have a right, found among all others. What rules might give it says only whom to look at; whether somebody
 * has it is decided for each of them by all their rules, as for a request of theirs.
 */

export type { Candidate, Where } from "./candidates.store.ts"

/** Whom to look for, and where. */
export type Search = {
  where: store.Where
  question: Question
  kinds: readonly HolderKind[]
  /** What names are to contain. */ text: string | undefined
  /** Whether somebody is to be found. */ isShown(
    kind: HolderKind,
    holder: { id: string; name: string },
  ): boolean
}

/** Somebody who has the right. */
export type Found = {
  kind: HolderKind
  candidate: store.Candidate
  rights: Rights
  sources: readonly { key: string; rule: Rule }[]
}

/** How much is done for one page at most. */
export type Bounds = {
  limit: number
  /** Those who have what might give the right are gone through as long as there are no more ways to it. */ few: number
  /** So many are looked at; the page may be short then. */ lookedAt: number
}
export const usualBounds: Omit<Bounds, "limit"> = { few: 4_000, lookedAt: 1_000 }

const beginning: store.Position = { name: "", id: "00000000-0000-0000-0000-000000000000" }

/** The next who have the right, people before machine identities, and up to where was looked unless that was all. */
export async function find(
  db: Queries,
  search: Search,
  from: Mark | undefined,
  bounds: Bounds,
): Promise<{ found: Found[]; next: Mark | undefined }> {
  const { limit } = bounds
  const giving = await givingIn(db, search)
  const kinds = from?.kind === "identity" ? search.kinds.filter((kind) => kind === "identity") : search.kinds
  const found: Found[] = []
  let [budget, count] = [bounds.lookedAt, Math.min(limit + 1, bounds.lookedAt)]
  for (const kind of kinds) {
    let after = from?.kind === kind ? from.after : beginning
    let isOver = false
    const next = walk(db, search, kind, { ...giving, few: bounds.few })
    while (!isOver) {
      const candidates = await next(after, count)
      isOver = candidates.length < count
      const decided = await decide(db, search, kind, candidates)
      for (const [index, candidate] of candidates.entries()) {
        after = { name: candidate.sort_name, id: candidate.id }
        const one = decided[index]
        if (one) found.push(one)
        const isLast = isOver && kind === kinds.at(-1) && index === candidates.length - 1
        if (found.length === limit && !isLast) return { found, next: { kind, after } }
      }
      budget -= candidates.length
      if (budget <= 0 && !(isOver && kind === kinds.at(-1))) return { found, next: { kind, after } }
      count = Math.min(count * 4, budget)
    }
  }
  return { found, next: undefined }
}

/** The next to look at after a position: of those who have what might give the right, unless they are many. */
function walk(
  db: Queries,
  { where, text }: Search,
  kind: HolderKind,
  giving: store.Giving & { few: number },
) {
  const holders = store.holdersOf(db, where, kind, giving)
  const search = kind === "user" ? text?.toLowerCase() : text === undefined ? text : (sortKey(text) ?? text)
  return async (after: store.Position, count: number): Promise<store.Candidate[]> => {
    const of = await holders
    if (of?.length === 0) return []
    return store.nextOf(db, { where, kind, after, count, of, search })
  }
}

/** What might give the right to somebody who has it. */
async function givingIn(db: Queries, { where, question }: Search): Promise<store.Giving> {
  const { permission, object } = question
  const isInProject = where.projectId !== undefined
  const custom = await store.customRoleKeys(db, where)
  const keys = [...(isInProject ? builtInProjectRoles : builtInRoles), ...custom]
  const meanings = await (isInProject ? ofProject : ofOrganization).meaningsOf(db, where.orgId, keys)
  const giving = meanings.filter(({ rules }) => mightGive(rules, permission, object)).map(({ key }) => key)
  return {
    builtIn: giving.filter((key) => !key.includes(":")),
    custom: giving.flatMap((key) => key.split(":")[1] ?? []),
    traces: tracesOf(permission).map((rule) => [rule]),
  }
}

/** Of each whether they have the right and are to be found. */
async function decide(
  db: Queries,
  search: Search,
  kind: HolderKind,
  candidates: readonly store.Candidate[],
): Promise<(Found | undefined)[]> {
  const { where, question, isShown } = search
  const asked = candidates.map((candidate) =>
    candidate.is_able && candidate.keys.length > 0 && isShown(kind, candidate)
      ? candidate
      : { ...candidate, keys: [] },
  )
  const sourced = await rightsOfAll(db, where, asked)
  return asked.map((candidate, index): Found | undefined => {
    const { rights, sources } = sourced[index] ?? {}
    if (!rights || !sources || !rights.can(question.permission, question.object)) return undefined
    return { kind, candidate, rights, sources }
  })
}

/** What all of them may do; their rules are read at once. */
async function rightsOfAll(
  db: Queries,
  { orgId, projectId }: store.Where,
  candidates: readonly store.Candidate[],
) {
  const keys = [...new Set(candidates.flatMap((candidate) => candidate.keys))]
  if (projectId === undefined) {
    const known = await ofOrganization.meaningsOf(db, orgId, keys)
    return ofOrganization.sourcedRightsOfMany(known, candidates)
  }
  const known = await ofProject.meaningsOf(db, orgId, keys)
  const holders = candidates.map((candidate) => ({ keys: candidate.keys, named: namedOf(candidate) }))
  return ofProject.sourcedRightsOfMany(known, holders)
}
