import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { describe, test } from "node:test"
import { DomainError } from "../errors.ts"
import { createPasswords } from "./password.ts"

const passwords = createPasswords()

describe("passwords", () => {
  test("match the hash that was made of them, and no other", async () => {
    const hash = await passwords.hash("correct horse battery staple")
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    assert.equal(await passwords.matches(hash, "correct horse battery staple"), true)
    assert.equal(await passwords.matches(hash, "Correct horse battery staple"), false)
    assert.notEqual(await passwords.hash("correct horse battery staple"), hash)
  })

  test("never match where there is no hash", async () => {
    assert.equal(await passwords.matches(null, "secret"), false)
    assert.equal(await passwords.matches(null, ""), false)
  })

  test("a hash that is none fails, and the next is hashed all the same", async () => {
    await assert.rejects(passwords.matches("not a hash", "secret"), /could not be hashed/)
    assert.equal(await passwords.matches(await passwords.hash("secret"), "secret"), true)
  })

  test("a flood is answered in part, and the rest is told to come back", async () => {
    const hash = await passwords.hash("secret")
    const all = await Promise.allSettled(Array.from({ length: 260 }, () => passwords.matches(hash, "secret")))
    const refused = all.filter((one) => one.status === "rejected")
    assert.ok(refused.length >= 50 && refused.length <= 60, `${refused.length}`)
    for (const { reason } of refused) {
      assert.ok(reason instanceof DomainError)
      assert.deepEqual([reason.kind, reason.retryAfter], ["RateLimited", 5])
    }
    for (const one of all) if (one.status === "fulfilled") assert.equal(one.value, true)
  })

  test("are hashed behind everything else", { skip: process.platform !== "linux" }, async () => {
    await passwords.hash("secret")
    const nice = (id: string): number => {
      const stat = readFileSync(`/proc/self/task/${id}/stat`, "utf8")
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16])
    }
    const own = nice(String(process.pid))
    const behind = readdirSync("/proc/self/task").filter((id) => nice(id) > own)
    assert.ok(behind.length >= 1 && behind.length <= 4, `${behind.length}`)
  })
})
