import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { rightsOf } from "./can.ts"
import { matches } from "./conditions.ts"
import type { Rule } from "./roles.ts"

const secret = {
  environment: "dev",
  secretPath: "/db/main",
  secretName: "URL",
  secretTags: ["red", "blue"],
  metadata: [
    { key: "team", value: "core" },
    { key: "tier", value: "1" },
  ],
}

describe("conditions", () => {
  for (const [conditions, isMatching] of [
    [{}, true],
    [{ environment: "dev" }, true],
    [{ environment: "prod" }, false],
    [{ environment: { $eq: "dev" }, secretName: "URL" }, true],
    [{ environment: { $eq: "dev" }, secretName: "KEY" }, false],
    [{ environment: { $ne: "prod" } }, true],
    [{ environment: { $ne: "dev" } }, false],
    [{ environment: { $in: ["dev", "prod"] } }, true],
    [{ environment: { $in: [] } }, false],
    [{ secretPath: { $glob: "/db/**" } }, true],
    [{ secretPath: { $glob: "/db" } }, false],
    [{ secretPath: { $glob: "/db/**", $ne: "/db/main" } }, false],
    [{ secretTags: { $in: ["blue", "green"] } }, true],
    [{ secretTags: { $in: ["green"] } }, false],
    [{ secretTags: "red" }, true],
    [{ secretTags: { $ne: "red" } }, false],
    [{ secretTags: { $ne: "green" } }, true],
    [{ secretTags: { $glob: "r*" } }, true],
    [{ metadata: { $elemMatch: { key: "team", value: { $in: ["core"] } } } }, true],
    [{ metadata: { $elemMatch: { key: "team", value: "1" } } }, false],
    [{ secretTags: { $elemMatch: { key: "team" } } }, false],
    [{ environment: { $elemMatch: {} } }, false],
    [{ absent: "x" }, false],
    [{ absent: { $ne: "x" } }, true],
    [{ absent: { $in: ["x"] } }, false],
    [{ absent: { $glob: "**" } }, false],
    [{ constructor: { $ne: "x" }, toString: "x" }, false],
  ] as const) {
    test(`${JSON.stringify(conditions)} ${isMatching ? "fits" : "does not fit"}`, () => {
      assert.equal(matches(conditions, secret), isMatching)
    })
  }

  test("an operator that there is not is no condition at all", () => {
    assert.throws(() => matches({ environment: { $gt: "a" } }, secret), /no operator \$gt/)
  })
})

describe("what rules say of an object", () => {
  const about = (rule: Omit<Rule, "subject" | "action">): Rule => ({
    subject: "app-connections",
    action: ["connect"],
    ...rule,
  })
  let made = 0
  const can = (rules: Rule[], object?: object): boolean =>
    rightsOf(`rules ${++made}`, () => rules).can(
      ["connect", "app-connections"],
      object as Record<string, unknown>,
    )
  const prod = { environment: "prod" }
  const but = [about({}), about({ conditions: { environment: "prod" }, inverted: true })]

  test("a later rule wins, where its conditions fit", () => {
    assert.ok(can(but, { environment: "dev" }))
    assert.ok(!can(but, prod))
    assert.ok(can([...but, about({ conditions: { environment: { $glob: "p*" } } })], prod))
  })

  test("without an object conditions count for what they allow, and not for what they forbid", () => {
    assert.ok(can(but))
    assert.ok(can([about({ conditions: { environment: "prod" } })]))
    assert.ok(!can([about({}), about({ inverted: true })]))
    assert.ok(!can([about({}), about({ conditions: {}, inverted: true })]))
  })
})
