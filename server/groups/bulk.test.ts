import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { run } from "../db/database.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme, "eve@elsewhere.example")
await people.addPerson(harness, elsewhere, { email: "zoe@elsewhere.example" })
const usernames = await people.inviteMany(harness, acme, 1_200)
const machine = await people.addIdentity(harness, acme, "no-access")
let made = 0
const freshGroup = () => people.addGroup(harness, acme, `Group ${++made}`)

type Row = { action?: string; username?: string; machineIdentityId?: string }
const change = (groupId: string, members: Row[], { mode = "allOrNothing", token = acme.token } = {}) =>
  harness.call(`POST /api/v1/groups/${groupId}/members/bulk?mode=${mode}`, { token, body: { members } })
const csv = (groupId: string, text: string, type = "text/csv; charset=utf-8") =>
  harness.call(`POST /api/v1/groups/${groupId}/members/bulk`, {
    token: acme.token,
    rawBody: text,
    headers: { "content-type": type },
  })
const named = (name: string): Row => ({ username: name })
const counts = (answer: Answer) => {
  const { added, removed, unchanged, failed } = people.ok(answer)
  return [added, removed, unchanged, failed.length]
}
const inGroup = async (groupId: string): Promise<number> =>
  people.ok(await harness.call(`GET /api/v1/groups/${groupId}/members?limit=1`, { token: acme.token }))
    .totalCount

async function refused(act: () => Promise<Answer>, status: number): Promise<Answer> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(await harness.state(), before)
  return answer
}

describe("many members at once", () => {
  test("are added and removed, each recorded by itself, and nobody twice", async () => {
    const group = await freshGroup()
    const all = [...usernames.map(named), { machineIdentityId: machine.id }]
    assert.deepEqual(counts(await change(group.id, all)), [1_201, 0, 0, 0])
    assert.deepEqual(counts(await change(group.id, [...all, ...all.slice(0, 10)])), [0, 0, 1_211, 0])
    const mixed = all.map((row, index) => ({ ...row, action: index < 600 ? "remove" : "add" }))
    assert.deepEqual(counts(await change(group.id, mixed)), [0, 600, 601, 0])
    assert.equal(await inGroup(group.id), 601)
    const events = await run<{ event_type: string; count: number; people: number }>(
      harness.db,
      `select event_type, count(*)::int as count, count(distinct event_metadata)::int as people from audit_logs
       where event_metadata ->> 'groupId' = $1 group by event_type order by event_type`,
      [group.id],
    )
    assert.deepEqual(
      events.filter(({ event_type: type }) => type !== "create-group").map((row) => Object.values(row)),
      [
        ["add-identity-to-group", 1, 1],
        ["add-user-to-group", 1_200, 1_200],
        ["remove-user-from-group", 600, 600],
      ],
    )
  })

  test("come as CSV, too", async () => {
    const group = await freshGroup()
    const text = `\uFEFFusername,machineIdentityId,action\r\n"${usernames[0]}",,\r\n\r\n,${machine.id},add\r\n`
    assert.deepEqual(counts(await csv(group.id, text)), [2, 0, 0, 0])
    assert.deepEqual(counts(await csv(group.id, `username,action\n${usernames[0]},remove\n`)), [0, 1, 0, 0])
    for (const [bad, status] of [
      ['username\n"open', 400],
      ["username,username\na,b", 400],
      ["username,action\na,b,c", 400],
      ["name\nsomebody", 422],
      ["username\n", 422],
      ["", 422],
      ["username,action\nsomebody,delete", 422],
    ] as const) {
      await refused(() => csv(group.id, bad), status)
    }
    await refused(() => csv(group.id, "username\na", "text/tab-separated-values"), 415)
  })

  test("are all left as they are when one of them cannot be changed, and which is told", async () => {
    const group = await freshGroup()
    const rows = [named(usernames[0] ?? ""), named("nobody@example.com"), { machineIdentityId: "no-uuid" }]
    const { body } = await refused(() => change(group.id, rows), 400)
    assert.deepEqual(
      body.details.failed.map(({ row }: { row: number }) => row),
      [2, 3],
    )
    assert.equal(await inGroup(group.id), 0)
  })

  test("are changed row by row where that is wanted", async () => {
    const group = await freshGroup()
    const rows = [named("nobody@example.com"), named(usernames[0] ?? ""), named("zoe@elsewhere.example")]
    const answer = await change(group.id, rows, { mode: "perRow" })
    assert.deepEqual(counts(answer), [1, 0, 0, 2])
    // Who is in another organization is absent in the words of whoever is nowhere.
    const said = answer.body.failed.map(({ message }: { message: string }) => message.replace(/ \S+@\S+/, ""))
    assert.equal(said[0], said[1])
  })
})

describe("somebody who leaves the organization meanwhile", () => {
  test("is told of as one who is not there, and the others are added", async () => {
    const group = await freshGroup()
    const [leaving = "", staying = ""] = usernames.slice(-2)
    const answer = await harness.db.transaction().execute(async (db) => {
      const places = db.selectFrom("organization_user_memberships").select(["org_id", "id"])
      const { id } = await places.where("username", "=", leaving).forUpdate().executeTakeFirstOrThrow()
      const changing = change(group.id, [named(leaving), named(staying)], { mode: "perRow" })
      // By now it has seen both, and waits for the one who is about to leave.
      for (let isWaiting = false; !isWaiting; await sleep(5)) {
        const waiting = await run(
          harness.db,
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          [],
        )
        isWaiting = waiting.length > 0
      }
      await db
        .updateTable("organization_user_memberships")
        .set({ is_closed: true, valid_until: new Date() })
        .where("id", "=", id)
        .execute()
      return { changing }
    })
    assert.deepEqual(counts(await answer.changing), [1, 0, 0, 1])
    assert.equal(await inGroup(group.id), 1)
  })
})

describe("a bulk change is refused", () => {
  test("for a group that is not there, or another organization's, in the same words", async () => {
    const group = await freshGroup()
    const rows = [named(usernames[0] ?? "")]
    const unknown = "00000000-0000-7000-8000-000000000000"
    const words = async (id: string, token: string) =>
      (await refused(() => change(id, rows, { token }), 404)).body.message.replace(id, "<id>")
    assert.equal(await words(group.id, elsewhere.token), await words(unknown, elsewhere.token))
  })

  test("for somebody who is to be added and removed, and for rows that name nobody or two", async () => {
    const group = await freshGroup()
    const username = usernames[0] ?? ""
    await refused(() => change(group.id, [{ username }, { username, action: "remove" }]), 400)
    await refused(() => change(group.id, [{}]), 422)
    await refused(() => change(group.id, [{ username, machineIdentityId: machine.id }]), 422)
    await refused(() => change(group.id, []), 422)
    await refused(() => change(group.id, [{ username }], { mode: "some" }), 422)
  })

  test("to whoever lacks one of the powers that it takes", async () => {
    const group = await freshGroup()
    const permissions = [{ subject: "groups", action: ["read", "edit", "add-members"] }]
    const body = { slug: "adders", name: "Adders", permissions }
    people.ok(await harness.call("POST /api/v1/organization/roles", { token: acme.token, body }))
    const { token } = await people.addIdentity(harness, acme, "adders")
    const username = usernames[0] ?? ""
    people.ok(await change(group.id, [{ username }], { token }))
    for (const row of [{ username, action: "remove" }, { machineIdentityId: machine.id }]) {
      const before = await inGroup(group.id)
      const answer = await change(group.id, [named(usernames[1] ?? ""), row], { token })
      assert.equal(answer.status, 403, answer.text)
      assert.equal(await inGroup(group.id), before)
    }
  })
})
