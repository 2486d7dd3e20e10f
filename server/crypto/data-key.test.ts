import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { describe, test } from "node:test"
import { withBitFlipped } from "../test/bytes.ts"
import { bytesOfId, keyIdOf } from "./blob.ts"
import { dataKey, type Place } from "./data-key.ts"
import { newNonce } from "./gcm.ts"
import { newId } from "./ids.ts"

const key = dataKey(newId(), randomBytes(32))
const columns = ["sealed_value", "sealed_comment", "sealed_note"]
const ids = { orgId: newId(), projectId: newId(), environment: newId() }
const place: Place = { table: "secrets", column: "sealed_value", ...ids, rowId: newId(), version: 1 }

describe("a value sealed with a data key", () => {
  for (const text of ["", "x", "é😀\u0000", "a".repeat(10_000), "a".repeat(1_000_000)]) {
    test(`of ${text.length} characters opens at its place`, () => {
      const sealed = key.seal(text, place)
      assert.equal(sealed.length, 46 + Buffer.byteLength(text))
      assert.equal(key.open(sealed, place), text)
    })
  }

  test("names its key, and shows nothing of the text", () => {
    const sealed = key.seal("correct horse battery staple", place)
    assert.equal(keyIdOf(sealed), key.id)
    assert.ok(!sealed.toString("latin1").includes("horse"))
  })

  test("of 50 rows and 3 columns opens in no other of the 150 places", () => {
    const places = Array.from({ length: 50 }, () => newId()).flatMap((rowId) =>
      columns.map((column) => ({ ...place, rowId, column })),
    )
    const sealed = places.map((at) => key.seal("the same everywhere", at))
    let refused = 0
    for (const [from, blob] of sealed.entries()) {
      for (const [to, at] of places.entries()) {
        if (from === to) assert.equal(key.open(blob, at), "the same everywhere")
        else {
          assert.throws(() => key.open(blob, at), /stands where it was not sealed/)
          refused++
        }
      }
    }
    assert.equal(refused, 150 * 149)
  })

  test("opens with no bit of 20 changed", () => {
    for (let count = 0; count < 20; count++) {
      const sealed = key.seal("x".repeat(count), place)
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        assert.throws(() => key.open(withBitFlipped(sealed, bit), place), `bit ${bit} of ${count}`)
      }
    }
  })

  test("opens with no byte missing and none too many", () => {
    const sealed = key.seal("the water is wide", place)
    for (let length = 0; length < sealed.length; length++) {
      assert.throws(() => key.open(sealed.subarray(0, length), place), `${length} bytes`)
      if (length > 0) assert.throws(() => key.open(sealed.subarray(length), place), `without ${length}`)
    }
    assert.throws(() => key.open(Buffer.concat([sealed, Buffer.of(0)]), place))
  })

  test("opens under no other table, organization, project, environment or version, also an earlier one", () => {
    const sealed = key.seal("the water is wide", place)
    const others: Partial<Place>[] = [
      { table: "secret_versions" },
      { orgId: newId() },
      { projectId: newId() },
      { environment: newId() },
      { environment: "" },
      { version: 2 },
      { version: 0 },
      { version: 11 },
      // The same letters in a row, cut otherwise.
      { table: "secretssealed_", column: "value" },
      { orgId: place.projectId, projectId: place.orgId },
    ]
    for (const other of others)
      assert.throws(() => key.open(sealed, { ...place, ...other }), JSON.stringify(other))
  })

  test("opens under no other key, also one of the same id, and of no other version or algorithm", () => {
    const sealed = key.seal("the water is wide", place)
    assert.throws(() => dataKey(newId(), randomBytes(32)).open(sealed, place))
    assert.throws(() => dataKey(key.id, randomBytes(32)).open(sealed, place))
    for (const [byte, value] of [
      [0, 0],
      [0, 2],
      [1, 0],
      [1, 2],
    ] as const) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(value, byte)
      assert.equal(keyIdOf(changed), undefined)
      assert.throws(() => key.open(changed, place))
    }
  })

  test("is bound to ids as the database writes them", () => {
    const sealed = key.seal("the water is wide", { ...place, rowId: place.rowId.toUpperCase() })
    assert.equal(key.open(sealed, place), "the water is wide")
  })

  test("is not opened, nor any made, once the key was wiped", () => {
    const secret = randomBytes(32)
    const short = dataKey(newId(), secret)
    assert.deepEqual(secret, Buffer.alloc(32))
    const sealed = short.seal("the water is wide", place)
    short.wipe()
    assert.ok(short.isWiped)
    for (const use of [
      () => short.open(sealed, place),
      () => short.seal("", place),
      () => short.index("a", ""),
    ]) {
      assert.throws(use, /taken out of memory/)
    }
  })
})

describe("nonces", () => {
  // A million of them: `npm run faults`, which has the time.
  test("of 100,000 are all different", () => {
    const seen = new Set<string>()
    for (let count = 0; count < 100_000; count++) seen.add(newNonce().toString("latin1"))
    assert.equal(seen.size, 100_000)
  })

  test("of sealed values are those bytes, fresh each time", () => {
    const sealed = Array.from({ length: 1_000 }, () => key.seal("", place).subarray(18, 30).toString("hex"))
    assert.equal(new Set(sealed).size, 1_000)
  })
})

describe("the hash of a value", () => {
  test("is the same for the same text, column and key, and for nothing else", () => {
    const hash = key.index("secrets.name", "STRIPE_KEY")
    assert.equal(hash.length, 32)
    assert.deepEqual(key.index("secrets.name", "STRIPE_KEY"), hash)
    assert.notDeepEqual(key.index("secrets.name", "STRIPE_KEy"), hash)
    assert.notDeepEqual(key.index("secrets.comment", "STRIPE_KEY"), hash)
    assert.notDeepEqual(dataKey(key.id, randomBytes(32)).index("secrets.name", "STRIPE_KEY"), hash)
  })
})

test("the id of a key is a UUID", () => {
  for (const wrong of ["", "1", `${newId()}00`, "no hex at all"]) assert.throws(() => bytesOfId(wrong))
})
