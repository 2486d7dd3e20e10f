import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { describe, test } from "node:test"
import { withBitFlipped } from "../test/bytes.ts"
import { dataKey } from "./data-key.ts"
import { newId } from "./ids.ts"
import { createEarlierSeal, createSeal, type SealPlace } from "./seal.ts"

const key = "0123456789abcdef0123456789abcdef"
const earlier = createEarlierSeal(key, "second factors v1")
const seal = createSeal(dataKey(newId(), randomBytes(32)), earlier)
const place: SealPlace = {
  table: "authenticators",
  column: "sealed_secret",
  id: "018f0000-0000-7000-8000-000000000001",
}
const elsewhere: SealPlace[] = [
  { ...place, table: "users" },
  { ...place, column: "sealed_recovery_codes" },
  { ...place, id: "018f0000-0000-7000-8000-000000000002" },
]

describe("a value that belongs to no organization", () => {
  for (const text of ["", "x", "JBSWY3DPEHPK3PXP", "é😀\u0000", "a".repeat(10_000)]) {
    test(`of ${text.length} characters opens at its place`, () => {
      const sealed = seal.close(text, place)
      assert.equal(seal.open(sealed, place), text)
      assert.ok(seal.isByDataKey(sealed))
    })
  }

  test("opens nowhere else, and under no other key", () => {
    const sealed = seal.close("secret", place)
    for (const other of elsewhere) assert.throws(() => seal.open(sealed, other))
    const another = createSeal(dataKey(newId(), randomBytes(32)), earlier)
    assert.throws(() => another.open(sealed, place))
  })

  test("opens with no bit changed and no byte missing", () => {
    const sealed = seal.close("secret", place)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      assert.throws(() => seal.open(withBitFlipped(sealed, bit), place), `bit ${bit}`)
    }
    for (let length = 0; length < sealed.length; length++) {
      assert.throws(() => seal.open(sealed.subarray(0, length), place), `${length} bytes`)
    }
  })
})

describe("what was sealed before there were data keys", () => {
  const sealed = Buffer.from(
    "014ca374eca2a70cc8a3e7013310d80c2cc16b0e856ee91d468948db8cd1850ada1267eb5aee0045b8cc041af8",
    "hex",
  )

  test("opens at its place, and is told apart", () => {
    assert.equal(seal.open(sealed, place), "JBSWY3DPEHPK3PXP")
    assert.ok(!seal.isByDataKey(sealed))
  })

  test("opens nowhere else, and under no other key or purpose", () => {
    for (const other of elsewhere) assert.throws(() => seal.open(sealed, other))
    assert.throws(() => createEarlierSeal(key.replace("0", "1"), "second factors v1").open(sealed, place))
    assert.throws(() => createEarlierSeal(key, "second factors v2").open(sealed, place))
  })

  test("opens with no bit changed and no byte missing", () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      assert.throws(() => seal.open(withBitFlipped(sealed, bit), place), `bit ${bit}`)
    }
    for (let length = 0; length < sealed.length; length++) {
      assert.throws(() => seal.open(sealed.subarray(0, length), place), `${length} bytes`)
    }
    assert.throws(() => seal.open(Buffer.concat([sealed, Buffer.of(0)]), place))
  })
})
