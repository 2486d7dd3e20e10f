import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { createMongoAbility, subject as typed, type MongoAbility, type RawRuleOf } from "@casl/ability"
import { missingFrom } from "./covers.ts"
import { builtInRoles, builtInRules, type Rule } from "./roles.ts"

const connect = (connectionId?: unknown, inverted = false): Rule => ({
  subject: "app-connections",
  action: ["connect"],
  ...(connectionId === undefined ? {} : { conditions: { connectionId } }),
  ...(inverted ? { inverted } : {}),
})
const covers = (actor: Rule[], target: Rule[]) => missingFrom(actor, target).length === 0

describe("what one set of rules gives beyond another", () => {
  test("names each action that is missing, with its conditions", () => {
    const actor: Rule[] = [{ subject: "groups", action: ["read"] }]
    const target: Rule[] = [
      { subject: "groups", action: ["read", "edit"] },
      { subject: "app-connections", action: "connect", conditions: { connectionId: "a" } },
    ]
    assert.deepEqual(missingFrom(actor, target), [
      { action: "edit", subject: "groups" },
      { action: "connect", subject: "app-connections", conditions: { connectionId: "a" } },
    ])
  })

  test("nothing for no-access, and everything is covered by admin", () => {
    for (const role of builtInRoles) {
      assert.ok(covers(builtInRules.admin, builtInRules[role]), role)
      assert.ok(covers(builtInRules[role], builtInRules["no-access"]), role)
    }
    assert.ok(!covers(builtInRules.member, builtInRules.admin))
    assert.ok(!covers(builtInRules["no-access"], builtInRules.member))
  })

  for (const [actor, target, isCovered] of [
    [undefined, "a", true],
    ["a", undefined, false],
    ["a", "a", true],
    ["a", "b", false],
    ["a", { $eq: "a" }, true],
    [{ $ne: "b" }, "a", true],
    [{ $ne: "a" }, "a", false],
    [{ $in: ["a", "b"] }, "a", true],
    [{ $in: ["b"] }, "a", false],
    ["a", { $in: ["a"] }, true],
    ["a", { $in: ["a", "b"] }, false],
    [{ $ne: "c" }, { $in: ["a", "b"] }, true],
    [{ $ne: "b" }, { $in: ["a", "b"] }, false],
    [{ $in: ["a", "b", "c"] }, { $in: ["a", "b"] }, true],
    [{ $in: ["a"] }, { $in: ["a", "b"] }, false],
    [{ $ne: "a" }, { $ne: "a" }, true],
    [{ $ne: "a" }, { $ne: "b" }, false],
    ["a", { $ne: "b" }, false],
    [{ $in: ["a"] }, { $ne: "b" }, false],
    [{ $in: ["a", "b"], $ne: "b" }, "b", false],
    [{ $in: ["a"] }, { $in: ["a", "b"], $ne: "b" }, true],
  ] as const) {
    test(`${JSON.stringify(target)} is ${isCovered ? "" : "not "}inside ${JSON.stringify(actor)}`, () => {
      assert.equal(covers([connect(actor)], [connect(target)]), isCovered)
    })
  }

  test("what the actor is forbidden is covered only where it is provably something else", () => {
    const but = (forbidden: unknown) => [connect(), connect(forbidden, true)]
    assert.ok(!covers(but(undefined), [connect("a")]))
    assert.ok(!covers(but("a"), [connect()]))
    assert.ok(!covers(but("a"), [connect("a")]))
    assert.ok(covers(but("a"), [connect("b")]))
    assert.ok(covers(but("a"), [connect({ $ne: "a" })]))
    assert.ok(!covers(but({ $ne: "a" }), [connect({ $in: ["a", "b"] })]))
    assert.ok(covers(but({ $ne: "a" }), [connect("a")]))
    assert.ok(!covers(but({ $ne: "a" }), [connect({ $ne: "b" })]))
  })
})

/* Random rule sets against what CASL says of every object that they can tell apart. */
const values = ["a", "b", "c", "d"]
let seed = 20_261_124
const random = (below: number): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}
const one = <T>(list: readonly T[]): T => list[random(list.length)] as T
const some = (): string[] => values.slice(0, 3).filter(() => random(2) === 0)

function randomRule(): Rule {
  const constraint = [undefined, one(values), { $eq: one(values) }, { $ne: one(values) }, { $in: some() }]
  const both = { $in: some(), $ne: one(values) }
  const chosen = one([...constraint, both])
  return {
    ...connect(chosen),
    action: one([["connect"], ["read"], ["connect", "read"]]),
    inverted: random(4) === 0,
  }
}
const randomRules = (): Rule[] => Array.from({ length: 1 + random(4) }, randomRule)
const ability = (rules: Rule[]) => createMongoAbility(rules as RawRuleOf<MongoAbility>[])

test("never says covered where CASL would let the target do more: 10,000 random pairs", () => {
  let covered = 0
  for (let round = 0; round < 10_000; round++) {
    const [actor, target] = [randomRules(), randomRules()]
    if (!covers(actor, target)) continue
    covered++
    // What the target forbids is passed over, so that only what it allows counts.
    const wanted = ability(target.filter(({ inverted }) => !inverted))
    const held = ability(actor)
    for (const action of ["connect", "read"]) {
      for (const connectionId of values) {
        const thing = typed("app-connections", { connectionId })
        if (wanted.can(action, thing)) assert.ok(held.can(action, thing), JSON.stringify({ actor, target }))
      }
    }
  }
  assert.ok(covered > 500, `${covered}`)
})
