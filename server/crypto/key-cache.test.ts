import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { createKeyCache, usualLimits, type Wipeable } from "./key-cache.ts"

type Plain = Wipeable & { bytes: Buffer }

function key(id: string): Plain {
  const bytes = Buffer.alloc(32, 7)
  let isWiped = false
  return {
    id,
    bytes,
    get isWiped() {
      return isWiped
    },
    wipe() {
      isWiped = true
      bytes.fill(0)
    },
  }
}
const isZero = ({ bytes }: Plain): boolean => bytes.equals(Buffer.alloc(32))

describe("plain keys in memory", () => {
  test("are at most 1,000, for at most five minutes", () => {
    assert.deepEqual(usualLimits, { maxKeys: 1_000, maxAgeMs: 300_000 })
  })

  test("are pushed out in the order of their last use, and overwritten", () => {
    const cache = createKeyCache<Plain>({ maxKeys: 3, maxAgeMs: 60_000 })
    const [a, b, c, d] = [key("a"), key("b"), key("c"), key("d")]
    for (const each of [a, b, c]) cache.put(each)
    assert.equal(cache.get("a"), a)
    cache.put(d)
    assert.deepEqual([cache.size, cache.get("b"), isZero(b)], [3, undefined, true])
    for (const each of [a, c, d]) assert.deepEqual([cache.get(each.id), isZero(each)], [each, false])
    cache.clear()
    assert.deepEqual([cache.size, [a, c, d].every(isZero)], [0, true])
  })

  test("are too old five minutes after they came, however often they were used", () => {
    let now = 0
    const cache = createKeyCache<Plain>({ ...usualLimits, now: () => now })
    const a = key("a")
    cache.put(a)
    for (now = 0; now < 300_000; now += 1_000) assert.equal(cache.get("a"), a)
    assert.deepEqual([cache.get("a"), cache.size, isZero(a)], [undefined, 0, true])
  })

  test("are overwritten when their time is over, though nobody asks", async () => {
    const cache = createKeyCache<Plain>({ maxKeys: 3, maxAgeMs: 20 })
    const a = key("a")
    cache.put(a)
    // The timer lets the process end, so that something has to keep it alive.
    for (let tries = 0; tries < 500 && !isZero(a); tries++) await sleep(10)
    assert.deepEqual([isZero(a), cache.size], [true, 0])
  })

  test("are overwritten when they are dropped, or another comes under their id", () => {
    const cache = createKeyCache<Plain>({ maxKeys: 3, maxAgeMs: 60_000 })
    const [first, second] = [key("a"), key("a")]
    cache.put(first)
    cache.put(second)
    assert.deepEqual([isZero(first), isZero(second), cache.get("a")], [true, false, second])
    cache.drop("a")
    cache.drop("never there")
    assert.deepEqual([isZero(second), cache.size], [true, 0])
  })
})
