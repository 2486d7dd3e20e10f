import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { userAgentType } from "./user-agent.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const group = await people.addGroup(harness, acme, "Audited")

const logs = async (query = "", token = acme.token) =>
  people.ok(await harness.call(`GET /api/v1/organization/audit-logs${query}`, { token })).auditLogs as {
    event: { type: string; metadata: Record<string, unknown> }
    actor: { type: string; metadata: Record<string, unknown> }
    createdAt: string
    orgId: string
    userAgentType: string
  }[]
const status = async (query: string) =>
  (await harness.call(`GET /api/v1/organization/audit-logs${query}`, { token: acme.token })).status

describe("reading", () => {
  test("the newest comes first, and looking is itself an event", async () => {
    const first = await logs("?limit=1000")
    const times = first.map((log) => log.createdAt)
    assert.deepEqual(times, [...times].toSorted().toReversed())
    assert.equal(first[0]?.event.type, "view-audit-logs")
    assert.ok(first.every((log) => log.orgId === acme.id))
  })

  test("another organization's events are not there", async () => {
    const theirs = await logs("?limit=1000", elsewhere.token)
    assert.ok(theirs.length > 0)
    assert.ok(theirs.every((log) => log.orgId === elsewhere.id))
  })

  test("filters narrow by event, actor, details and client", async () => {
    assert.deepEqual(
      (await logs("?eventType=create-group,delete-group")).map(({ event }) => event.type),
      ["create-group"],
    )
    assert.equal((await logs(`?eventMetadata=groupId=${group.id}`)).length, 1)
    assert.equal((await logs("?eventMetadata=groupId=nothing")).length, 0)
    assert.ok((await logs("?actorType=platform")).every(({ actor }) => actor.type === "platform"))
    assert.equal((await logs("?actor=00000000-0000-7000-8000-000000000000")).length, 0)
    assert.equal((await logs("?actor=no-id")).length, 0)
    assert.equal((await logs("?userAgentType=terraform")).length, 0)
    assert.equal((await logs("?projectId=anything")).length, 0)
  })

  test("pages follow each other, and only the first one is an event", async () => {
    const whole = await logs("?limit=5&eventType=create-identity,create-group,bootstrap-instance")
    const second = await logs("?limit=1&offset=1&eventType=create-identity,create-group,bootstrap-instance")
    assert.deepEqual(second[0], whole[1])
    const before = await harness.state()
    await logs("?offset=1")
    assert.deepEqual(await harness.state(), before)
  })

  test("a period may span three months, and must not end before it begins", async () => {
    const [start, end] = ["2026-01-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z"]
    assert.equal(await status(`?startDate=${start}&endDate=${end}`), 200)
    assert.equal(await status(`?startDate=${start}&endDate=2026-05-01T00:00:00.000Z`), 422)
    assert.equal(await status(`?startDate=${end}&endDate=${start}`), 422)
    assert.deepEqual(await logs(`?startDate=${start}&endDate=${end}`), [])
  })

  for (const query of [
    "limit=0",
    "limit=1001",
    "offset=-1",
    "startDate=yesterday",
    "userAgentType=fridge",
    "actorType=cat",
    "eventMetadata=novalue",
    "eventType=%00",
  ]) {
    test(`${query} is refused`, async () => assert.equal(await status(`?${query}`), 422))
  }
})

describe("keeping", () => {
  test("rows are only ever added", async () => {
    for (const statement of [
      sql`update audit_logs set event_type = 'nothing'`,
      sql`delete from audit_logs`,
      sql`truncate audit_logs`,
    ]) {
      await assert.rejects(statement.execute(harness.db), /only ever added/)
    }
  })

  test("a denial that cannot be recorded is answered 503", async () => {
    const token = await people.addMachine(harness, acme, "no-access")
    await sql`alter table audit_logs add constraint nothing_more check (false) not valid`.execute(harness.db)
    try {
      const answer = await harness.call("GET /api/v1/groups", { token })
      assert.equal(answer.status, 503)
      assert.ok(answer.headers["retry-after"])
    } finally {
      await sql`alter table audit_logs drop constraint nothing_more`.execute(harness.db)
    }
    assert.equal((await harness.call("GET /api/v1/groups", { token })).status, 403)
  })

  test("a change whose event cannot be recorded does not happen", async () => {
    const user = encodeURIComponent(acme.adminUsername)
    await sql`alter table audit_logs add constraint nothing_more check (false) not valid`.execute(harness.db)
    const before = await harness.state()
    try {
      const route = `POST /api/v1/groups/${group.id}/users/${user}`
      assert.equal((await harness.call(route, { token: acme.token })).status, 500)
      const body = { name: "Unrecorded" }
      assert.equal((await harness.call("POST /api/v1/groups", { token: acme.token, body })).status, 500)
      assert.deepEqual(await harness.state(), before)
    } finally {
      await sql`alter table audit_logs drop constraint nothing_more`.execute(harness.db)
    }
  })
})

test("clients are told apart by what they call themselves", () => {
  assert.deepEqual(
    ["cli", "k8-operator", "terraform", "Mozilla/5.0 (X11)", "curl/8", "", "InfisicalNodeSDK"].map(
      userAgentType,
    ),
    ["cli", "k8-operator", "terraform", "web", "other", "other", "InfisicalNodeSDK"],
  )
})
