import { createMongoAbility, type MongoAbility, type RawRuleOf } from "@casl/ability"
import { builtInRules, isBuiltInRole, type Rule } from "./roles.ts"
import type { OrganizationPermission } from "./vocabulary.ts"

/** The parsed rules of a set of roles. Shared between requests: it says what roles mean, not who holds them. */
export type Rights = {
  /** True when some rule allows it and no later one forbids it. */
  can(permission: OrganizationPermission): boolean
  /** The rules that speak about it, for the `details` of a refusal. */
  rulesFor(permission: OrganizationPermission): Rule[]
}

const byRoles = new Map<string, Rights>()

/** What the holder of these roles may do: their union. Roles that mean nothing (`no-access`) add nothing. */
export function rightsOfRoles(roles: readonly string[]): Rights {
  const key = [...new Set(roles)].toSorted().join(",")
  const known = byRoles.get(key)
  if (known) return known
  const rules = key.split(",").flatMap((role) => (isBuiltInRole(role) ? builtInRules[role] : []))
  const rights = parse(rules)
  byRoles.set(key, rights)
  return rights
}

function parse(rules: Rule[]): Rights {
  const ability = createMongoAbility(rules as RawRuleOf<MongoAbility>[])
  return {
    can: ([action, subject]) => ability.can(action, subject),
    rulesFor: ([action, subject]) =>
      ability.rulesFor(action, subject).map((rule) => ({
        action: rule.action,
        inverted: rule.inverted,
        subject: String(rule.subject),
        ...(rule.conditions ? { conditions: rule.conditions } : {}),
      })),
  }
}
