import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { after, beforeEach, describe, test } from "node:test"
import { createTestDatabase } from "../test/databases.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { makeDataDir, startProcess } from "../test/processes.ts"
import { networkOf } from "./password-check.ts"

const password = "correct horse battery staple"
const harness = await startHarness({ TRUSTED_PROXIES: "127.0.0.1" })
const acme = await people.bootstrap(harness)

// Each test has a source of its own, since wrong passwords for one account count against those for others.
let tests = 0
beforeEach(() => void tests++)
const login = (email: string, secret: string, source = `198.51.100.${tests}`) =>
  harness.call("POST /api/v3/auth/login", {
    body: { email, password: secret },
    headers: { "x-forwarded-for": source },
  })
async function failTimes(count: number, email: string, source?: string): Promise<void> {
  for (let time = 0; time < count; time++) assert.equal((await login(email, "wrong", source)).status, 400)
}
const newAccount = async (email: string): Promise<string> => {
  await people.accept(harness, await people.invite(harness, acme, email))
  return email
}

describe("wrong passwords", () => {
  test("make their source wait after the tenth, with the right one too", async () => {
    const email = await newAccount("waiting@example.com")
    await failTimes(10, email)
    for (const secret of ["wrong", password]) {
      const answer = await login(email, secret)
      assert.deepEqual([answer.status, answer.body.error], [429, "RateLimitExceeded"])
      const seconds = Number(answer.headers["retry-after"])
      assert.ok(seconds > 280 && seconds <= 300, String(seconds))
    }
  })

  test("lock nobody out who comes from elsewhere, and hinder no other account", async () => {
    const [email, other] = [await newAccount("victim@example.com"), await newAccount("other@example.com")]
    await failTimes(10, email)
    assert.equal((await login(email, password)).status, 429)
    people.ok(await login(email, password, "203.0.113.8"))
    people.ok(await login(other, password))
    assert.equal((await login(email, password)).status, 429)
  })

  test("for ever other accounts make their source wait as well, and no other", async () => {
    const floodOf = (source: string) =>
      Promise.all(
        Array.from({ length: 230 }, (_, number) => login(`flood-${number}@example.com`, "wrong", source)),
      )
    const statuses = (await floodOf("203.0.113.40")).map(({ status }) => status)
    const evaluated = statuses.filter((status) => status === 400).length
    assert.ok(evaluated >= 180 && evaluated < 225, String(evaluated))
    assert.equal(statuses.filter((status) => status === 429).length, 230 - evaluated)
    const email = await newAccount("beside@example.com")
    people.ok(await login(email, password, "203.0.113.41"))
  })

  test("of a network without any left are not even read", async () => {
    const source = "203.0.113.42"
    const flood = Array.from({ length: 230 }, (_, number) =>
      login(`unread-${number}@example.com`, "wrong", source),
    )
    const unread = await Promise.any(
      flood.map(async (one) => {
        assert.equal((await one).status, 429)
        const headers = { "x-forwarded-for": source }
        return harness.call("POST /api/v3/auth/login", { rawBody: "no JSON", headers })
      }),
    )
    assert.equal(unread.status, 429)
    await Promise.all(flood)
  })

  test("are counted for the account, however its address is written", async () => {
    const email = await newAccount("spelled@example.com")
    await failTimes(4, email)
    await failTimes(3, " Spelled@Example.com ")
    await failTimes(3, "SPELLED@EXAMPLE.COM")
    assert.equal((await login(email, password)).status, 429)
  })

  test("are forgotten after the right one, and after five minutes", async () => {
    const email = await newAccount("forgetful@example.com")
    for (let round = 0; round < 3; round++) {
      await failTimes(9, email)
      people.ok(await login(email, password))
    }
    await failTimes(10, email)
    assert.equal((await login(email, password)).status, 429)
    await harness.db
      .updateTable("password_attempts")
      .set({ began_at: new Date(Date.now() - 301_000) })
      .execute()
    people.ok(await login(email, password))
  })

  test("are counted alike for an address without an account, and for one that is only invited", async () => {
    await people.invite(harness, acme, "pending@example.com")
    const known = await newAccount("known@example.com")
    const shown = []
    for (const email of ["unknown@example.com", "pending@example.com", known, "no address"]) {
      await failTimes(10, email)
      const { status, body } = await login(email, "wrong")
      shown.push([status, body.error, body.message.replace(/\d+/, "<seconds>")])
    }
    for (const one of shown) assert.deepEqual(one, shown[0])
    assert.equal(shown[0]?.[0], 429)
  })

  test("that nobody looked at, since too many were waiting, are not counted", async () => {
    const email = await newAccount("crowded@example.com")
    const flood = Array.from({ length: 260 }, (_, index) =>
      login(`crowd-${index}@example.com`, "wrong", `192.0.2.${index % 250}`),
    )
    const crowded = Array.from({ length: 10 }, () => login(email, "wrong"))
    await Promise.all(flood)
    const looked = (await Promise.all(crowded)).filter(({ status }) => status === 400).length
    for (let left = looked; left < 10; left++) assert.equal((await login(email, "wrong")).status, 400)
    assert.equal((await login(email, "wrong")).status, 429)
  })

  test("leave neither address nor source in the database", async () => {
    await failTimes(1, "secretive@example.com")
    const { password_attempts: rows = [] } = await harness.state()
    assert.ok(rows.length > 0)
    for (const row of rows) assert.ok(!/example|198\.51/.test(row), row)
  })
})

test("a source is an IPv4 address, or the first half of an IPv6 address", () => {
  const networks: Record<string, string> = {
    "203.0.113.7": "203.0.113.7",
    "::ffff:203.0.113.7": "203.0.113.7",
    "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
    "2001:0db8:0001:0002::9": "2001:db8:1:2::/64",
    "2001:db8::1": "2001:db8:0:0::/64",
    "::1": "0:0:0:0::/64",
    "fe80::1%eth0": "fe80:0:0:0::/64",
  }
  for (const [ip, network] of Object.entries(networks)) assert.equal(networkOf(ip), network, ip)
})

test("of 100 wrong passwords at once, over two servers, ten are looked at", async () => {
  const database = await createTestDatabase()
  const dataDir = await makeDataDir()
  const options = { dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "error" } }
  const servers = [await startProcess(options), await startProcess(options)]
  after(async () => {
    for (const server of servers) server.kill("SIGTERM")
    await Promise.all(servers.map((server) => server.exited))
    await database.drop()
    await rm(dataDir, { recursive: true, force: true })
  })
  const [one] = servers
  assert.ok(one)
  await people.bootstrap(one)
  const body = { email: "ada@example.com", password: "wrong" }
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      (servers[index % 2] ?? one).call("POST /api/v3/auth/login", { body }),
    ),
  )
  assert.equal(answers.filter(({ status }) => status === 400).length, 10)
  assert.equal(answers.filter(({ status }) => status === 429).length, 90)
})
