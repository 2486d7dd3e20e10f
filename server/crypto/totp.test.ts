import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { base32, hotp, otpauthUrl, stepAt, stepOfCode } from "./totp.ts"

const secret = Buffer.from("12345678901234567890")

describe("one-time passwords", () => {
  test("are those of RFC 4226, appendix D", () => {
    const codes = Array.from({ length: 10 }, (_, counter) => hotp(secret, counter))
    assert.deepEqual(codes, [
      "755224",
      "287082",
      "359152",
      "969429",
      "338314",
      "254676",
      "287922",
      "162583",
      "399871",
      "520489",
    ])
  })

  // RFC 6238, appendix B: seconds, period, and the code of eight digits for SHA-1.
  for (const [seconds, step, code] of [
    [59, 0x1, "94287082"],
    [1_111_111_109, 0x23523ec, "07081804"],
    [1_111_111_111, 0x23523ed, "14050471"],
    [1_234_567_890, 0x273ef07, "89005924"],
    [2_000_000_000, 0x3f940aa, "69279037"],
    [20_000_000_000, 0x27bc86aa, "65353130"],
  ] as const) {
    test(`are those of RFC 6238, appendix B, at ${seconds} seconds`, () => {
      assert.equal(stepAt(seconds * 1_000), step)
      assert.equal(hotp(secret, step, 8), code)
      assert.equal(stepOfCode(secret, code.slice(2), seconds * 1_000), step)
    })
  }

  test("are good one period early and late, and not two", () => {
    const now = 1_111_111_111_000
    const step = stepAt(now)
    const found = [-2, -1, 0, 1, 2].map((away) => stepOfCode(secret, hotp(secret, step + away), now))
    assert.deepEqual(found, [undefined, step - 1, step, step + 1, undefined])
  })

  test("of other lengths and letters are none", () => {
    const code = hotp(secret, stepAt(59_000))
    for (const wrong of ["", code.slice(1), `0${code}`, `${code} `, code.replace(/\d/, "٣"), "abcdef"]) {
      assert.equal(stepOfCode(secret, wrong, 59_000), undefined)
    }
  })
})

describe("what an authenticator app reads", () => {
  test("is base 32 as in RFC 4648, section 10", () => {
    const shown = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map((text) => base32(Buffer.from(text)))
    assert.deepEqual(shown, ["", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"])
  })

  test("is a URL with issuer, period, digits and algorithm", () => {
    const url = new URL(otpauthUrl(secret, "Conclave", "ada+x@example.com"))
    assert.equal(
      `${url.protocol}//${url.host}${url.pathname}`,
      "otpauth://totp/Conclave:ada%2Bx%40example.com",
    )
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
      period: "30",
      digits: "6",
      algorithm: "SHA1",
      issuer: "Conclave",
    })
  })
})
