import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, test } from "node:test"
import { run } from "../db/database.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const usernames = await people.inviteMany(harness, acme, 40)
const fresh = usernames[Symbol.iterator]()
const somebody = (): string => fresh.next().value ?? ""
const { token } = acme
let made = 0
const freshGroup = (role?: string) => people.addGroup(harness, acme, `Group ${++made}`, role)

const add = (groupId: string, username: string, body?: unknown) =>
  harness.call(`POST /api/v1/groups/${groupId}/users/${username}`, { token, body })
const remove = (groupId: string, username: string) =>
  harness.call(`DELETE /api/v1/groups/${groupId}/users/${username}`, { token })
const addMachine = (groupId: string, id: string, body?: unknown) =>
  harness.call(`POST /api/v1/groups/${groupId}/machine-identities/${id}`, { token, body })
const bulk = (groupId: string, members: unknown[], mode = "allOrNothing") =>
  harness.call(`POST /api/v1/groups/${groupId}/members/bulk?mode=${mode}`, { token, body: { members } })
const setLifetime = (groupId: string, defaultLifetime: string | null) =>
  harness.call(`PATCH /api/v1/groups/${groupId}/membership-settings`, { token, body: { defaultLifetime } })

type Row = {
  valid_from: Date
  valid_until: Date | null
  is_closed: boolean
  sources: string[]
  lasts_ms: number | null
}
const rowsOf = (groupId: string, kind = "user"): Promise<Row[]> =>
  run<Row>(
    harness.db,
    `select valid_from, valid_until, is_closed, sources,
       (extract(epoch from valid_until - valid_from) * 1000)::float8 as lasts_ms
     from group_${kind}_memberships where group_id = $1 order by valid_from`,
    [groupId],
  )
const members = async (groupId: string): Promise<number> =>
  people.ok(await harness.call(`GET /api/v1/groups/${groupId}/members`, { token })).totalCount
const told = async (groupId: string, event: string) =>
  (
    await run<{ event_metadata: Record<string, unknown> }>(
      harness.db,
      `select event_metadata from audit_logs
       where event_type = $2 and event_metadata ->> 'groupId' = $1 order by created_at`,
      [groupId, event],
    )
  ).map((row) => row.event_metadata)
const soon = (ms: number): string => new Date(Date.now() + ms).toISOString()
const minute = 60_000
const day = 86_400_000

async function refused(act: () => Promise<Answer>, status: number): Promise<Answer> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(await harness.state(), before)
  return answer
}

/** The time of a membership comes and goes by itself; here it is moved, which takes no waiting. */
const move = (groupId: string, kind: string, by: string) =>
  run(
    harness.db,
    `update group_${kind}_memberships
     set valid_from = valid_from + $2::interval, valid_until = valid_until + $2::interval where group_id = $1`,
    [groupId, by],
  )

describe("a membership with an end", () => {
  test("lasts until then, and says so in the audit log", async () => {
    const group = await freshGroup()
    const until = soon(day)
    const answer = people.ok(await add(group.id, somebody(), { until }))
    assert.deepEqual(Object.keys(answer), ["email", "username", "firstName", "lastName", "id"])
    const [row] = await rowsOf(group.id)
    assert.equal(row?.valid_until?.toISOString(), until)
    assert.deepEqual(row?.sources, ["manual"])
    const [event] = await told(group.id, "add-user-to-group")
    assert.deepEqual(Object.keys(event ?? {}).toSorted(), [
      "groupId",
      "groupName",
      "until",
      "userId",
      "username",
    ])
    assert.equal(event?.["until"], until)
  })

  test("is over without anybody's doing, and the next one is another", async () => {
    const group = await freshGroup()
    const username = somebody()
    people.ok(await add(group.id, username, { until: soon(day) }))
    assert.equal(await members(group.id), 1)
    await move(group.id, "user", "-2 days")
    assert.equal(await members(group.id), 0)
    await refused(() => remove(group.id, username), 403)
    const before = await rowsOf(group.id)
    people.ok(await add(group.id, username))
    const after = await rowsOf(group.id)
    assert.deepEqual([after[0]?.valid_until, after[0]?.is_closed], [before[0]?.valid_until, true])
    assert.deepEqual([after.length, after[1]?.valid_until, await members(group.id)], [2, null, 1])
  })

  test("takes away with it what a token has by it, at the moment that it ends", async () => {
    const group = await freshGroup("admin")
    const person = await people.addPerson(harness, acme, { email: "timed@example.com", role: "no-access" })
    const machine = await people.addIdentity(harness, acme, "no-access")
    const read = async () =>
      Promise.all(
        [person, machine.token].map(
          async (own) => (await harness.call("GET /api/v1/groups", { token: own })).status,
        ),
      )
    assert.deepEqual(await read(), [403, 403])
    const until = soon(3_000)
    people.ok(await add(group.id, "timed@example.com", { until }))
    people.ok(await addMachine(group.id, machine.id, { until }))
    assert.deepEqual(await read(), [200, 200])
    await sleep(Date.parse(until) - Date.now() + 50)
    assert.deepEqual(await read(), [403, 403])
  })
})

describe("a membership that is yet to begin", () => {
  test("gives nothing and is in no list until then", async () => {
    const group = await freshGroup("admin")
    const own = await people.addPerson(harness, acme, { email: "later@example.com", role: "no-access" })
    const from = soon(day)
    people.ok(await add(group.id, "later@example.com", { from, until: soon(2 * day) }))
    assert.equal((await harness.call("GET /api/v1/groups", { token: own })).status, 403)
    assert.equal(await members(group.id), 0)
    assert.equal((await told(group.id, "add-user-to-group"))[0]?.["from"], from)
    const answer = await refused(() => add(group.id, "later@example.com"), 400)
    assert.match(answer.body.message, /later/)
    await move(group.id, "user", "-1 day")
    assert.equal((await harness.call("GET /api/v1/groups", { token: own })).status, 200)
    assert.equal(await members(group.id), 1)
  })

  test("can be taken back, and then never was", async () => {
    const group = await freshGroup()
    const username = somebody()
    people.ok(await add(group.id, username, { from: soon(day) }))
    people.ok(await remove(group.id, username))
    const [row] = await rowsOf(group.id)
    assert.deepEqual([row?.lasts_ms, row?.is_closed], [0, true])
    people.ok(await add(group.id, username))
    assert.equal(await members(group.id), 1)
  })
})

describe("times that cannot be", () => {
  test("are refused, and nothing is changed", async () => {
    const group = await freshGroup()
    const machine = await people.addIdentity(harness, acme, "no-access")
    const username = somebody()
    const bodies: [unknown, number][] = [
      [{ until: soon(-minute) }, 400],
      [{ from: soon(-minute) }, 400],
      [{ from: soon(2 * minute), until: soon(minute) }, 422],
      [{ from: "tomorrow" }, 422],
      [{ until: "2999-02-30T00:00:00Z" }, 422],
      [{ until: "2999-01-01T00:00:00" }, 422],
      [{ until: 1 }, 422],
      [{ from: null }, 422],
    ]
    for (const [body, status] of bodies) {
      await refused(() => add(group.id, username, body), status)
      await refused(() => addMachine(group.id, machine.id, body), status)
      const row = { username, ...(body as object) }
      await refused(() => bulk(group.id, [row]), status)
    }
  })

  test("keep only the row from being done where that is wanted", async () => {
    const group = await freshGroup()
    const rows = [{ username: somebody(), until: soon(-minute) }, { username: somebody() }]
    const answer = people.ok(await bulk(group.id, rows, "perRow"))
    assert.deepEqual([answer.added, answer.failed.length, answer.failed[0].row], [1, 1, 1])
    const username = somebody()
    await refused(() => bulk(group.id, [{ username }, { username, until: soon(day) }]), 400)
    await refused(() => bulk(group.id, [{ username, action: "remove", until: soon(day) }]), 422)
  })
})

describe("the lifetime that a group gives", () => {
  const thirtyDays = 30 * day
  const isThirtyDays = (lasts: number | null | undefined) => Math.abs((lasts ?? 0) - thirtyDays) <= 1

  test("is that of every membership without an end of its own, however it came", async () => {
    const group = await freshGroup()
    assert.deepEqual(people.ok(await setLifetime(group.id, "30d")), { defaultLifetime: "30d" })
    const machine = await people.addIdentity(harness, acme, "no-access")
    const alone = somebody()
    people.ok(await add(group.id, alone))
    people.ok(await addMachine(group.id, machine.id))
    // Several at once are written together.
    const several = [somebody(), somebody(), somebody(), somebody()]
    for (const answer of await Promise.all(several.map((each) => add(group.id, each)))) people.ok(answer)
    people.ok(await bulk(group.id, [{ username: somebody() }, { username: somebody() }]))
    const rows = [...(await rowsOf(group.id)), ...(await rowsOf(group.id, "identity"))]
    assert.equal(rows.length, 8)
    for (const row of rows) assert.ok(isThirtyDays(row.lasts_ms), String(row.lasts_ms))
    assert.deepEqual(
      rows.map(({ sources }) => sources[0]).filter((source) => source === "bulk"),
      ["bulk", "bulk"],
    )
    const events = await told(group.id, "add-user-to-group")
    const ends = new Set(rows.map(({ valid_until: until }) => until?.toISOString()))
    for (const { until } of events) assert.ok(ends.has(String(until)), String(until))
  })

  test("is counted from when the membership begins, and gives way to what was asked for", async () => {
    const group = await freshGroup()
    people.ok(await setLifetime(group.id, "30 days"))
    const until = soon(365 * day)
    people.ok(await add(group.id, somebody(), { from: soon(day) }))
    assert.ok(isThirtyDays((await rowsOf(group.id))[0]?.lasts_ms))
    const [longer, never] = [somebody(), somebody()]
    people.ok(await bulk(group.id, [{ username: longer, until }]))
    people.ok(await add(group.id, never, { until: null }))
    const ends = (await rowsOf(group.id)).map(({ valid_until: end }) => end?.toISOString() ?? null)
    assert.ok(ends.includes(until) && ends.includes(null), ends.join())
  })

  test("changes nothing for who is there, and can be taken away", async () => {
    const group = await freshGroup()
    people.ok(await add(group.id, somebody()))
    people.ok(await setLifetime(group.id, "1h"))
    people.ok(await setLifetime(group.id, null))
    people.ok(await add(group.id, somebody()))
    assert.deepEqual(
      (await rowsOf(group.id)).map(({ valid_until: end }) => end),
      [null, null],
    )
    assert.deepEqual(
      (await told(group.id, "update-group")).map(({ membershipLifetime }) => membershipLifetime),
      ["1h", null],
    )
    for (const wrong of ["", "soon", "0d", "-1d", "9".repeat(40)])
      await refused(() => setLifetime(group.id, wrong), 422)
  })
})

describe("who is invited", () => {
  test("has the rest of the time when they accept, and nothing when it is over", async () => {
    const [lasting, over, later] = [await freshGroup(), await freshGroup(), await freshGroup()]
    const invitation = await people.invite(harness, acme, "invited@example.com")
    const until = soon(day)
    people.ok(await add(lasting.id, "invited@example.com", { until }))
    people.ok(await add(over.id, "invited@example.com", { until }))
    people.ok(await add(later.id, "invited@example.com", { from: until }))
    await move(over.id, "user", "-2 days")
    await people.accept(harness, invitation)
    const shown = async (id: string) =>
      (await rowsOf(id)).map(({ valid_until: end, is_closed: closed }) => [end?.toISOString(), closed])
    const rows = await rowsOf(lasting.id)
    assert.deepEqual([rows.length, rows[0]?.is_closed, rows[1]?.is_closed], [2, true, false])
    assert.deepEqual(
      [rows[0]?.valid_until, rows[1]?.valid_until?.toISOString()],
      [rows[1]?.valid_from, until],
    )
    assert.deepEqual((await shown(over.id)).length, 1)
    assert.equal(await members(over.id), 0)
    const toCome = (await rowsOf(later.id)).find(({ is_closed: closed }) => !closed)
    assert.equal(toCome?.valid_from.toISOString(), until)
  })
})

describe("CSV", () => {
  test("has times in columns of their own", async () => {
    const group = await freshGroup()
    const until = soon(day)
    const rawBody = `username,until\n${somebody()},${until}\n${somebody()},\n`
    const headers = { "content-type": "text/csv" }
    const route = `POST /api/v1/groups/${group.id}/members/bulk`
    people.ok(await harness.call(route, { token, rawBody, headers }))
    const ends = (await rowsOf(group.id)).map(({ valid_until: end }) => end?.toISOString() ?? null)
    assert.deepEqual(new Set(ends), new Set([until, null]))
  })
})

describe("sources", () => {
  test("are told when a membership is ended, unless somebody gave it by hand", async () => {
    const group = await freshGroup()
    const [one, other] = [somebody(), somebody()]
    people.ok(await add(group.id, one))
    people.ok(await bulk(group.id, [{ username: other }]))
    people.ok(await remove(group.id, one))
    people.ok(await bulk(group.id, [{ username: other, action: "remove" }]))
    const events = await told(group.id, "remove-user-from-group")
    assert.deepEqual(
      events.map(({ sources }) => sources),
      [undefined, ["bulk"]],
    )
  })
})
