import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { DomainError } from "../errors.ts"
import { createAllowance } from "./allowance.ts"

const clock = { seconds: 0 }
const allowanceOf = (maxSources?: number) =>
  createAllowance({ capacity: 6, perSecond: 2, now: () => clock.seconds, ...(maxSources && { maxSources }) })

/** How many the source can take before it is refused. */
function takeAll(allowance: ReturnType<typeof allowanceOf>, source: string): number {
  for (let taken = 0; ; taken++) {
    try {
      allowance.requireSome(source)
      allowance.take(source)
    } catch (error) {
      assert.ok(error instanceof DomainError)
      assert.deepEqual([error.kind, error.retryAfter], ["RateLimited", 1])
      return taken
    }
  }
}

describe("an allowance", () => {
  test("is used up by its source alone, and fills again with time", () => {
    const allowance = allowanceOf()
    assert.equal(takeAll(allowance, "a"), 6)
    assert.equal(takeAll(allowance, "b"), 6)
    clock.seconds += 1.5
    assert.equal(takeAll(allowance, "a"), 3)
    clock.seconds += 100
    assert.equal(takeAll(allowance, "a"), 6)
  })

  test("has again what was given back, and never more than its capacity", () => {
    const allowance = allowanceOf()
    assert.equal(takeAll(allowance, "a"), 6)
    allowance.giveBack("a")
    assert.equal(takeAll(allowance, "a"), 1)
    for (let time = 0; time < 20; time++) allowance.giveBack("a")
    assert.equal(takeAll(allowance, "a"), 6)
  })

  test("is not forgotten before it is full, however long others go on", () => {
    const allowance = allowanceOf()
    assert.equal(takeAll(allowance, "a"), 6)
    for (let time = 0; time < 5; time++) {
      clock.seconds += 0.5
      allowance.take("b")
    }
    assert.equal(takeAll(allowance, "a"), 5)
  })

  test("is kept for so many sources, and forgotten for others", () => {
    const allowance = allowanceOf(2)
    assert.equal(takeAll(allowance, "a"), 6)
    for (const other of ["b", "c", "d", "e"]) allowance.take(other)
    assert.equal(takeAll(allowance, "a"), 6)
  })
})
