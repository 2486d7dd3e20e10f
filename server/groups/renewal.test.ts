import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { run } from "../db/database.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme, "eve@elsewhere.example")
const usernames = await people.inviteMany(harness, acme, 30)
const fresh = usernames[Symbol.iterator]()
const somebody = (): string => fresh.next().value ?? ""
const { token } = acme
let made = 0
const freshGroup = () => people.addGroup(harness, acme, `Group ${++made}`)

const path = (groupId: string, username: string) => `/api/v1/groups/${groupId}/users/${username}`
const add = (groupId: string, username: string, body?: unknown) =>
  harness.call(`POST ${path(groupId, username)}`, { token, body })
const change = (groupId: string, username: string, body: unknown, by = token) =>
  harness.call(`PATCH ${path(groupId, username)}`, { token: by, body })
const soon = (ms: number): string => new Date(Date.now() + ms).toISOString()
const day = 86_400_000

type Row = { id: string; valid_from: Date; valid_until: Date | null }
const rowsOf = (groupId: string, kind = "user") =>
  run<Row>(
    harness.db,
    `select id, valid_from, valid_until from group_${kind}_memberships where group_id = $1`,
    [groupId],
  )
const moves = async (groupId: string) =>
  (
    await run<{ event_metadata: Record<string, unknown> }>(
      harness.db,
      `select event_metadata from audit_logs
       where event_type like 'update-%-group-membership' and event_metadata ->> 'groupId' = $1 order by created_at`,
      [groupId],
    )
  ).map((row) => row.event_metadata)

async function refused(act: () => Promise<Answer>, status: number): Promise<Answer> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(await harness.state(), before)
  return answer
}

async function freshMember(body?: unknown) {
  const { id } = await freshGroup()
  const username = somebody()
  people.ok(await add(id, username, body))
  return { id, username }
}

describe("a membership is renewed", () => {
  test("in the same interval, so that what hangs on it stays, and the audit log tells of both ends", async () => {
    const [first, later] = [soon(day), soon(2 * day)]
    const { id, username } = await freshMember({ until: first })
    const [before] = await rowsOf(id)
    const answer = people.ok(await change(id, username, { until: later }))
    assert.deepEqual(Object.keys(answer), ["validFrom", "validUntil", "sources"])
    assert.deepEqual([answer.validUntil, answer.sources], [later, ["manual"]])
    const rows = await rowsOf(id)
    assert.deepEqual(rows, [{ ...before, valid_until: new Date(later) }])
    const [told, ...rest] = await moves(id)
    assert.deepEqual([told?.["oldUntil"], told?.["until"], told?.["username"]], [first, later, username])
    assert.equal(rest.length, 0)
  })

  test("for good, for less, and for a machine identity in the same way", async () => {
    const { id, username } = await freshMember()
    const until = soon(day)
    assert.equal(people.ok(await change(id, username, { until })).validUntil, until)
    assert.equal(people.ok(await change(id, username, { until: null })).validUntil, null)
    const machine = await people.addIdentity(harness, acme, "no-access")
    const route = `/api/v1/groups/${id}/machine-identities/${machine.id}`
    people.ok(await harness.call(`POST ${route}`, { token }))
    const answer = people.ok(await harness.call(`PATCH ${route}`, { token, body: { until } }))
    assert.equal(answer.validUntil, until)
    assert.equal((await rowsOf(id, "identity"))[0]?.valid_until?.toISOString(), until)
    assert.equal((await moves(id)).at(-1)?.["identityId"], machine.id)
  })

  test("and nothing is told where nothing changes", async () => {
    const until = soon(day)
    const { id, username } = await freshMember({ until })
    people.ok(await change(id, username, { until }))
    people.ok(await change(id, username, {}))
    people.ok(await change(id, username, { from: null }))
    assert.deepEqual(await moves(id), [])
  })
})

describe("the beginning", () => {
  test("of what has begun stays", async () => {
    const { id, username } = await freshMember()
    await refused(() => change(id, username, { from: soon(day) }), 400)
  })

  test("of what is yet to begin is moved, also to now", async () => {
    const { id, username } = await freshMember({ from: soon(day), until: soon(3 * day) })
    const from = soon(2 * day)
    assert.equal(people.ok(await change(id, username, { from })).validFrom, from)
    await refused(() => change(id, username, { from: soon(4 * day) }), 400)
    const { validFrom } = people.ok(await change(id, username, { from: null }))
    assert.ok(Date.parse(validFrom) <= Date.now())
    const listed = people.ok(await harness.call(`GET /api/v1/groups/${id}/members`, { token }))
    assert.equal(listed.totalCount, 1)
    assert.equal((await rowsOf(id)).length, 1)
  })
})

describe("a renewal is refused", () => {
  test("for times that cannot be", async () => {
    const { id, username } = await freshMember({ until: soon(day) })
    for (const [body, status] of [
      [{ until: soon(-1_000) }, 400],
      [{ from: soon(2_000), until: soon(1_000) }, 422],
      [{ until: "never" }, 422],
      [[], 422],
    ] as const) {
      await refused(() => change(id, username, body), status)
    }
  })

  test("for whoever is not in the group, or was until it was over, in the words of DELETE", async () => {
    const { id, username } = await freshMember({ until: soon(day) })
    const until = soon(2 * day)
    const stranger = somebody()
    const words = async (route: string) => {
      const body = route.startsWith("PATCH") ? { until } : undefined
      return (await refused(() => harness.call(route, { token, body }), 403)).body.message
    }
    assert.equal(await words(`PATCH ${path(id, stranger)}`), await words(`DELETE ${path(id, stranger)}`))
    await run(
      harness.db,
      `update group_user_memberships set valid_from = valid_from - interval '2 days',
         valid_until = valid_until - interval '2 days' where group_id = $1`,
      [id],
    )
    assert.equal(await words(`PATCH ${path(id, username)}`), await words(`DELETE ${path(id, username)}`))
    await refused(() => change(id, "nobody@example.com", { until }), 404)
    await refused(() => change("no-id", username, { until }), 404)
  })

  test("for another organization's group, in the words of one that is not there", async () => {
    const { id, username } = await freshMember()
    const body = { until: soon(day) }
    const unknown = "00000000-0000-7000-8000-000000000000"
    const words = async (groupId: string) =>
      (await refused(() => change(groupId, username, body, elsewhere.token), 404)).body.message.replace(
        groupId,
        "<id>",
      )
    assert.equal(await words(id), await words(unknown))
  })

  test("to who may not give what it gives, or not take what it takes", async () => {
    const { id, username } = await freshMember({ until: soon(2 * day) })
    const may = async (slug: string, action: string) => {
      const permissions = [{ subject: "groups", action: ["read", "edit", action] }]
      const body = { slug, name: slug, permissions }
      people.ok(await harness.call("POST /api/v1/organization/roles", { token, body }))
      return (await people.addIdentity(harness, acme, slug)).token
    }
    const [adder, remover] = [
      await may("only-adds", "add-members"),
      await may("only-removes", "remove-members"),
    ]
    const denied = async (body: unknown, by: string) => {
      const before = await rowsOf(id)
      const answer = await change(id, username, body, by)
      assert.deepEqual([answer.status, answer.body.error], [403, "PermissionBoundaryError"], answer.text)
      assert.deepEqual(await rowsOf(id), before)
    }
    await denied({ until: soon(day) }, adder)
    await denied({ until: soon(3 * day) }, remover)
    await denied({ until: null }, remover)
    people.ok(await change(id, username, { until: soon(day) }, remover))
    people.ok(await change(id, username, { until: null }, adder))
    // Nor is whoever may not even take somebody out told who is in.
    const stranger = await change(id, "nobody@example.com", { until: null }, adder)
    assert.equal(stranger.body.error, "PermissionBoundaryError")
  })
})

describe("the list of memberships", () => {
  test("has who is in the group and who is yet to be, those that end first before the others", async () => {
    const { id } = await freshGroup()
    const [first, second, later, over] = [somebody(), somebody(), somebody(), somebody()]
    const [soonest, until] = [soon(day), soon(2 * day)]
    people.ok(await add(id, second))
    people.ok(await add(id, first, { until }))
    people.ok(await add(id, later, { from: soonest }))
    people.ok(await add(id, over, { until: soonest }))
    await run(
      harness.db,
      `update group_user_memberships set valid_from = valid_from - interval '2 days',
         valid_until = valid_until - interval '2 days' where group_id = $1 and valid_until = $2`,
      [id, soonest],
    )
    const machine = await people.addIdentity(harness, acme, "no-access")
    const route = `POST /api/v1/groups/${id}/members/bulk`
    const members = [{ machineIdentityId: machine.id, until: soon(day * 1.5) }]
    people.ok(await harness.call(route, { token, body: { members } }))

    const list = async (query = "") => {
      const answer = await harness.call(`GET /api/v1/groups/${id}/memberships${query}`, { token })
      const { memberships, totalCount } = people.ok(answer)
      type Listed = { user?: { username: string }; machineIdentity?: { id: string }; sources: string[] }
      const who = (memberships as Listed[]).map((each) => each.user?.username ?? each.machineIdentity?.id)
      return { who, totalCount, memberships: memberships as Listed[] }
    }
    const all = await list()
    assert.deepEqual(all.who, [machine.id, first, second, later])
    assert.equal(all.totalCount, 4)
    assert.deepEqual(all.memberships[0]?.sources, ["bulk"])
    assert.deepEqual((await list("?state=toCome")).who, [later])
    assert.deepEqual((await list("?state=active")).who, [machine.id, first, second])
    assert.deepEqual((await list(`?endsBefore=${encodeURIComponent(until)}`)).who, [machine.id])
    const page = await list("?limit=1&offset=1")
    assert.deepEqual([page.who, page.totalCount], [[first], 4])
    const foreign = await harness.call(`GET /api/v1/groups/${id}/memberships`, { token: elsewhere.token })
    assert.equal(foreign.status, 404)
  })
})
