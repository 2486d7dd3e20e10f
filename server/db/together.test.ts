import assert from "node:assert/strict"
import { test } from "node:test"
import { together } from "./together.ts"

/** Sends only when it is told to, and notes what went out. */
function held() {
  const sent: { key: string; items: readonly number[] }[] = []
  const releases: (() => void)[] = []
  const send = async (key: string, items: readonly number[]): Promise<string[]> => {
    sent.push({ key, items })
    await new Promise<void>((resolve) => releases.push(resolve))
    if (items.includes(66)) throw Object.assign(new Error("away"), { code: "ECONNRESET" })
    if (items.includes(13)) throw new Error(`${items.length} with 13`)
    return items.map((item) => `${key}${item}`)
  }
  const release = async (): Promise<void> => {
    releases.shift()?.()
    await new Promise(setImmediate)
  }
  return { send, sent, release }
}

test("one that finds nothing under way goes out at once, those meanwhile go out as one", async () => {
  const { send, sent, release } = held()
  const add = together(send, { most: 3 })
  const first = add("a", 1)
  await new Promise(setImmediate)
  const others = [2, 3, 4, 5].map((item) => add("a", item))
  assert.deepEqual(sent, [{ key: "a", items: [1] }])
  await release()
  await first
  assert.deepEqual(sent.at(-1), { key: "a", items: [2, 3, 4] })
  await release()
  assert.deepEqual(sent.at(-1), { key: "a", items: [5] })
  await release()
  assert.deepEqual(await Promise.all(others), ["a2", "a3", "a4", "a5"])
  const late = add("a", 6)
  await new Promise(setImmediate)
  assert.deepEqual(sent.at(-1), { key: "a", items: [6] })
  await release()
  await late
})

test("keys do not wait for each other, nor are they mixed", async () => {
  const { send, sent, release } = held()
  const add = together(send, { most: 10 })
  const first = [add("a", 1), add("b", 2)]
  await new Promise(setImmediate)
  const all = [...first, add("a", 3), add("b", 4)]
  assert.deepEqual(sent, [
    { key: "a", items: [1] },
    { key: "b", items: [2] },
  ])
  for (let round = 0; round < 4; round++) await release()
  await Promise.all(all)
  assert.deepEqual(sent.slice(2), [
    { key: "a", items: [3] },
    { key: "b", items: [4] },
  ])
})

test("none suffers for another that cannot be sent", async () => {
  const { send, release } = held()
  const add = together(send, { most: 10 })
  const all = [add("a", 1), add("a", 2), add("a", 13), add("a", 4)]
  await new Promise(setImmediate)
  const settled = Promise.allSettled(all)
  for (let round = 0; round < 6; round++) await release()
  const outcomes = await settled
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled"],
  )
})

test("when the database is gone those that wait fail with those that were sent, and the next go out", async () => {
  const { send, sent, release } = held()
  const add = together(send, { most: 2, mayRedo: () => false })
  const all = [66, 2, 3, 4, 5].map((item) => add("a", item))
  const settled = Promise.allSettled(all)
  await new Promise(setImmediate)
  await release()
  const outcomes = await settled
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    Array(5).fill("rejected"),
  )
  assert.deepEqual(sent, [{ key: "a", items: [66, 2] }])
  const late = add("a", 6)
  await new Promise(setImmediate)
  await release()
  assert.equal(await late, "a6")
})
