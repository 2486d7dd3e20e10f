import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { cropped, welch } from "./welch.ts"

describe("Welch's t", () => {
  test("is that of a worked example", () => {
    // Means 3 and 6, variances 2.5 and 10: -3 / √(2.5/5 + 10/5).
    const t = welch([1, 2, 3, 4, 5], [2, 4, 6, 8, 10])
    assert.ok(Math.abs(t + 1.897_366_6) < 1e-6, `${t}`)
  })

  test("is nothing for samples that are the same, and grows with their size for those that are not", () => {
    assert.equal(welch([1, 2, 3], [1, 2, 3]), 0)
    const many = (from: number) => Array.from({ length: 10_000 }, (_, index) => from + (index % 10))
    assert.ok(Math.abs(welch(many(0), many(1))) > 4.5)
    assert.ok(Math.abs(welch(many(0).slice(0, 20), many(1).slice(0, 20))) < 4.5)
  })

  test("is taken without what took far longer than the rest", () => {
    assert.deepEqual(cropped([1, 2, 300], [2, 3, 4], 0.5), [
      [1, 2],
      [2, 3],
    ])
  })
})
