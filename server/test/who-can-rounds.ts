import { isDeepStrictEqual } from "node:util"
import type { ProjectPermission } from "../access/vocabulary.ts"
import type { Queries } from "../db/database.ts"
import { heldByMany } from "../db/held-by-many.ts"
import type { Sight } from "../explain/chain.ts"
import { find, type Bounds, type Found } from "../explain/crowd.ts"
import type { Mark } from "../explain/cursor.ts"
import { explained, sourcesOf } from "../explain/explain.ts"
import type { Question } from "../explain/question.ts"
import { standingOf } from "../explain/standing.ts"
import type { ProjectCase } from "./random-projects.ts"

/*
 * The list of those who may do something against the explanation of each of them: the same people and machine
 * identities, by the same ways, however the list is cut into pages and wherever they are looked for.
 */

const everything: Sight = { groups: () => true, roles: true, privileges: true }

/** Pages of few and of many, found by what might give the right and among all, and cut where enough were looked at. */
const ways: readonly Bounds[] = [
  { limit: 100, few: 4_000, lookedAt: 2_000 },
  { limit: 1, few: 4_000, lookedAt: 2_000 },
  { limit: 3, few: 0, lookedAt: 2_000 },
  { limit: 2, few: 5, lookedAt: 3 },
]

/** How many lists there were, how many are in them, and what is wrong with them in words. */
export type Outcome = { lists: number; listed: number; differences: string[] }

/** All questions that were drawn for anybody in the project, about all of them. */
export async function whoCanRound(db: Queries, cases: readonly ProjectCase[]): Promise<Outcome> {
  const outcome: Outcome = { lists: 0, listed: 0, differences: [] }
  const [first] = cases
  if (!first || first.isDeleted) return outcome
  const where = { orgId: first.place.orgId, projectId: first.place.projectId }
  const standings = await Promise.all(
    cases.map(({ kind, member }) => standingOf(db, { kind, id: member.named.id }, where)),
  )
  for (const { action, subject, thing } of cases.flatMap(({ questions }) => questions.slice(0, 1))) {
    const question = { permission: [action, subject] as unknown as ProjectPermission, object: thing }
    const expected = standings.flatMap((standing) => {
      if (!standing) return []
      const { allowed, chain } = explained(standing, question, everything)
      return allowed ? [`${standing.kind} ${standing.holder.id} ${shapeOf(chain)}`] : []
    })
    for (const bounds of ways) {
      const listed = await listOf(db, where, question, bounds)
      outcome.lists++
      outcome.listed += listed.length
      if (!isDeepStrictEqual(listed.toSorted(), expected.toSorted()))
        outcome.differences.push(JSON.stringify({ question, bounds, listed, expected }))
    }
  }
  return outcome
}

/** Which of equally near ways it is hangs on nothing. */
const shapeOf = (chain: readonly { endsAt: Date | null }[]): string =>
  `${chain.length} ${Math.min(...chain.map(({ endsAt }) => endsAt?.getTime() ?? Infinity))}`

type Where = { orgId: string; projectId: string }

/** The whole list, page by page, each with its nearest way. */
async function listOf(db: Queries, where: Where, question: Question, bounds: Bounds): Promise<string[]> {
  const search = {
    where,
    question,
    kinds: ["user", "identity"] as const,
    text: undefined,
    isShown: () => true,
  }
  const listed: string[] = []
  let mark: Mark | undefined
  do {
    const { found, next } = await find(db, search, mark, bounds)
    if (found.length > bounds.limit) listed.push("a page is too long")
    for (const kind of ["user", "identity"] as const) {
      const ofKind = found.filter((one) => one.kind === kind)
      if (ofKind.length > 0) listed.push(...(await shownOf(db, where, question, ofKind)))
    }
    if (mark && next && mark.kind === next.kind && next.after.name < mark.after.name)
      listed.push("it goes back")
    mark = next
  } while (mark)
  return listed
}

async function shownOf(db: Queries, where: Where, question: Question, found: Found[]): Promise<string[]> {
  const things = found.flatMap(({ sources }) => sources.map(({ key }) => key.split(":")[1] ?? key))
  const ids = found.map(({ candidate }) => candidate.membership_id)
  const rows = await heldByMany(db, { kind: found[0]?.kind ?? "user", ...where }, ids, things)
  return found.map(({ kind, candidate, rights, sources }) => {
    const held = rows.filter(({ membership_id: id }) => id === candidate.membership_id)
    const way = { kind, holder: candidate, held, rights, sources }
    const [chain = []] = sourcesOf(way, question, everything).chains
    return `${kind} ${candidate.id} ${shapeOf(chain)}`
  })
}
