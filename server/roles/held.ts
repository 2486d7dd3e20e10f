import { rightsOf, type Rights } from "../access/can.ts"
import { builtInRoles, builtInRules, type BuiltInRole, type Rule } from "../access/roles.ts"
import type { Queries } from "../db/database.ts"
import * as store from "./roles.store.ts"

/*
 * What somebody may do who holds certain roles. The database names each role by what it means: a custom role by the
 * digest of its rules. So rules that are known here are the ones that hold now, and new ones are asked for.
 */

type Rules = readonly Rule[]
const knownRules = new Map<string, Rules>()
const maxKnown = 5_000

/**
 * The rules of each of these roles, named as the database names them. Costs a question to the database only for a
 * custom role that this process has not met since it was last changed. Built-in roles come first, so that what a
 * custom role forbids is forbidden.
 */
export async function rulesOfRoles(db: Queries, orgId: string, keys: readonly string[]): Promise<Rules[]> {
  return (await meanings(db, orgId, keys)).map(({ rules }) => rules)
}

/** What the holder of these roles may do: the union of them all. */
export async function rightsOfRoles(db: Queries, orgId: string, keys: readonly string[]): Promise<Rights> {
  return rightsBy(await meanings(db, orgId, keys))
}

/** The same, with the key of the role that each of the rules comes from, in the order of the rules. */
export async function sourcedRightsOfRoles(
  db: Queries,
  orgId: string,
  keys: readonly string[],
): Promise<SourcedRights> {
  return sourcedBy(await meanings(db, orgId, keys))
}

/** Rights with the rules that they are of, and the key of what each comes from; in one order. */
type SourcedRights = { rights: Rights; sources: readonly { key: string; rule: Rule }[] }

const sourcedBy = (roles: readonly Meaning[]): SourcedRights => ({
  rights: rightsBy(roles),
  sources: roles.flatMap(({ key, rules }) => rules.map((rule) => ({ key, rule }))),
})

/** Rules by their key, for all keys at once; each once, in the order in which later ones win. */
export const meaningsOf = (db: Queries, orgId: string, keys: readonly string[]): Promise<Meaning[]> =>
  meanings(db, orgId, keys)

/** The rights of many, of whom all that is known of rules was read before: `known` has every key of theirs. */
export function sourcedRightsOfMany(
  known: readonly Meaning[],
  holders: readonly { keys: readonly string[] }[],
): SourcedRights[] {
  const sets = new Map<string, SourcedRights>()
  return holders.map(({ keys }) => {
    const set = keys.join(" ")
    // A role that was changed since its key was read is known by its new key.
    const ids = new Set(keys.map(idOf))
    const sourced = sets.get(set) ?? sourcedBy(known.filter(({ key }) => ids.has(idOf(key))))
    sets.set(set, sourced)
    return sourced
  })
}

const idOf = (key: string): string => key.split(":")[1] ?? key

const rightsBy = (roles: readonly Meaning[]): Rights =>
  rightsOf(roles.map(({ key }) => key).join(","), () => roles.flatMap(({ rules }) => rules))

export type Meaning = { key: string; rules: Rules }

/** Roles in the order in which later ones win: built-in ones, then custom ones by their ids, each once. */
export const inOrder = (keys: readonly string[]): { builtIn: BuiltInRole[]; custom: string[] } => ({
  builtIn: builtInRoles.filter((role) => keys.includes(role)),
  custom: [...new Set(keys)].filter((key) => key.startsWith("custom:")).toSorted(),
})

async function meanings(db: Queries, orgId: string, keys: readonly string[]): Promise<Meaning[]> {
  const { builtIn, custom } = inOrder(keys)
  return [
    ...builtIn.map((role): Meaning => ({ key: role, rules: builtInRules[role] })),
    ...(await customMeanings(db, orgId, custom)),
  ]
}

async function customMeanings(db: Queries, orgId: string, keys: string[]): Promise<Meaning[]> {
  if (knownRules.size >= maxKnown) knownRules.clear()
  const known = keys.flatMap((key): Meaning[] => {
    const rules = knownRules.get(key)
    return rules ? [{ key, rules }] : []
  })
  if (known.length === keys.length) return known
  // A role that was changed since its key was read comes back under its new key, and means what that says.
  const found = await store.rulesOf(
    db,
    orgId,
    keys.map((key) => key.split(":")[1] ?? ""),
  )
  for (const { key, permissions } of found) knownRules.set(key, permissions)
  return found.map(({ key, permissions }) => ({ key, rules: permissions }))
}
