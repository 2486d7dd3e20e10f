import { isDeepStrictEqual } from "node:util"
import { sql } from "kysely"
import type * as authenticate from "../auth/authenticate.ts"
import { builtInProjectRoles } from "../access/project-roles.ts"
import type { ProjectPermission } from "../access/vocabulary.ts"
import type { Queries } from "../db/database.ts"
import type * as heldRules from "../projects/held.ts"
import type { Interval, OracleRule } from "./oracle.ts"
import {
  heldInProject,
  isInProject,
  permitsInProject,
  rulesInProject,
  type ProjectMember,
} from "./project-oracle.ts"
import type { ProjectCase } from "./random-projects.ts"

/*
 * Rights in projects against the oracle: what the server's own query finds about somebody, and what it decides by that.
 */

/** What decides: the server as it is, or as it would be with a mistake in it. */
export type Engine = Pick<typeof authenticate, "lookUp"> & Pick<typeof heldRules, "rulesHeldBy">

/** The project of a case as the engine finds it for whom the case is about. */
export async function lookUpIn(db: Queries, { lookUp }: Pick<Engine, "lookUp">, one: ProjectCase) {
  const project = { key: "id", value: one.place.projectId } as const
  const beside = { facts: undefined, values: [], project }
  return (await lookUp(db, one.claims, beside, { ip: "127.0.0.1", beforeSecondFactor: false })).project
}

/** Where the engine says something else than the oracle about this case, in words. */
export async function differences(
  db: Queries,
  engine: Engine,
  { one, now }: { one: ProjectCase; now: number },
): Promise<string[]> {
  const { place, member } = one
  const project = await lookUpIn(db, engine, one)
  if (one.isDeleted) return project ? [`${one.name}: a deleted project is found`] : []
  if (!project) return [`${one.name}: the project is not found`]
  const { isMember, rights } = project
  const found: string[] = []
  const compare = (what: string, said: unknown, meant: unknown): void => {
    if (isDeepStrictEqual(said, meant)) return
    found.push(`${one.name}, ${what}: it says ${JSON.stringify(said)}, the oracle ${JSON.stringify(meant)}`)
  }
  compare("is in it", isMember, isInProject(member, now))
  const held = await engine.rulesHeldBy(db, one.kind, place)
  compare("what is held", held.map(shownRow).toSorted(), heldInProject(member, now).map(shown).toSorted())
  const rules = rulesInProject(member, now)
  for (const question of one.questions) {
    const permission = [question.action, question.subject] as unknown as ProjectPermission
    const isAllowed = rights.can(permission, question.thing)
    compare(JSON.stringify({ question, rules }), isAllowed, permitsInProject(rules, question))
  }
  return found
}

/** The same of what all of them hold, in two statements: whose rows in the views are not what the oracle says. */
export async function misheld(db: Queries, cases: readonly ProjectCase[], now: number): Promise<string[]> {
  const said = new Map<string, string[]>()
  for (const kind of ["user", "identity"] as const) {
    const { rows } = await sql<heldRules.HeldRules & { project_id: string; membership_id: string }>`
      select project_id, membership_id, rules_key as key, source_kind, source_id, valid_from, valid_until
      from ${sql.table(`held_project_${kind}_rules`)}`.execute(db)
    for (const { project_id, membership_id, ...row } of rows) {
      const place = `${project_id} ${membership_id}`
      said.set(place, [...(said.get(place) ?? []), shownRow(row)])
    }
  }
  const isOtherwise = ({ place, member }: ProjectCase): boolean => {
    const rows = said.get(`${place.projectId} ${place.membershipId}`) ?? []
    return !isDeepStrictEqual(rows.toSorted(), heldInProject(member, now).map(shown).toSorted())
  }
  return cases.filter(isOtherwise).map(({ name }) => name)
}

const shownRow = ({ key, ...row }: heldRules.HeldRules): string => {
  const what = key.split(":")[1] ?? key
  return [row.source_kind, row.source_id, what, row.valid_from.getTime(), row.valid_until?.getTime()].join(
    " ",
  )
}
const shown = ({ kind, sourceId, what, when }: ReturnType<typeof heldInProject>[number]): string =>
  [kind, sourceId, what, when.from, when.until ?? undefined].join(" ")

/* What a decision can turn on: the rules as they would be if there were no such thing. */

type Without = (member: ProjectMember, now: number) => OracleRule[]

const withoutRules =
  (change: (rule: OracleRule) => OracleRule[]): Without =>
  (member, now) =>
    rulesInProject(member, now).flatMap(change)
const withoutConditions = (change: (conditions: object) => object): Without =>
  withoutRules((rule) =>
    rule.conditions ? [{ ...rule, conditions: change(rule.conditions) as Record<string, unknown> }] : [rule],
  )
const withoutOperator = (operator: string): Without => withoutConditions((each) => without(each, operator))

/** The conditions with one operator taken out, and fields that nothing else narrows; a plain value is `$eq`. */
function without(conditions: object, operator: string): object {
  const left = Object.entries(conditions).flatMap(([field, written]: [string, unknown]) => {
    const operators = typeof written === "object" && written !== null ? written : { $eq: written }
    const others = Object.entries(operators)
      .filter(([each]) => each !== operator)
      .map(([each, operand]) => [
        each,
        each === "$elemMatch" ? without(operand as object, operator) : operand,
      ])
    return others.length > 0 ? [[field, Object.fromEntries(others)]] : []
  })
  return Object.fromEntries(left)
}

const withMember =
  (change: (member: ProjectMember) => Partial<ProjectMember>): Without =>
  (member, now) =>
    rulesInProject({ ...member, ...change(member) }, now)
const withIntervals = (change: (when: Interval) => Interval): Without =>
  withMember(({ ways, privileges }) => ({
    ways: ways.map((way) => ({
      ...way,
      when: way.when.map(change),
      grants: way.grants.map((grant) => ({ ...grant, when: change(grant.when) })),
    })),
    privileges: privileges.map((each) => ({ ...each, when: change(each.when) })),
  }))
const withoutRoles = (isMeant: (role: string) => boolean): Without =>
  withMember(({ ways }) => ({
    ways: ways.map((way) => ({ ...way, grants: way.grants.filter(({ role }) => !isMeant(role)) })),
  }))
const isBuiltIn = (role: string): boolean => (builtInProjectRoles as readonly string[]).includes(role)

const features: Readonly<Record<string, Without>> = {
  "built-in roles": withoutRoles(isBuiltIn),
  "custom roles": withoutRoles((role) => !isBuiltIn(role)),
  privileges: withMember(() => ({ privileges: [] })),
  "own memberships": withMember(({ ways }) => ({ ways: ways.filter(({ kind }) => kind !== "own") })),
  groups: withMember(({ ways }) => ({ ways: ways.filter(({ kind }) => kind !== "group") })),
  conditions: withoutConditions(() => ({})),
  $eq: withoutOperator("$eq"),
  $ne: withoutOperator("$ne"),
  $in: withoutOperator("$in"),
  $glob: withoutOperator("$glob"),
  $elemMatch: withoutOperator("$elemMatch"),
  "{{identity.…}}": withMember(() => ({ named: { id: "", username: "", metadata: {} } })),
  inversion: withoutRules((rule) => (rule.inverted ? [] : [rule])),
  "the later rule": (member, now) => rulesInProject(member, now).toReversed(),
  beginnings: withIntervals((when) => ({ ...when, from: 0 })),
  ends: withIntervals((when) => ({ ...when, until: null })),
  "endings by hand": withIntervals((when) => ({ ...when, isClosed: false })),
  "breaks between ways": withMember(({ privileges }) => ({
    privileges: privileges.map((each) => ({ ...each, givenAt: Number.POSITIVE_INFINITY })),
  })),
}

/** How many decisions were made, and how many of them turned on what. */
export class Tally {
  cases = 0
  decisions = 0
  allowed = 0
  readonly turned = new Map(Object.keys(features).map((name) => [name, { allowed: 0, refused: 0 }]))

  /** Counts what the oracle says about a case; a decision turns on what it would be another one without. */
  count({ member, questions, isDeleted }: ProjectCase, now: number): void {
    this.cases++
    if (isDeleted) return
    const rules = rulesInProject(member, now)
    // Most decisions could not turn on most things.
    const others = Object.entries(features)
      .map(([name, without]) => ({ name, rules: without(member, now) }))
      .filter((other) => !isDeepStrictEqual(other.rules, rules))
    for (const question of questions) {
      const isAllowed = permitsInProject(rules, question)
      this.decisions++
      if (isAllowed) this.allowed++
      for (const { name, rules } of others) {
        const counts = this.turned.get(name)
        if (counts && permitsInProject(rules, question) !== isAllowed) {
          counts[isAllowed ? "allowed" : "refused"]++
        }
      }
    }
  }
}
