import { rightsOf, type Rights } from "../access/can.ts"
import { builtInProjectRoles, builtInProjectRules } from "../access/project-roles.ts"
import { spelledOut } from "../access/project-rules.ts"
import type { Rule } from "../access/roles.ts"
import { filledIn, namesIn, valueOf, type Named } from "../access/templates.ts"
import type { Queries } from "../db/database.ts"
import * as store from "./held.store.ts"

export type { HeldRules, KeyedRules } from "./held.store.ts"
export { rulesHeldBy } from "./held.store.ts"

/*
 * What somebody may do in a project. The database names each set of rules by what it means, as it does in an
 * organization (`roles/held.ts`): what is kept here says what rules mean, never who has them.
 */

/** Rules by their key, with what they name of the caller. */
export type Meaning = { key: string; rules: readonly Rule[]; names: readonly string[] }

const builtIn = new Map<string, Meaning>(
  builtInProjectRoles.map((key) => [key, { key, rules: builtInProjectRules[key], names: [] }]),
)
const known = new Map<string, Meaning>()
const maxKnown = 5_000

/** The rules of each of these keys, as they are written: a role's or a privilege's, without the caller's values. */
export async function rulesOfKeys(
  db: Queries,
  orgId: string,
  keys: readonly string[],
): Promise<(readonly Rule[])[]> {
  return (await meanings(db, orgId, keys)).map(({ rules }) => rules)
}

/**
 * What the caller may do who has these rules in a project: the union of them all, with the caller's own values in
 * their conditions. Costs a question to the database only for rules that this process has not met.
 */
export async function projectRights(
  db: Queries,
  { orgId, named }: { orgId: string; named: Named },
  keys: readonly string[],
): Promise<Rights> {
  return rightsBy(await meanings(db, orgId, keys), named)
}

/** Rights with the rules that they are of, as they are written, and the key of what each comes from; in one order. */
export type SourcedRights = {
  rights: Rights
  sources: readonly { key: string; rule: Rule }[]
  /** Whether the rules name something that is noted about the caller. */ namesMetadata: boolean
}

/**
 * The same with the source of each rule. `ended` has the rules of privileges that are not there any more, for whoever
 * asks about an earlier time.
 */
export async function sourcedProjectRights(
  db: Queries,
  { orgId, named, ended }: { orgId: string; named: Named; ended: readonly store.KeyedRules[] },
  keys: readonly string[],
): Promise<SourcedRights> {
  const held = await meanings(db, orgId, keys, ended)
  return {
    rights: rightsBy(held, named),
    sources: sourcesOf(held),
    namesMetadata: held.some(({ names }) => names.some((name) => name.startsWith("metadata."))),
  }
}

/** Rules by their key as they are written, for all keys at once; each once, in the order in which later ones win. */
export const meaningsOf = (db: Queries, orgId: string, keys: readonly string[]): Promise<Meaning[]> =>
  meanings(db, orgId, keys)

/** The rights of many, of whom all that is known of rules was read before: `known` has every key of theirs. */
export function sourcedRightsOfMany(
  known: readonly Meaning[],
  holders: readonly { keys: readonly string[]; named: Named }[],
): Omit<SourcedRights, "namesMetadata">[] {
  const sets = new Map<string, Meaning[]>()
  return holders.map(({ keys, named }) => {
    const set = keys.join(" ")
    // A role that was changed since its key was read is known by its new key.
    const ids = new Set(keys.map(idOf))
    const held = sets.get(set) ?? known.filter(({ key }) => ids.has(idOf(key)))
    sets.set(set, held)
    return { rights: rightsBy(held, named), sources: sourcesOf(held) }
  })
}

const idOf = (key: string): string => key.split(":")[1] ?? key
const sourcesOf = (held: readonly Meaning[]) =>
  held.flatMap(({ key, rules }) => rules.map((rule) => ({ key, rule })))

function rightsBy(held: readonly Meaning[], named: Named): Rights {
  const names = [...new Set(held.flatMap((each) => each.names))]
  // Values are part of the name of the rights: two callers share them only where all that is named is the same.
  const values = names.map((name) => [name, valueOf(named, name) ?? null])
  const key = `project|${held.map((each) => each.key).join(",")}|${values.length > 0 ? JSON.stringify(values) : ""}`
  return rightsOf(key, () => {
    const rules = held.flatMap((each) => each.rules)
    return names.length > 0 ? filledIn(rules, named) : rules
  })
}

/** Built-in roles first, so that what custom rules forbid is forbidden; each once. */
async function meanings(
  db: Queries,
  orgId: string,
  keys: readonly string[],
  given: readonly store.KeyedRules[] = [],
): Promise<Meaning[]> {
  const isGiven = new Set(given.map(({ key }) => key))
  const custom = [...new Set(keys)].filter((key) => key.includes(":") && !isGiven.has(key))
  const roles = builtInProjectRoles.filter((role) => keys.includes(role))
  const found = [...(await customMeanings(db, orgId, custom)), ...given.map(meaningOf)]
  return [...roles.flatMap((role) => builtIn.get(role) ?? []), ...found.toSorted(inOrder)]
}

/** Roles before privileges, which people and machine identities have beside them; each by id. */
const inOrder = (one: Meaning, other: Meaning): number =>
  Number(isPrivilege(one)) - Number(isPrivilege(other)) || (one.key < other.key ? -1 : 1)
const isPrivilege = ({ key }: Meaning): boolean => key.includes("-privilege:")

async function customMeanings(db: Queries, orgId: string, keys: string[]): Promise<Meaning[]> {
  const met = keys.flatMap((key) => known.get(key) ?? [])
  if (met.length === keys.length) return met
  // Rules that were changed since their key was read come back under their new key, and mean what that says.
  const ids = keys.map((key) => key.split(":")[1] ?? "")
  const found = (await store.rulesOf(db, orgId, ids)).map(meaningOf)
  if (known.size >= maxKnown) known.clear()
  for (const meaning of found) known.set(meaning.key, meaning)
  return found
}

const meaningOf = ({ key, permissions }: store.KeyedRules): Meaning => ({
  key,
  rules: spelledOut(permissions),
  names: namesIn(permissions),
})
