import type { Permission, ProjectPermission } from "../access/vocabulary.ts"
import type { Queries } from "../db/database.ts"
import { explained } from "../explain/explain.ts"
import type { Sight } from "../explain/chain.ts"
import { standingOf, type Standing } from "../explain/standing.ts"
import { lookUp } from "../auth/authenticate.ts"
import { isInProject, permitsInProject, rulesInProject } from "./project-oracle.ts"
import { lookUpIn } from "./project-oracle-rounds.ts"
import type { ProjectCase } from "./random-projects.ts"

/*
 * Explanations against decisions: the same people and machine identities, as a request of theirs is decided and as it is
 * explained, now and from the intervals.
 */

const everything: Sight = { groups: () => true, roles: true, privileges: true }

/** Where explanations of a case are not what is decided, in words, and how many there were of each. */
export type Outcome = { asked: number; allowed: number; differences: string[] }

export async function explainRound(db: Queries, one: ProjectCase, now: number): Promise<Outcome> {
  const outcome: Outcome = { asked: 0, allowed: 0, differences: [] }
  if (one.isDeleted) return outcome
  const { orgId, projectId } = one.place
  const subject = { kind: one.kind, id: one.member.named.id }
  const project = await lookUpIn(db, { lookUp }, one)
  const found = await standingOf(db, subject, { orgId, projectId })
  if (!project || !found) return { ...outcome, differences: [`${one.name} is not found`] }
  // Metadata of machine identities is not dated, so that an earlier time may be refused.
  const then = await standingOf(db, subject, { orgId, projectId, at: found.holder.now }).catch(
    () => undefined,
  )
  const say = (what: string): void => void outcome.differences.push(`${one.name}: ${what}`)
  if (then === undefined && one.kind === "user") say("an earlier time is refused")
  const isOutside = found.hindrance === "no-place-in-project"
  if (isOutside === project.isMember || project.isMember !== isInProject(one.member, now))
    say("the place is another")
  const rules = rulesInProject(one.member, now)
  for (const question of one.questions) {
    const permission = [question.action, question.subject] as unknown as ProjectPermission
    const isAllowed = project.rights.can(permission, question.thing)
    outcome.asked++
    if (isAllowed) outcome.allowed++
    if (isAllowed !== permitsInProject(rules, question)) say("it is decided otherwise than the oracle does")
    for (const standing of then ? [found, then] : [found]) {
      const fault = faultIn(standing, { permission, object: question.thing }, isAllowed)
      if (fault) say(`${fault}: ${JSON.stringify({ question, rules })}`)
    }
  }
  return outcome
}

type Question = { permission: Permission; object: Record<string, unknown> | undefined }

/** What is wrong with an explanation, or undefined. */
function faultIn(standing: Standing, question: Question, isAllowed: boolean): string | undefined {
  const { allowed, chain, missing } = explained(standing, question, everything)
  if (allowed !== isAllowed) return `explained as ${allowed ? "allowed" : "refused"}`
  if (allowed) {
    if (missing || chain.at(-1)?.rule === undefined || chain.at(-1)?.rule?.inverted)
      return "no rule at the end gives it"
    return chain[0]?.id === standing.holder.id ? undefined : "the way does not begin with them"
  }
  if (chain.length > 0 || !missing) return "nothing is missing"
  const isForbidden = missing.reason === "forbidden"
  return isForbidden && !missing.forbiddenBy.at(-1)?.rule?.inverted
    ? "no rule at the end forbids it"
    : undefined
}
