import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { rightsOf } from "./can.ts"
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
    [{ $glob: "a*" }, "ab", true],
    [{ $glob: "a*" }, "b", false],
    [{ $glob: "a*" }, { $in: ["a", "ab"] }, true],
    [{ $glob: "a*" }, { $in: ["a", "b"] }, false],
    [{ $glob: "a*" }, { $ne: "b" }, false],
    [{ $glob: "a*" }, { $glob: "ab*" }, true],
    [{ $glob: "ab*" }, { $glob: "a*" }, false],
    [{ $glob: "a*", $ne: "ab" }, { $glob: "ac*" }, true],
    [{ $glob: "a*", $ne: "ab" }, { $glob: "ab*" }, false],
    [{ $ne: "b" }, { $glob: "a*" }, true],
    [{ $ne: "ab" }, { $glob: "a*" }, false],
    [{ $ne: "ab" }, { $glob: "a*", $ne: "ab" }, true],
    ["a", { $glob: "a" }, false],
    [{ $in: ["a", "ab"] }, { $glob: "a*" }, false],
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
    assert.ok(covers(but({ $glob: "/a/**" }), [connect({ $glob: "/b/**" })]))
    assert.ok(!covers(but({ $glob: "/a/**" }), [connect({ $glob: "/**" })]))
    assert.ok(!covers(but({ $glob: "/a/**" }), [connect("/a/b")]))
  })

  test("what a list has may fit two constraints at once", () => {
    const tagged = (secretTags: unknown, inverted = false): Rule => ({
      subject: "app-connections",
      action: "read",
      conditions: { secretTags },
      ...(inverted ? { inverted } : {}),
    })
    const everything: Rule = { subject: "app-connections", action: "read" }
    assert.ok(covers([tagged({ $in: ["red", "blue"] })], [tagged({ $in: ["red"] })]))
    assert.ok(!covers([tagged({ $in: ["red"] })], [tagged({ $in: ["red", "blue"] })]))
    assert.ok(!covers([everything, tagged({ $in: ["red"] }, true)], [tagged({ $in: ["blue"] })]))
    assert.ok(!covers([tagged({ $ne: "red" })], [tagged({ $in: ["blue"] })]))
  })

  test("an element that fits more conditions fits fewer", () => {
    const about = (conditions: object): Rule => ({
      subject: "app-connections",
      action: "read",
      conditions: { metadata: { $elemMatch: conditions } },
    })
    const [wide, narrow] = [about({ key: "a" }), about({ key: "a", value: { $in: ["1"] } })]
    assert.ok(covers([wide], [narrow]))
    assert.ok(!covers([narrow], [wide]))
  })
})

/* Random rule sets against what the evaluator says of every object that they can tell apart. */
const paths = ["/a", "/a/x", "/a/x/y", "/b", "/b/x", "/c"]
const globs = ["/a/**", "/a/*", "/a/x*", "/b/**", "/**", "/*", "/*/x", "/{a,b}", "/a"]
const tags = ["red", "blue", "green"]
const objects = paths.flatMap((connectionId) =>
  [[], ["red"], ["red", "blue"], ["green"], ["blue", "green"]].flatMap((secretTags) =>
    [
      [],
      [{ key: "a", value: "1" }],
      [
        { key: "a", value: "2" },
        { key: "b", value: "1" },
      ],
    ].map((metadata) => ({
      connectionId,
      secretTags,
      metadata,
    })),
  ),
)

let seed = 20_261_124
const random = (below: number): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}
const one = <T>(list: readonly T[]): T => list[random(list.length)] as T
const some = (list: readonly string[]): string[] => list.filter(() => random(2) === 0)
const maybe = (field: string, constraint: () => unknown): Record<string, unknown> =>
  random(2) === 0 ? {} : { [field]: constraint() }

const randomConstraint = (values: readonly string[], globs: readonly string[]): unknown =>
  one([
    () => one(values),
    () => ({ $eq: one(values) }),
    () => ({ $ne: one(values) }),
    () => ({ $in: some(values) }),
    () => ({ $glob: one(globs) }),
    () => ({ $glob: one(globs), $ne: one(values) }),
    () => ({ $in: some(values), $ne: one(values), $glob: one(globs) }),
  ])()

const randomMetadata = () => ({
  $elemMatch: {
    key: one(["a", "b"]),
    ...maybe("value", () => one(["1", { $in: ["1", "2"] }, { $ne: "1" }])),
  },
})

function randomRule(): Rule {
  const conditions = {
    ...maybe("connectionId", () => randomConstraint(paths, globs)),
    ...(random(3) === 0 ? maybe("secretTags", () => randomConstraint(tags, ["r*", "*e*", "**"])) : {}),
    ...(random(3) === 0 ? maybe("metadata", randomMetadata) : {}),
  }
  return {
    subject: "app-connections",
    action: one([["connect"], ["read"], ["connect", "read"]]),
    ...(random(4) === 0 ? {} : { conditions }),
    ...(random(4) === 0 ? { inverted: true } : {}),
  }
}
const randomRules = (): Rule[] => Array.from({ length: 1 + random(4) }, randomRule)

test("never says covered where the target could do more: 10,000 random pairs", () => {
  let [covered, told] = [0, 0]
  for (let round = 0; round < 10_000; round++) {
    const [actor, target] = [randomRules(), randomRules()]
    if (!covers(actor, target)) continue
    covered++
    // What the target forbids is passed over, so that only what it allows counts.
    const wanted = rightsOf(`target ${round}`, () => target.filter(({ inverted }) => !inverted))
    const held = rightsOf(`actor ${round}`, () => actor)
    for (const action of ["connect", "read"] as const) {
      for (const object of objects) {
        if (!wanted.can([action, "app-connections"], object)) continue
        told++
        assert.ok(held.can([action, "app-connections"], object), JSON.stringify({ actor, target, object }))
      }
    }
  }
  assert.ok(covered > 500 && told > 5_000, `${covered} ${told}`)
})
