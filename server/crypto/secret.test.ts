import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { format, inspect } from "node:util"
import { serialize } from "node:v8"
import pino from "pino"
import { Secret } from "./secret.ts"

const canary = "canary-5f2c9d"
const secret = new Secret(canary)

describe("a secret value", () => {
  test("is told to who asks for it by name", () => {
    assert.equal(secret.reveal(), canary)
  })

  const ways: Record<string, () => string> = {
    "a template": () => `${String(secret)} ${secret as unknown as string}`,
    addition: () => "value: " + (secret as unknown as string),
    toString: () => secret.toString(),
    JSON: () => JSON.stringify({ secret, list: [secret] }),
    inspect: () => inspect({ secret }, { showHidden: true, depth: 9, getters: true }),
    "inspect without its own way": () => inspect(secret, { customInspect: false, showHidden: true }),
    format: () => format("%s %o %O %j %d", secret, secret, secret, secret, secret),
    "a copy of its fields": () => JSON.stringify(Object.fromEntries(Object.entries(secret))),
    "a structured clone": () => inspect(structuredClone(secret), { showHidden: true }),
    serialization: () => serialize(secret).toString("latin1"),
    "a list joined": () => [secret, secret].join(),
    "a query": () => new URLSearchParams({ value: secret as unknown as string }).toString(),
    "an error": () => inspect(new Error(`no ${secret as unknown as string}`, { cause: secret })),
  }
  for (const [name, way] of Object.entries(ways)) {
    test(`does not show in ${name}`, () => {
      const text = way()
      assert.ok(!text.includes(canary), text)
    })
  }

  test("does not show in a log", () => {
    const lines: string[] = []
    const log = pino({ level: "trace" }, { write: (line) => void lines.push(line) })
    log.info({ secret, err: Object.assign(new Error("x"), { secret }) }, "value %s", secret)
    assert.equal(lines.length, 1)
    assert.ok(!lines[0]?.includes(canary), lines[0])
    assert.match(lines[0] ?? "", /\[redacted\]/)
  })

  test("is one number for nothing", () => {
    assert.ok(Number.isNaN(Number(secret)))
  })
})
