import { builtInProjectRoleNames, isBuiltInProjectRole } from "../access/project-roles.ts"
import { builtInRoleNames, isBuiltInRole, type Rule } from "../access/roles.ts"
import type { Matching } from "../access/can.ts"
import type { HeldRow, Way } from "./standing.ts"

/*
 * From somebody to the rule that decides: each step with how long it lasts. It is drawn from what the decision was made
 * of, and decides nothing.
 */

/** A step of the way. Built-in roles have the same id everywhere; `name` is null for whoever may not see it. */
export type Link = {
  kind: "user" | "identity" | "group" | "project-membership" | "role" | "privilege"
  id: string
  name: string | null
  /** When it ends, where that is known. */ endsAt: Date | null
  /** The rule that decides, on the last step. */ rule?: Rule
}

/** What whoever asks may see. */
export type Sight = { groups(name: string): boolean; roles: boolean; privileges: boolean }

/** All ways to a rule of somebody's, by its place among their rules: the shortest first, of equally short ones what lasts longest. */
export function waysTo(standing: Way, index: number, sight: Sight): Link[][] {
  const source = standing.sources[index]
  if (!source) throw new Error("Every rule has a source")
  // A role that is changed at this moment has another key than it had a look-up before.
  const id = idOf(source.key)
  return standing.held
    .filter(({ key }) => key !== null && idOf(key) === id)
    .map((row) => linksOf(standing, row, { rule: source.rule, sight }))
    .toSorted(nearer)
}

/** The shortest way to a rule of somebody's. */
export const chainTo = (standing: Way, index: number, sight: Sight): Link[] =>
  waysTo(standing, index, sight)[0] ?? []

/** Of several rules each of which is enough, the way to the one that is nearest. */
export const shortestOf = (standing: Way, indexes: readonly number[], sight: Sight): Link[] | undefined =>
  indexes.flatMap((index) => waysTo(standing, index, sight)).toSorted(nearer)[0]

export const nearer = (one: readonly Link[], other: readonly Link[]): number =>
  one.length - other.length || endOf(other) - endOf(one)

/** What a key is about, whatever its rules are at the moment: a built-in role, a custom one, or a privilege. */
export const idOf = (key: string): string => key.split(":")[1] ?? key

/** When the first of the steps ends. */
const endOf = (links: readonly Link[]): number =>
  Math.min(...links.map(({ endsAt }) => endsAt?.getTime() ?? Number.MAX_SAFE_INTEGER))

/** The rules each of which is enough: those that allow it and have no later one against them. */
export const givingIn = (matching: readonly Matching[]): number[] => {
  const first = matching.findIndex(({ inverted }) => inverted)
  return (first < 0 ? matching : matching.slice(0, first)).map(({ index }) => index)
}

function linksOf({ kind, holder }: Way, row: HeldRow, { rule, sight }: { rule: Rule; sight: Sight }): Link[] {
  const { group_id, group_name, group_until, place_id, place_until } = row
  const links: Link[] = [{ kind, id: holder.id, name: holder.name, endsAt: holder.valid_until }]
  if (group_id !== null) {
    const name = group_name !== null && sight.groups(group_name) ? group_name : null
    links.push({ kind: "group", id: group_id, name, endsAt: group_until })
  }
  if (place_id !== null)
    links.push({ kind: "project-membership", id: place_id, name: null, endsAt: place_until })
  return [...links, grantOf(row, rule, sight)]
}

function grantOf(row: HeldRow, rule: Rule, sight: Sight): Link {
  const { grant_id, grant_name, grant_until: endsAt, is_privilege } = row
  if (grant_id === null) return { kind: "role", ...builtIn(row), endsAt, rule }
  const isSeen = is_privilege ? sight.privileges : sight.roles
  return {
    kind: is_privilege ? "privilege" : "role",
    id: grant_id,
    name: isSeen ? grant_name : null,
    endsAt,
    ...(isSeen ? { rule } : {}),
  }
}

/** Built-in roles are known to everybody. */
function builtIn({ key, place_id }: HeldRow): { id: string; name: string } {
  if (key !== null && place_id !== null && isBuiltInProjectRole(key)) return builtInProjectRoleNames[key]
  if (key !== null && place_id === null && isBuiltInRole(key)) return builtInRoleNames[key]
  throw new Error("A role that is none of its own is built in")
}
