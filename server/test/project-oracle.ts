import { builtInProjectRules, isBuiltInProjectRole } from "../access/project-roles.ts"
import { isNow, permits, starAsText, type Grant, type Interval, type OracleRule } from "./oracle.ts"

/*
 * The second opinion (`oracle.ts`) on who may do what in a project: what somebody has there at a moment and by what,
 * and what the rules say once the caller's own values stand in them. It shares no line with what the server decides by.
 */

/** A way into a project: a membership of one's own, or a group that is in it. */
export type ProjectWay = {
  kind: "own" | "group"
  /** The membership, or the group. */ sourceId: string
  /** All of these must last. */ when: readonly Interval[]
  grants: readonly Grant[]
}
export type Privilege = { id: string; when: Interval; givenAt: number; rules: readonly OracleRule[] }
/** What rules may name of somebody. */
export type Named = { id: string; username: string; metadata: Readonly<Record<string, string>> }

/** Somebody of the organization, as one project knows them. */
export type ProjectMember = {
  named: Named
  ways: readonly ProjectWay[]
  privileges: readonly Privilege[]
  /** The roles that the project made for itself, by their ids. */
  customRoles: ReadonlyMap<string, readonly OracleRule[]>
}

const lasts = ({ when }: ProjectWay, now: number): boolean => when.every((each) => isNow(each, now))
const since = ({ when }: ProjectWay): number => Math.max(...when.map(({ from }) => from))

/** Whether somebody is in the project. */
export const isInProject = ({ ways }: ProjectMember, now: number): boolean =>
  ways.some((way) => lasts(way, now))

/** A set of rules that somebody has: `what` is a built-in role, or the id of a custom one or of the privilege. */
export type Held = { kind: "own" | "group" | "privilege"; sourceId: string; what: string; when: Interval }

/** All that somebody has in the project at a moment, with where it comes from and how long it is good. */
export function heldInProject({ ways, privileges }: ProjectMember, now: number): Held[] {
  const open = ways.filter((way) => lasts(way, now))
  const held: Held[] = []
  for (const { kind, sourceId, grants } of open) {
    for (const { role: what, when } of grants) if (isNow(when, now)) held.push({ kind, sourceId, what, when })
  }
  for (const { id, when, givenAt } of privileges) {
    // Who was given it and has come in anew since then has left it behind.
    const hasStayed = open.some((way) => since(way) <= givenAt)
    if (isNow(when, now) && hasStayed) held.push({ kind: "privilege", sourceId: id, what: id, when })
  }
  return held
}

/**
 * The rules that somebody is judged by, later ones winning: those of built-in roles, of the project's own by their
 * ids, then those of privileges by theirs.
 */
export function rulesInProject(member: ProjectMember, now: number): OracleRule[] {
  const held = new Set(heldInProject(member, now).map(({ what }) => what))
  const rules: OracleRule[] = []
  for (const role of ["admin", "member", "viewer", "no-access"]) {
    if (held.has(role) && isBuiltInProjectRole(role)) rules.push(...builtInProjectRules[role])
  }
  for (const id of [...member.customRoles.keys()].toSorted()) {
    if (held.has(id)) rules.push(...(member.customRoles.get(id) ?? []))
  }
  for (const { id, rules: own } of member.privileges.toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
    if (held.has(id)) rules.push(...own)
  }
  return rules.map((rule) => filled(rule, member.named))
}

function filled(rule: OracleRule, named: Named): OracleRule {
  if (!rule.conditions) return rule
  return { ...rule, conditions: valueFor(rule.conditions, named, false) as Record<string, unknown> }
}

function valueFor(written: unknown, named: Named, isPattern: boolean): unknown {
  if (typeof written === "string") return textFor(written, named, isPattern)
  if (Array.isArray(written)) return written.map((each) => valueFor(each, named, isPattern))
  const entries = Object.entries(written as object)
  return Object.fromEntries(entries.map(([key, each]) => [key, valueFor(each, named, key === "$glob")]))
}

/** A text with what stands between braces replaced; in a pattern it is a text still. */
export function textFor(text: string, named: Named, isPattern: boolean): string {
  const begin = text.indexOf("{{")
  const end = text.indexOf("}}", begin)
  if (begin < 0 || end < 0) return text
  const between = text.slice(begin + 2, end).trim()
  const value = ownValue(between, named) ?? text.slice(begin, end + 2)
  const shown = isPattern ? value.replaceAll("*", starAsText) : value
  return text.slice(0, begin) + shown + textFor(text.slice(end + 2), named, isPattern)
}

function ownValue(name: string, { id, username, metadata }: Named): string | undefined {
  if (name === "identity.id") return id
  if (name === "identity.username") return username
  const prefix = "identity.metadata."
  if (!name.startsWith(prefix)) return undefined
  return Object.entries(metadata).find(([key]) => key === name.slice(prefix.length))?.[1]
}

/** Something to do in a project, or with some thing of it. */
export type Question = { action: string; subject: string; thing: Record<string, unknown> | undefined }

/** Whether the rules allow it. To `read` secrets is to see that they are there and to read their values, both. */
export function permitsInProject(
  rules: readonly OracleRule[],
  { action, subject, thing }: Question,
): boolean {
  if (subject !== "secrets") return permits(rules, action, subject, thing)
  const meant = rules.map((rule) =>
    [rule.action].flat().includes("read")
      ? { ...rule, action: [rule.action, "describeSecret", "readValue"].flat() }
      : rule,
  )
  const asked = action === "read" ? ["describeSecret", "readValue"] : [action]
  return asked.every((each) => permits(meant, each, subject, thing))
}
