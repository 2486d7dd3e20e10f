import assert from "node:assert/strict"
import { test } from "node:test"
import { createTurns } from "./turns.ts"

/** Work that goes on until it is told to end. */
function work() {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  return { promise, end: resolve, fail: reject, isBegun: false }
}
const settle = () => new Promise(setImmediate)

test("so many work at once, and the others in the order in which they came, also after one has failed", async () => {
  const inTurn = createTurns(2, 60_000)
  const jobs = Array.from({ length: 5 }, work)
  const done = jobs.map((job) =>
    inTurn(() => {
      job.isBegun = true
      return job.promise
    }),
  )
  const begun = () => jobs.map(({ isBegun }) => isBegun)
  await settle()
  assert.deepEqual(begun(), [true, true, false, false, false])
  jobs[1]?.fail(new Error("It failed"))
  await assert.rejects(done[1] ?? Promise.resolve(), /It failed/)
  await settle()
  assert.deepEqual(begun(), [true, true, true, false, false])
  jobs[0]?.end()
  jobs[2]?.end()
  await settle()
  assert.deepEqual(begun(), [true, true, true, true, true])
  for (const job of jobs) job.end()
  await Promise.allSettled(done)
})

test("whoever has waited for too long is refused and does nothing, and the line goes on", async () => {
  const inTurn = createTurns(1, 1)
  const first = work()
  const doing = inTurn(() => first.promise)
  await assert.rejects(
    inTurn(() => assert.fail("It was not its turn")),
    { kind: "Unavailable" },
  )
  first.end()
  await doing
  await inTurn(async () => {})
})
