import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { codeOf, secretOf } from "../test/authenticator.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)

let made = 0
/** Somebody with an account, and a token without an organization. */
const person = async (): Promise<string> =>
  people.accept(harness, await people.invite(harness, acme, `person-${++made}@example.com`))
const get = (token: string) => harness.call("GET /api/v1/user/me/totp", { token })
const register = async (token: string): Promise<{ otpUrl: string; recoveryCodes: string[] }> =>
  people.ok(await harness.call("POST /api/v1/user/me/totp/register", { token }))
const verify = (token: string, totp: unknown) =>
  harness.call("POST /api/v1/user/me/totp/verify", { token, body: { totp } })
const renew = (token: string) => harness.call("POST /api/v1/user/me/totp/recovery-codes", { token })
const remove = (token: string) => harness.call("DELETE /api/v1/user/me/totp", { token })

const refused = refusing(harness)

describe("an authenticator", () => {
  test("is registered with a URL for the app and ten recovery codes", async () => {
    const token = await person()
    const { otpUrl, recoveryCodes } = await register(token)
    const url = new URL(otpUrl)
    assert.equal(url.protocol, "otpauth:")
    assert.equal(decodeURIComponent(url.pathname), `/Conclave:person-${made}@example.com`)
    assert.equal(secretOf(otpUrl).length, 20)
    assert.deepEqual(
      ["period", "digits", "algorithm", "issuer"].map((name) => url.searchParams.get(name)),
      ["30", "6", "SHA1", "Conclave"],
    )
    assert.equal(new Set(recoveryCodes).size, 10)
    for (const code of recoveryCodes) assert.match(code, /^[a-z2-9]{5}-[a-z2-9]{5}$/)
    assert.deepEqual(people.ok(await get(token)), { isVerified: false, recoveryCodes })
  })

  test("counts once a code of it was shown, and is then registered no second time", async () => {
    const token = await person()
    const first = await register(token)
    const second = await register(token)
    assert.notEqual(first.otpUrl, second.otpUrl)
    await refused(() => verify(token, codeOf(first.otpUrl)), 400)
    const answer = await verify(token, codeOf(second.otpUrl).replace(/^.../, "$& "))
    assert.deepEqual(people.ok(answer), {})
    assert.deepEqual(people.ok(await get(token)), { isVerified: true, recoveryCodes: second.recoveryCodes })
    await refused(() => harness.call("POST /api/v1/user/me/totp/register", { token }), 400)
  })

  test("is not there before it is registered and after it is removed", async () => {
    const token = await person()
    const absent = async () => {
      for (const act of [get, remove, renew, (each: string) => verify(each, "123456")]) {
        await refused(() => act(token), 404)
      }
    }
    await absent()
    const { otpUrl } = await register(token)
    people.ok(await verify(token, codeOf(otpUrl)))
    assert.deepEqual(people.ok(await remove(token)), {})
    await absent()
    const rows = await harness.db
      .selectFrom("authenticators")
      .innerJoin("users", "users.id", "authenticators.user_id")
      .select(["sealed_secret", "sealed_recovery_codes", "is_verified"])
      .where("username", "=", `person-${made}@example.com`)
      .execute()
    assert.deepEqual(rows, [{ sealed_secret: null, sealed_recovery_codes: null, is_verified: false }])
    await register(token)
  })

  test("takes no code twice, and none from before the last", async () => {
    const token = await person()
    const { otpUrl } = await register(token)
    const code = codeOf(otpUrl)
    people.ok(await verify(token, code))
    assert.equal((await verify(token, code)).status, 400)
    assert.equal((await verify(token, codeOf(otpUrl, -1))).status, 400)
    people.ok(await verify(token, codeOf(otpUrl, 1)))
    assert.equal((await verify(token, codeOf(otpUrl, 3))).status, 400)
  })

  test("takes five wrong codes in ten minutes once it counts", async () => {
    const token = await person()
    const { otpUrl } = await register(token)
    for (let tries = 0; tries < 10; tries++) await refused(() => verify(token, "000000x"), 400)
    people.ok(await verify(token, codeOf(otpUrl)))
    for (let tries = 0; tries < 5; tries++) assert.equal((await verify(token, "000000x")).status, 400)
    await refused(() => verify(token, codeOf(otpUrl, 1)), 429)
    await harness.db
      .updateTable("users")
      .set({ mfa_attempts_since: new Date(Date.now() - 600_000) })
      .where("username", "=", `person-${made}@example.com`)
      .execute()
    people.ok(await verify(token, codeOf(otpUrl, 1)))
  })

  test("has recovery codes that can be made anew, once it counts", async () => {
    const token = await person()
    const { otpUrl, recoveryCodes } = await register(token)
    await refused(() => renew(token), 404)
    people.ok(await verify(token, codeOf(otpUrl)))
    assert.deepEqual(people.ok(await renew(token)), {})
    const { recoveryCodes: renewed } = people.ok(await get(token))
    assert.equal(new Set([...recoveryCodes, ...renewed]).size, 20)
  })

  test("is one's own", async () => {
    const [mine, theirs] = [await person(), await person()]
    const { otpUrl } = await register(mine)
    assert.equal((await get(theirs)).status, 404)
    const other = await register(theirs)
    await refused(() => verify(theirs, codeOf(otpUrl)), 400)
    people.ok(await verify(theirs, codeOf(other.otpUrl)))
    assert.equal(people.ok(await get(mine)).isVerified, false)
  })

  test("is refused what is no code", async () => {
    const token = await person()
    await register(token)
    for (const code of [
      "",
      " ",
      "12345",
      "1234567",
      "-12345",
      "12345\0",
      "１２３４５６",
      "1e5",
      "x".repeat(64),
    ]) {
      await refused(() => verify(token, code), 400)
    }
    for (const code of [123456, null, undefined, ["123456"], "1".repeat(65)]) {
      await refused(() => verify(token, code), 422)
    }
  })
})

describe("the database", () => {
  test("holds neither secret nor recovery codes as they are", async () => {
    const token = await person()
    const { otpUrl, recoveryCodes } = await register(token)
    const secret = secretOf(otpUrl)
    const shapes = [
      secret.toString("hex"),
      secret.toString("base64"),
      new URL(otpUrl).searchParams.get("secret"),
    ]
    const hex = recoveryCodes.map((code) => Buffer.from(code).toString("hex"))
    const rows = await harness.db.selectFrom("authenticators").selectAll().execute()
    const text = rows
      .flatMap(({ sealed_secret, sealed_recovery_codes }) => [sealed_secret, sealed_recovery_codes])
      .map((value) => `${value?.toString("hex")} ${value?.toString("latin1")}`)
      .join(" ")
    for (const plain of [...shapes, ...recoveryCodes, ...hex])
      assert.ok(!text.includes(plain ?? ""), plain ?? "")
  })

  test("cannot give one person's secret to another", async () => {
    const [attacker, victim] = [await person(), await person()]
    const { otpUrl } = await register(attacker)
    await register(victim)
    const idOf = (token: string): string =>
      JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).userId
    const { sealed_secret } = await harness.db
      .selectFrom("authenticators")
      .select("sealed_secret")
      .where("user_id", "=", idOf(attacker))
      .executeTakeFirstOrThrow()
    await harness.db
      .updateTable("authenticators")
      .set({ sealed_secret })
      .where("user_id", "=", idOf(victim))
      .execute()
    assert.equal((await verify(victim, codeOf(otpUrl))).status, 500)
  })
})
