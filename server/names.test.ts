import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { canonicalUsername, searchKey, sortKey } from "./names.ts"

const codePoints: string[] = []
for (let code = 0; code <= 0x10_ffff; code++) {
  if (code < 0xd800 || code > 0xdfff) codePoints.push(String.fromCodePoint(code))
}
const marks = codePoints.filter((letter) => /\p{M}/u.test(letter))
const isAscii = (letter: string): boolean => (letter.codePointAt(0) ?? 0) < 0x80
const shown = (name: string): string =>
  Array.from(name)
    .map((letter) => (isAscii(letter) ? letter : `<U+${letter.codePointAt(0)?.toString(16)}>`))
    .join("")

/** A repeatable sequence of numbers below `limit` (mulberry32), so that a failure can be run again. */
function numbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

/** Names made of letters that normalization and case do something to, and of everything else now and then. */
function* randomNames(count: number): Generator<string> {
  const next = numbers(20_241_123)
  const tricky = codePoints.filter((letter) => {
    const changes = [
      letter.normalize("NFC"),
      letter.normalize("NFD"),
      letter.normalize("NFKC"),
      letter.toLowerCase(),
    ]
    return changes.some((changed) => changed !== letter)
  })
  const pools = [tricky, marks, codePoints, "ABCHIJKSTWYabchijkstwy.@-+".split("")]
  const pick = (pool: string[] | undefined): string => pool?.[next(pool.length)] ?? ""
  for (let index = 0; index < count; index++) {
    yield Array.from({ length: 1 + next(6) }, () => pick(pools[next(pools.length)])).join("")
  }
}

/** What must hold of every name that has a canonical form. */
function assertCanonical(input: string): void {
  const name = canonicalUsername(input)
  if (name === undefined) return
  const words = `${shown(input)} became ${shown(name)}`
  assert.equal(canonicalUsername(name), name, `${words}, which has another canonical form`)
  assert.equal(name.normalize("NFC"), name, `${words}, which is not NFC`)
  assert.equal(name.normalize("NFKC"), name, `${words}, which stands for another by compatibility`)
  assert.ok(name.isWellFormed() && !/[A-Z\p{Cc}\p{Cf}\p{White_Space}/\\%?#;]/u.test(name), words)
  assert.ok(Buffer.byteLength(name) <= 254, words)
}

describe("the canonical form of a username", () => {
  test("is its own canonical form: every ASCII letter with every combining mark", () => {
    for (let code = 0x41; code <= 0x7a; code++) {
      for (const mark of marks) assertCanonical(`${String.fromCharCode(code)}${mark}@example.com`)
    }
  })

  test("is its own canonical form: every single character", () => {
    for (const letter of codePoints) assertCanonical(letter)
  })

  test("is its own canonical form: 100,000 random names", () => {
    for (const name of randomNames(100_000)) assertCanonical(name)
  })

  test("is the same for names that differ by ASCII case only", () => {
    for (const name of randomNames(50_000)) {
      // A letter that composes with a mark is no ASCII letter, and keeps its case.
      if (/\p{M}/u.test(name)) continue
      const upper = name.replace(/[a-z]/g, (letter) => letter.toUpperCase())
      const lower = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
      assert.equal(canonicalUsername(upper), canonicalUsername(lower), shown(name))
    }
    assert.equal(canonicalUsername("Ada@Example.COM"), "ada@example.com")
  })

  test("is the same for the same text composed or decomposed", () => {
    for (const name of randomNames(50_000)) {
      assert.equal(
        canonicalUsername(name.normalize("NFD")),
        canonicalUsername(name.normalize("NFC")),
        shown(name),
      )
    }
  })

  test("does not depend on white space around it", () => {
    for (const space of [" ", "\t", "\n", "\u00a0", "\u2003", "\u3000", "\ufeff"]) {
      assert.equal(canonicalUsername(`${space}ada@example.com${space}`), "ada@example.com")
    }
  })

  test("leaves a plain address as it is", () => {
    for (const name of [
      "ada@example.com",
      "a.b-c_d+e@x.org",
      "élan@exämple.org",
      "用户@例え.jp",
      "a'b!c*d@x.org",
    ]) {
      assert.equal(canonicalUsername(name), name)
    }
  })
})

describe("no canonical form has", () => {
  const refused: Record<string, string[]> = {
    "what is empty or a step of a path": ["", " ", "\t", ".", "..", " .. "],
    "what cuts or retargets a URL": [
      "a/b",
      "a\\b",
      "a%b",
      "a?b",
      "a#b",
      "a;b",
      "/",
      "%2e%2e",
      "../a",
      "..\\a",
    ],
    "what is not well-formed": ["\ud800", "a\udc00", "\ud83d@x.org", "a\udfff\ud800b"],
    "a control character": [
      "a\0b",
      "\0",
      "a\u001fb",
      "a\u007fb",
      "a\u0085b",
      "a\r\nb",
      "a\tb",
      "a\u001b[31mb",
    ],
    "white space inside": ["a b", "a\u00a0b", "a\u2003b", "a\u2028b", "a\u3000b"],
    "a character of direction": ["\u202eabc", "a\u202ab", "a\u200eb", "a\u200fb", "a\u2066b", "a\u061cb"],
    "a zero-width format character": [
      "a\u200bb",
      "a\u200cb",
      "a\u200db",
      "a\u2060b",
      "a\ufeffb",
      "a\u00adb",
      "a\u180eb",
    ],
    "a mark or filler that nobody sees":
      `
      a\u034fb a\u115fb a\u1160b a\u17b4b a\u17b5b a\u180bb a\ufe00b a\ufe0fb a\u{e0100}b a\u{e0041}b a\u{1d173}b
    `.match(/[^ \n]+/g) ?? [],
    "what stands for another by compatibility":
      `
      ada\uff20example.com \uff41da \ufb01ne a\u2025b \u2100 \u2024\u2024 \uff0e\uff0e a\uff0fb
      \u017fam \u2160 x\u00b2 \ufe6b \u3164 \u1d43
    `.match(/[^ \n]+/g) ?? [],
  }
  for (const [what, names] of Object.entries(refused)) {
    test(what, () => {
      for (const name of names) assert.equal(canonicalUsername(name), undefined, shown(name))
    })
  }

  test("more than 254 bytes", () => {
    assert.equal(canonicalUsername("a".repeat(254)), "a".repeat(254))
    assert.equal(canonicalUsername("a".repeat(255)), undefined)
    assert.equal(canonicalUsername("é".repeat(127)), "é".repeat(127))
    assert.equal(canonicalUsername(`${"é".repeat(127)}a`), undefined)
    assert.equal(canonicalUsername(` ${"a".repeat(254)} `), "a".repeat(254))
  })
})

test("a letter that normalization turns into another is nobody's: KELVIN, ANGSTROM and OHM SIGN", () => {
  for (const letter of ["\u212a", "\u212b", "\u2126"]) {
    assert.equal(canonicalUsername(`${letter}im@example.com`), undefined, shown(letter))
  }
})

test("letters that only look like ASCII do not become it", () => {
  // Upper and lower case of these map into ASCII under some rule of some library.
  for (const letter of ["\u0131", "\u0130", "\u00df", "\u1e9e", "\u017f", "\u0430", "\u03bf"]) {
    const name = canonicalUsername(`${letter}im@example.com`)
    for (const plain of ["kim", "sim", "iim", "ssim", "aim", "oim"]) {
      assert.notEqual(name, `${plain}@example.com`, shown(letter))
    }
  }
})

test("lists sort without accents and case, and what has no name has no key", () => {
  assert.equal(sortKey("Élan"), sortKey("ELAN"))
  assert.equal(sortKey("Ångström"), "angstrom")
  assert.equal(sortKey(null), null)
  assert.equal(searchKey("Grace", null, "grace@example.com"), "grace grace@example.com")
  assert.equal(searchKey("Grace", "HOPPER", "g@x.org"), "grace hopper g@x.org")
})
