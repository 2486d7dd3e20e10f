import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { boundaryCase, evaluatorCase, projectGuardCase, type Outcome } from "../test/oracle-rounds.ts"
import { Choices } from "../test/random-rights.ts"

/* `npm run oracle` does the same a million times. */
const cases = 10_000
const seed = 20_261_124

async function compare(one: (choices: Choices) => Outcome | Promise<Outcome>): Promise<void> {
  const choices = new Choices(seed)
  let allowed = 0
  for (let number = 0; number < cases; number++) {
    const { isAllowed, difference } = await one(choices)
    assert.equal(difference, undefined, `case ${number}`)
    if (isAllowed) allowed++
  }
  // Cases that all come to the same would show nothing.
  assert.ok(allowed > cases / 10 && allowed < cases * 0.9, `${allowed} of ${cases} were allowed`)
}

describe("rights are what an independent reading of the rules makes of them", () => {
  test(`in ${cases} questions about random roles`, () => compare(evaluatorCase))
  test(`in ${cases} random grants, in both privilege systems`, () => compare(boundaryCase))
  test(`in ${cases} roles that somebody hands out in a project`, () => compare(projectGuardCase))
})
