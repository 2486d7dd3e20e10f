import assert from "node:assert/strict"
import { createDecipheriv, createHmac, createSecretKey, hkdfSync } from "node:crypto"
import { describe, test } from "node:test"
import { dataKey, type Place } from "./data-key.ts"
import { decrypt, encrypt } from "./gcm.ts"
import { localRootKey } from "./root-key.ts"
import { instanceKeyContext, organizationKeyContext, projectKeyContext, wrappingKey } from "./wrapping.ts"

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex")
const id = (number: number): string => `018f0000-0000-7000-8000-${String(number).padStart(12, "0")}`
/** The bytes 0 to 31, anew for each who keeps and overwrites them. */
const secret = (): Buffer => Buffer.from(Array.from({ length: 32 }, (_, index) => index))

// The cases 13 to 16 of "The Galois/Counter Mode of Operation" as submitted to NIST: keys of 256 bits, nonces of 96.
const key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
const plain =
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
const cipher =
  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
const zeros = (count: number): string => "00".repeat(count)
const cases: Record<string, string>[] = [
  { key: zeros(32), nonce: zeros(12), additional: "", plain: "", body: "530f8afbc74536b9a963b4f1c4cb738b" },
  {
    key: zeros(32),
    nonce: zeros(12),
    additional: "",
    plain: zeros(16),
    body: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    key,
    nonce: "cafebabefacedbaddecaf888",
    additional: "",
    plain,
    body: `${cipher}b094dac5d93471bdec1a502270e3cc6c`,
  },
  {
    key,
    nonce: "cafebabefacedbaddecaf888",
    additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    plain: plain.slice(0, 120),
    body: `${cipher.slice(0, 120)}76fc6ece0f4e1768cddf8853bb2d551b`,
  },
]

describe("AES-256-GCM", () => {
  for (const [index, vector] of cases.entries()) {
    test(`is that of case ${13 + index} of its authors`, () => {
      const { key = "", nonce = "", additional = "", plain = "", body = "" } = vector
      const use = { key: createSecretKey(bytes(key)), nonce: bytes(nonce), additional: bytes(additional) }
      assert.equal(Buffer.concat(encrypt(use, bytes(plain))).toString("hex"), body)
      assert.equal(decrypt(use, bytes(body)).toString("hex"), plain)
      assert.throws(() => decrypt(use, Buffer.concat([bytes(body), Buffer.of(0)])))
    })
  }
})

/*
 * What was written once must open for ever: none of these texts may change. A new format gets vectors of its own
 * beside them.
 */
const place: Place = {
  table: "secrets",
  column: "sealed_value",
  orgId: id(2),
  projectId: id(3),
  environment: id(4),
  rowId: id(5),
  version: 7,
}
const sealed =
  "0101018f00000000700080000000000000011294dba28e1adf99b55d5501c05c81a97e539b43f9137ad3cad794cf1ec40bf94c34ffb6229d414c900c97595e"

describe("what was written long ago", () => {
  test("opens: a value", () => {
    assert.equal(dataKey(id(1), secret()).open(bytes(sealed), place), "the water is wide")
  })

  test("is found: the hash of a value", () => {
    const hash = "e227c133e27b70d472e3c420162630040b095a1363c9705a5df906c0a2fca2b9"
    const made = dataKey(id(1), secret()).index("secrets.sealed_value", "the water is wide")
    assert.equal(made.toString("hex"), hash)
  })

  test("unwraps: keys under a root key, and its id", async () => {
    const root = localRootKey("0123456789abcdef0123456789abcdef")
    assert.equal(root.keyId, "1344b548-18e2-b499-e5e2-38f1bba874a9")
    const ofOrganization =
      "01011344b54818e2b499e5e238f1bba874a9691ef1b3b317e012432b2be5154e551263cc619f4998ec8b7e1a9f98c606a9dbefc2c21d9b4a2784e82117bc379bb4e9c01afe63284cb791cba831fd"
    const owner = { instance: id(9), orgId: id(2) }
    assert.deepEqual(
      await root.unwrap(bytes(ofOrganization), organizationKeyContext(owner, id(8), 1)),
      secret(),
    )
    const ofInstance =
      "01011344b54818e2b499e5e238f1bba874a9611bb517b861e1b68c713e7411a51950ace4367fd94c73eb540035b9f97dd928aaa3c362934517b9a0208f6c98f096de53e72ba56637d2e85a4072ee"
    assert.deepEqual(await root.unwrap(bytes(ofInstance), instanceKeyContext(id(9), id(7), 1)), secret())
  })

  test("unwraps: the key of a project under that of its organization", () => {
    const ofProject =
      "0101018f00000000700080000000000000088c418ad55fc7e6a7becb29c9b7af59ac19b128435f7b335d7f3ff052a6c8932952bdf7ef7d76811c9854d220daa8ab9b27b99b4eec35bf46a3e612d0"
    const context = projectKeyContext({ orgId: id(2), projectId: id(3) }, id(1), 2)
    assert.deepEqual(wrappingKey(id(8), secret()).unwrap(bytes(ofProject), context), secret())
  })
})

describe("the format can be read by anybody who has the key", () => {
  const deriveBy = (purpose: string): Buffer =>
    Buffer.from(hkdfSync("sha256", secret(), "", `conclave ${purpose}`, 32))

  test("of a value", () => {
    const blob = bytes(sealed)
    const header = blob.subarray(0, 18)
    const words = [header, "secrets", "sealed_value", id(2), id(3), id(4), id(5), "7"].map((word) =>
      Buffer.from(word),
    )
    const additional = words.flatMap((word) => [Buffer.of(0, 0, 0, word.length), word])
    const decipher = createDecipheriv("aes-256-gcm", deriveBy("enc/v1"), blob.subarray(18, 30))
      .setAAD(Buffer.concat(additional))
      .setAuthTag(blob.subarray(-16))
    const text = decipher.update(blob.subarray(30, -16)).toString() + decipher.final().toString()
    assert.deepEqual(
      [header.toString("hex"), text],
      ["0101018f0000000070008000000000000001", "the water is wide"],
    )
  })

  test("of a hash", () => {
    const hash = createHmac("sha256", deriveBy("bidx/v1/secrets.sealed_value")).update("the water is wide")
    const made = dataKey(id(1), secret()).index("secrets.sealed_value", "the water is wide")
    assert.deepEqual(made, hash.digest())
  })
})
