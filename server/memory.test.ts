import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { createMemory } from "./memory.ts"

const mebibyte = 1_024 * 1_024

/** Leaves so much on the heap that nobody needs, and returns how large the heap is then. */
function litter(): number {
  const parts = Array.from({ length: 600_000 }, (_, index) => ({ index, text: `text ${index}` }))
  return parts.length > 0 ? process.memoryUsage().heapTotal : 0
}

test("memory is given back after a large answer, and not after a small one", async () => {
  const memory = createMemory(50)
  await sleep(300)
  const before = litter()
  memory.answered(mebibyte - 1)
  await sleep(300)
  assert.ok(process.memoryUsage().heapTotal > before - 10 * mebibyte, "a small answer")
  memory.answered(mebibyte)
  for (let time = 0; time < 100 && process.memoryUsage().heapTotal > before - 30 * mebibyte; time++)
    await sleep(50)
  assert.ok(process.memoryUsage().heapTotal <= before - 30 * mebibyte, "a large answer")
  memory.stop()
})
