import assert from "node:assert/strict"
import { describe, test } from "node:test"
import picomatch from "picomatch"
import { globFault, globIsInside, globMatches, globsAreDisjoint } from "./globs.ts"

/* Every text of up to six characters that can tell patterns apart. */
const letters = ["a", "b", ".", "/"]
const texts: string[] = [""]
for (let from = 0, length = 1; length <= 6; length++) {
  const end = texts.length
  for (; from < end; from++) for (const letter of letters) texts.push(texts[from] + letter)
}
texts.push("/a\nb", "a\nb", "/a/\n/b")

let seed = 20_261_125
const random = (below: number): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}
const one = <T>(list: readonly T[]): T => list[random(list.length)] as T
const segments = [
  "a",
  "b",
  "ab",
  "*",
  "**",
  "a*",
  "*b",
  "a*b",
  "*a*",
  "a.b",
  "a.*",
  "**",
  "*",
  ".a",
  "a**",
  "?",
  "",
]
const randomGlob = (): string =>
  one(["", "/"]) + Array.from({ length: 1 + random(4) }, () => one(segments)).join("/") + one(["", "", "/"])
const randomPair = (): [string, string] => {
  const inner = randomGlob()
  // Half of them kin, since strangers seldom are inside each other.
  const outer =
    random(2) === 0
      ? randomGlob()
      : inner
          .split("/")
          .map((part) => (random(3) ? part : one(["*", "**"])))
          .join("/")
  return [inner, outer]
}

describe("patterns", () => {
  for (const [pattern, matching, others] of [
    [
      "/prod/**",
      ["/prod", "/prod/", "/prod/a", "/prod/a/b"],
      ["/", "/production", "/dev/prod/a", "/prod/.a"],
    ],
    ["/prod/*", ["/prod/a", "/prod/a/"], ["/prod", "/prod/a/b"]],
    ["/{a,b}/[cd]", ["/a/c", "/b/d"], ["/c/c", "/a/e"]],
    ["DB_*", ["DB_", "DB_URL"], ["XDB_URL"]],
    ["dev", ["dev"], ["dev/", "devel", "Dev"]],
    ["", [], ["", "a"]],
  ] as const) {
    test(`${pattern} matches what picomatch says`, () => {
      for (const text of matching) assert.ok(globMatches(pattern, text), text)
      for (const text of others) assert.ok(!globMatches(pattern, text), text)
    })
  }

  for (const [inner, outer, isInside] of [
    ["/prod/*", "/prod/**", true],
    ["/prod/**", "/prod/*", false],
    ["/prod/db/**", "/prod/**", true],
    ["/prod/**", "/**", true],
    ["/**", "/prod/**", false],
    ["/*/db", "/**/db", true],
    ["/a/**/b", "/**/b", true],
    ["/**/b", "/a/**/b", false],
    ["/**", "/**/*", false],
    ["DB_*", "D*", true],
    ["D*", "DB_*", false],
    ["a*c", "*", true],
    ["[ab]", "[ab]", true],
    ["[ab]", "*", false],
    ["?", "*", false],
    [".a/*", "*/*", false],
  ] as const) {
    test(`${inner} is ${isInside ? "" : "not "}provably inside ${outer}`, () => {
      assert.equal(globIsInside(inner, outer), isInside)
    })
  }

  for (const [pattern, other, isApart] of [
    ["/prod/**", "/dev/**", true],
    ["/prod/**", "/prod/a/**", false],
    ["/**", "/prod/**", false],
    ["/*/a", "/*/b", true],
    ["a*", "b*", true],
    ["*a", "*b", false],
    ["/a*/x", "/a*/y", true],
    ["/a*/x", "/ab*/y", true],
    ["/a/**", "/ab/**", true],
    ["/a/**", "/ab*/**", true],
    ["/ab/**", "/a*/**", false],
    ["/a", "/*", false],
  ] as const) {
    test(`${pattern} and ${other} are ${isApart ? "" : "not "}provably apart`, () => {
      assert.equal(globsAreDisjoint(pattern, other), isApart)
      assert.equal(globsAreDisjoint(other, pattern), isApart)
    })
  }

  test("are said to be inside, or apart, only where every short text agrees: 20,000 random pairs", () => {
    let [inside, apart] = [0, 0]
    for (let round = 0; round < 20_000; round++) {
      const [inner, outer] = randomPair()
      const pair = `${inner} and ${outer}`
      if (inner !== outer && globIsInside(inner, outer)) {
        inside++
        for (const text of texts) {
          if (globMatches(inner, text))
            assert.ok(globMatches(outer, text), `${pair}: ${JSON.stringify(text)}`)
        }
      }
      if (apart < 1_000 && globsAreDisjoint(inner, outer)) {
        apart++
        for (const text of texts) {
          assert.ok(
            !globMatches(inner, text) || !globMatches(outer, text),
            `${pair}: ${JSON.stringify(text)}`,
          )
        }
      }
    }
    assert.ok(inside > 500 && apart > 50, `${inside} ${apart}`)
  })

  test("that could take long are refused, and those that are let in do not", () => {
    for (const pattern of [
      "",
      "+(a|aa)",
      "*a*a*a*",
      "/**/a/**/a/**/a/**",
      "[a]+[a]+[a]+[a]+",
      "{*,*}{*,*}",
      "!(a)",
    ]) {
      assert.notEqual(globFault(pattern), undefined, pattern)
    }
    for (const pattern of [
      "/**",
      "/*/*/*/*/*",
      "/**/a/**",
      "DB_*",
      "a?????",
      "[a-z]*",
      "{dev,prod}-*",
      "dev",
      "!dev",
    ]) {
      assert.equal(globFault(pattern), undefined, pattern)
    }
    const begin = performance.now()
    for (const pattern of ["*a*a*b", "/**/a/**/a/**/b", "[a]+[a]+[a]+b", "{*,a*,*b}"]) {
      assert.equal(globFault(pattern), undefined, pattern)
      picomatch(pattern)("a".repeat(254) + "c")
      picomatch(pattern)("/a".repeat(127) + "c")
    }
    assert.ok(performance.now() - begin < 5_000)
  })
})
