import assert from "node:assert/strict"
import { createDecipheriv } from "node:crypto"
import { describe, test } from "node:test"
import { withBitFlipped } from "../test/bytes.ts"
import { derive } from "./keys.ts"
import { createSeal, type Place } from "./seal.ts"

const key = "0123456789abcdef0123456789abcdef"
const seal = createSeal(key, "tests v1")
const place: Place = {
  table: "authenticators",
  column: "sealed_secret",
  id: "018f0000-0000-7000-8000-000000000001",
}

describe("a sealed value", () => {
  for (const text of ["", "x", "JBSWY3DPEHPK3PXP", "é😀\u0000", "a".repeat(10_000)]) {
    test(`of ${text.length} characters opens at its place`, () => {
      assert.equal(seal.open(seal.close(text, place), place), text)
    })
  }

  test("is AES-256-GCM under a derived key, bound to table, column and id", () => {
    const sealed = seal.close("secret", place)
    const decipher = createDecipheriv("aes-256-gcm", derive(key, "tests v1"), sealed.subarray(1, 13))
      .setAAD(Buffer.from(`authenticators|sealed_secret|${place.id}`))
      .setAuthTag(sealed.subarray(-16))
    assert.equal(sealed[0], 1)
    assert.equal(decipher.update(sealed.subarray(13, -16)).toString() + decipher.final().toString(), "secret")
  })

  test("does not show what is in it, and is never the same twice", () => {
    const sealed = Array.from({ length: 1_000 }, () => seal.close("JBSWY3DPEHPK3PXP", place))
    assert.ok(sealed.every((one) => !one.includes("JBSW")))
    assert.equal(new Set(sealed.map((one) => one.subarray(1, 13).toString("hex"))).size, 1_000)
  })

  test("opens nowhere else, and under no other key or purpose", () => {
    const sealed = seal.close("secret", place)
    for (const other of [
      { ...place, table: "users" },
      { ...place, column: "sealed_recovery_codes" },
      { ...place, id: "018f0000-0000-7000-8000-000000000002" },
    ]) {
      assert.throws(() => seal.open(sealed, other))
    }
    assert.throws(() => createSeal(key.replace("0", "1"), "tests v1").open(sealed, place))
    assert.throws(() => createSeal(key, "tests v2").open(sealed, place))
  })

  test("opens with no bit changed and no byte missing", () => {
    const sealed = seal.close("secret", place)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      assert.throws(() => seal.open(withBitFlipped(sealed, bit), place), `bit ${bit}`)
    }
    for (let length = 0; length < sealed.length; length++) {
      assert.throws(() => seal.open(sealed.subarray(0, length), place), `${length} bytes`)
    }
    assert.throws(() => seal.open(Buffer.concat([sealed, Buffer.of(0)]), place))
  })
})
