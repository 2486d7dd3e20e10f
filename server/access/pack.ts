import type { RawRuleOf, MongoAbility } from "@casl/ability"
import { packRules } from "@casl/ability/extra"
import type { Rule } from "./roles.ts"

/** Rules in the short form of the public API: `["read,create", "groups"]`, then conditions and inversion where set. */
export const packed = (rules: readonly Rule[]): unknown[] =>
  packRules(rules as readonly RawRuleOf<MongoAbility>[])
