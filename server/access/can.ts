import { Ability, type RawRuleOf } from "@casl/ability"
import { matches, type SubjectFields } from "./conditions.ts"
import { partsOf } from "./project-rules.ts"
import type { Rule } from "./roles.ts"
import type { Permission } from "./vocabulary.ts"

/** The parsed rules of a set of roles. Shared between requests: it says what roles mean, not who holds them. */
export type Rights = {
  /**
   * True when some rule allows it and no later one forbids it. Without an object it asks whether there may be one to
   * which it is allowed: conditions are judged against an object only.
   */
  can(permission: Permission, object?: SubjectFields): boolean
  /**
   * The rules that `can` looks at, by their places in `rules`, the one that decides first: for each of all that must be
   * allowed for it. What has none is not allowed.
   */
  matching(permission: Permission, object?: SubjectFields): readonly (readonly Matching[])[]
  /** The rules that speak about it, for the `details` of a refusal. */
  rulesFor(permission: Permission): Rule[]
  /** Its own number in this process: rights of one number are the same. */ readonly number: number
  /** All of them, in the order in which later ones win. */ rules: readonly Rule[]
}

/** A rule that speaks about what was asked, by its place among all of them. */
export type Matching = { index: number; inverted: boolean }

const known = new Map<string, Rights>()
const maxKnown = 5_000
let parsedSoFar = 0

/**
 * What the holder of these rules may do: their union; a later rule wins over an earlier one about the same. `key`
 * names the rules by their content, so that they are parsed once.
 */
export function rightsOf(key: string, rules: () => readonly Rule[]): Rights {
  const parsed = known.get(key)
  if (parsed) return parsed
  if (known.size >= maxKnown) known.clear()
  const rights = parse(rules())
  known.set(key, rights)
  return rights
}

function parse(rules: readonly Rule[]): Rights {
  const ability = new Ability<Asked, Conditions>([...rules] as RawRuleOf<Ability<Asked, Conditions>>[], {
    conditionsMatcher,
    detectSubjectType: ({ subject }) => subject,
  })
  const places = new Map<object, number>(rules.map((rule, index) => [rule, index]))
  return {
    number: ++parsedSoFar,
    rules,
    can: (permission, object) =>
      partsOf(permission).every(([action, subject]) =>
        ability.can(action, object ? { subject, object } : subject),
      ),
    matching: (permission, object) =>
      partsOf(permission).map(([action, subject]) =>
        ability
          .rulesFor(action, subject)
          .filter((rule) => rule.matchesConditions(object ? { subject, object } : subject))
          .map(({ origin, inverted }) => ({ index: places.get(origin) ?? 0, inverted })),
      ),
    rulesFor: ([action, subject]) =>
      ability.rulesFor(action, subject).map((rule) => ({
        action: rule.action,
        inverted: rule.inverted,
        subject: String(rule.subject),
        ...(rule.conditions ? { conditions: rule.conditions } : {}),
      })),
  }
}

type Conditions = Record<string, unknown>
/** An object with the subject that it is of; rules know subjects by name. */
type Judged = { subject: string; object: SubjectFields }
type Asked = [action: string, subject: string | Judged]

const conditionsMatcher = (conditions: Conditions) =>
  Object.assign((judged: object) => matches(conditions, (judged as Judged).object), {
    // What is forbidden under no condition at all is forbidden without an object, too.
    matchesAll: Object.keys(conditions).length === 0,
  })
