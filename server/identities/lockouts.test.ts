import assert from "node:assert/strict"
import { test } from "node:test"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness({ TRUSTED_PROXIES: "127.0.0.1" })
const acme = await people.bootstrap(harness)
const wrongSecret = "0".repeat(64)

type Machine = { identityId: string; clientId: string; clientSecret: string }

async function machine(settings: object = {}): Promise<Machine> {
  const body = { name: "builder", organizationId: acme.id }
  const { identity } = people.ok(await harness.call("POST /api/v1/identities", { token: acme.token, body }))
  const made = await people.addClientSecret(harness, acme, identity.id, { settings })
  return { ...made, identityId: identity.id }
}

const login = ({ clientId, clientSecret }: Machine, from = "192.0.2.1") =>
  harness.call("POST /api/v1/auth/universal-auth/login", {
    body: { clientId, clientSecret },
    headers: { "x-forwarded-for": from },
  })

const fail = async (machine: Machine, from?: string): Promise<string> => {
  const answer = await login({ ...machine, clientSecret: wrongSecret }, from)
  assert.equal(answer.status, 401)
  return answer.body.message
}

/** As if so many seconds had passed for the failures that are kept. */
const passSeconds = (seconds: number, { identityId }: Machine) =>
  harness.db
    .updateTable("identity_lockouts")
    .set({
      last_failed_at: sql`last_failed_at - make_interval(secs => ${seconds})`,
      locked_until: sql`locked_until - make_interval(secs => ${seconds})`,
    })
    .where("identity_id", "=", identityId)
    .execute()

const isLockedOut = async (machine: Machine, from?: string): Promise<boolean> => {
  const { status, body } = await login(machine, from)
  if (status === 200) return false
  assert.deepEqual([status, body.error], [401, "UnauthorizedError"])
  assert.match(body.message, /locked out/)
  return true
}

test("three failures lock their address out for five minutes, and no other", async () => {
  const made = await machine()
  for (let failure = 1; failure <= 3; failure++) assert.match(await fail(made), /is wrong/)
  assert.equal(await isLockedOut(made), true)
  assert.match(await fail(made), /locked out/)
  assert.equal(await isLockedOut(made, "192.0.2.2"), false)
  assert.equal(await isLockedOut(made, "2001:db8::1"), false)
  assert.equal(await isLockedOut(made, "::ffff:192.0.2.1"), true)
  await passSeconds(299, made)
  assert.equal(await isLockedOut(made), true)
  await passSeconds(1, made)
  assert.equal(await isLockedOut(made), false)
})

test("after a lock-out the count begins anew", async () => {
  const made = await machine()
  for (let failure = 1; failure <= 3; failure++) await fail(made)
  await passSeconds(300, made)
  await fail(made)
  await fail(made)
  assert.equal(await isLockedOut(made), false)
})

test("a good login ends the count, and so do thirty seconds", async () => {
  const made = await machine()
  await fail(made)
  await fail(made)
  assert.equal(await isLockedOut(made), false)
  await fail(made)
  await fail(made)
  await passSeconds(30, made)
  await fail(made)
  await fail(made)
  assert.equal(await isLockedOut(made), false)
  for (let failure = 1; failure <= 3; failure++) await fail(made)
  assert.equal(await isLockedOut(made), true)
})

test("the settings decide when, for how long, and whether at all", async () => {
  const strict = await machine({ lockoutThreshold: 1, lockoutDurationSeconds: 30 })
  await fail(strict)
  assert.equal(await isLockedOut(strict), true)
  await passSeconds(30, strict)
  assert.equal(await isLockedOut(strict), false)
  const open = await machine({ lockoutEnabled: false })
  for (let failure = 1; failure <= 10; failure++) await fail(open)
  assert.equal(await isLockedOut(open), false)
})

test("an unknown client id locks nobody out and keeps nothing", async () => {
  const made = await machine()
  const before = await harness.state()
  const unknown = { ...made, clientId: "00000000-0000-4000-8000-000000000000" }
  for (let failure = 1; failure <= 5; failure++) await fail(unknown)
  assert.deepEqual(await harness.state(), before)
  assert.equal(await isLockedOut(made), false)
})

test("100 failures at once lock the address out, and the right secret with it", async () => {
  const made = await machine()
  await Promise.all(Array.from({ length: 100 }, () => fail(made)))
  assert.equal(await isLockedOut(made), true)
  const rows = await harness.db
    .selectFrom("identity_lockouts")
    .select("failures")
    .where("identity_id", "=", made.identityId)
    .execute()
  assert.deepEqual(rows, [{ failures: 3 }])
})

test("a lock-out is cleared by who may, for every address", async () => {
  const made = await machine()
  for (const from of ["192.0.2.1", "192.0.2.2"]) {
    for (let failure = 1; failure <= 3; failure++) await fail(made, from)
    assert.equal(await isLockedOut(made, from), true)
  }
  const route = `POST /api/v1/auth/universal-auth/identities/${made.identityId}/clear-lockouts`
  assert.deepEqual(people.ok(await harness.call(route, { token: acme.token })), { deleted: 2 })
  assert.deepEqual(people.ok(await harness.call(route, { token: acme.token })), { deleted: 0 })
  assert.equal(await isLockedOut(made, "192.0.2.1"), false)
  assert.equal(await isLockedOut(made, "192.0.2.2"), false)
})
