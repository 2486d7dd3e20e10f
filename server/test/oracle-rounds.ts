import type { OrganizationActor } from "../access/actor.ts"
import { PermissionBoundaryError } from "../access/access.ts"
import { requireBoundary, requireCovers } from "../access/boundary.ts"
import { rightsOf, type Rights } from "../access/can.ts"
import { builtInRoles, builtInRules } from "../access/roles.ts"
import type { OrganizationPermission } from "../access/vocabulary.ts"
import { inOrder } from "../roles/held.ts"
import { covers, permits, type OracleRule } from "./oracle.ts"
import {
  lessThan,
  randomPermission,
  randomRules,
  randomThing,
  universe,
  type Choices,
} from "./random-rights.ts"

/** What one random case came to: what was said of it, and in words where the oracle says otherwise. */
export type Outcome = { isAllowed: boolean; difference: string | undefined }

const outcome = (isAllowed: boolean, isMeant: boolean, of: unknown): Outcome => ({
  isAllowed,
  difference:
    isAllowed === isMeant ? undefined : `the oracle ${isMeant ? "allows" : "refuses"}: ${JSON.stringify(of)}`,
})

let made = 0
/** The rights that rules give; under a name of its own each time, so that they are parsed. */
const rightsBy = (rules: readonly OracleRule[]): Rights => rightsOf(`case ${++made}`, () => rules)
const asPermission = (permission: [string, string]) => permission as unknown as OrganizationPermission

/** Somebody with random roles asks for something, or about some thing. */
export function evaluatorCase(choices: Choices): Outcome {
  const custom = new Map<string, OracleRule[]>(
    choices.list(3, () => [`custom:${choices.below(100)}`, randomRules(choices)] as const),
  )
  const held: string[] = [...choices.some(builtInRoles), ...custom.keys(), ...custom.keys()].toReversed()
  const order = inOrder(held)
  const rights = rightsBy([
    ...order.builtIn.flatMap((role) => builtInRules[role]),
    ...order.custom.flatMap((key) => custom.get(key) ?? []),
  ])
  const rules = [
    ...["admin", "member", "no-access"].flatMap((role) =>
      held.includes(role) ? builtInRules[role as (typeof builtInRoles)[number]] : [],
    ),
    ...[...custom].toSorted(([one], [other]) => (one < other ? -1 : 1)).flatMap(([, own]) => own),
  ]
  const [action, subject] = randomPermission(choices)
  const thing = choices.onceIn(3) ? undefined : randomThing(choices)
  const isAllowed = rights.can(asPermission([action, subject]), thing)
  return outcome(isAllowed, permits(rules, action, subject, thing), { rules, action, subject, thing })
}

/** Somebody with random rights hands out random roles, in either privilege system. */
export async function boundaryCase(choices: Choices): Promise<Outcome> {
  const rules = [...randomRules(choices), ...randomRules(choices)]
  const target = () => (choices.onceIn(4) ? randomRules(choices) : lessThan(choices, rules))
  const roles = [target(), ...choices.list(1, target)]
  const permission = randomPermission(choices)
  const usesNewPrivilegeSystem = choices.onceIn(3)
  const isByRules = choices.onceIn(2)
  const actor = { rights: rightsBy(rules), usesNewPrivilegeSystem } as OrganizationActor
  const isAllowed = await passes(async () => {
    if (isByRules) for (const each of roles) requireCovers(actor, each, "It is refused")
    else await requireBoundary(actor, asPermission(permission), "It is refused", async () => roles)
  })
  const isCovered = () => roles.every((each) => covers(rules, each, universe))
  const isMeant = usesNewPrivilegeSystem && !isByRules ? permits(rules, ...permission) : isCovered()
  return outcome(isAllowed, isMeant, { rules, roles, permission, usesNewPrivilegeSystem, isByRules })
}

// Of the random rules of an organization, those that are narrowed are about secrets in a project.
const ofSecrets: Readonly<Record<string, string>> = {
  read: "read",
  connect: "describeSecret",
  edit: "readValue",
}
const inProject = (rules: readonly OracleRule[]): OracleRule[] =>
  rules.map((rule) =>
    rule.subject === "app-connections"
      ? { ...rule, subject: "secrets", action: [rule.action].flat().map((each) => ofSecrets[each] ?? each) }
      : rule,
  )

/** Names whoever will have the rule in one of its conditions, which narrows nothing until they are known. */
const naming = (choices: Choices, rule: OracleRule): OracleRule =>
  rule.conditions && choices.onceIn(3)
    ? { ...rule, conditions: { ...rule.conditions, secretPath: { $in: ["/a", "/{{identity.username}}"] } } }
    : rule
function withoutNames({ conditions, ...rule }: OracleRule): OracleRule {
  const left = Object.entries(conditions ?? {}).filter(([, each]) => !JSON.stringify(each).includes("{{"))
  return { ...rule, conditions: Object.fromEntries(left) }
}

/** The actions that a rule is about: to `read` secrets is to do both others, and to be allowed both is to read. */
function meant(rule: OracleRule): OracleRule {
  const actions = new Set([rule.action].flat())
  const parts = ["describeSecret", "readValue"]
  if (rule.subject !== "secrets") return rule
  if (actions.has("read")) return { ...rule, action: ["read", ...parts] }
  const isBoth = !rule.inverted && parts.every((part) => actions.has(part))
  return isBoth ? { ...rule, action: ["read", ...parts] } : rule
}

/** Somebody with random rights in a project hands out rules there, some of which name whoever will have them. */
export async function projectGuardCase(choices: Choices): Promise<Outcome> {
  const drawn = [...randomRules(choices), ...randomRules(choices)]
  const rules = inProject(drawn)
  const less = choices.onceIn(4) ? randomRules(choices) : lessThan(choices, drawn)
  const target = inProject(less).map((rule) => naming(choices, rule))
  const isAllowed = await passes(
    async () => void requireCovers({ rights: rightsBy(rules) }, target, "It is refused"),
  )
  const isMeant = covers(rules.map(meant), target.map(withoutNames).map(meant), universe)
  return outcome(isAllowed, isMeant, { rules, target })
}

async function passes(act: () => Promise<void>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    if (error instanceof PermissionBoundaryError) return false
    throw error
  }
}
