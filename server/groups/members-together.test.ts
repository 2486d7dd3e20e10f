import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"

// Adds and removes that come at the same time, and are therefore written together.
const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme, "eve@elsewhere.example")
const machines = await Promise.all(
  Array.from({ length: 64 }, () => people.addIdentity(harness, acme, "admin")),
)
const members = await people.inviteMany(harness, acme, 320)

const call = (method: "POST" | "DELETE", groupId: string, username: string, options = {}) =>
  harness.call(`${method} /api/v1/groups/${groupId}/users/${username}`, { token: acme.token, ...options })
const audited = (event: string, groupId: string) =>
  harness.db
    .selectFrom("audit_logs")
    .selectAll()
    .where("event_type", "=", event)
    .where(sql<boolean>`event_metadata ->> 'groupId' = ${groupId}`)
    .execute()
const placesIn = (groupId: string) =>
  harness.db.selectFrom("group_user_memberships").selectAll().where("group_id", "=", groupId).execute()
const statusesOf = (answers: Answer[]) => answers.map(({ status }) => status).toSorted((a, b) => a - b)

describe("at the same time", () => {
  test("each of 64 callers is answered, and recorded, with what was their own", async () => {
    const group = await people.addGroup(harness, acme, "Everybody")
    // Each sends the next as soon as it was answered, so that many are under way and waiting all along.
    const sendAll = async (method: "POST" | "DELETE", caller: number) => {
      const options = { token: machines[caller]?.token, headers: { "user-agent": `agent ${caller}` } }
      for (let index = caller; index < members.length; index += machines.length) {
        const answer = await call(method, group.id, members[index] ?? "", options)
        assert.equal(people.ok(answer).username, members[index])
      }
    }
    for (const [method, event] of [
      ["POST", "add-user-to-group"],
      ["DELETE", "remove-user-from-group"],
    ] as const) {
      await Promise.all(machines.map((_, caller) => sendAll(method, caller)))
      const told = (await audited(event, group.id)).map((row) => {
        const { username } = row.event_metadata as { username: string }
        return `${username} ${row.actor_id} ${row.user_agent}`
      })
      const expected = members.map((member, index) => {
        const caller = index % machines.length
        return `${member} ${machines[caller]?.id} agent ${caller}`
      })
      assert.deepEqual(new Set(told), new Set(expected))
      assert.equal(told.length, expected.length)
    }
    const places = await placesIn(group.id)
    assert.deepEqual([places.length, places.filter(({ is_closed }) => is_closed).length], [320, 320])
  })

  test("one of those who add the same person does, and one of those who take them out", async () => {
    const group = await people.addGroup(harness, acme, "One")
    const many = (method: "POST" | "DELETE") =>
      Promise.all(machines.map(({ token }) => call(method, group.id, members[0] ?? "", { token })))
    const rest = (status: number) => Array.from({ length: 63 }, () => status)
    assert.deepEqual(statusesOf(await many("POST")), [200, ...rest(400)])
    assert.equal((await audited("add-user-to-group", group.id)).length, 1)
    assert.deepEqual(statusesOf(await many("DELETE")), [200, ...rest(403)])
    assert.equal((await audited("remove-user-from-group", group.id)).length, 1)
    assert.equal((await placesIn(group.id)).length, 1)
  })

  test("people and machine identities act and are put into groups beside each other", async () => {
    const group = await people.addGroup(harness, acme, "Mixed")
    const targets = [
      ...members.slice(0, 64).map((username) => `users/${username}`),
      ...machines.map(({ id }) => `machine-identities/${id}`),
    ]
    const all = (method: "POST" | "DELETE") =>
      Promise.all(
        targets.map((target, index) =>
          harness.call(`${method} /api/v1/groups/${group.id}/${target}`, {
            token: index % 2 === 0 ? acme.adminToken : acme.token,
          }),
        ),
      )
    for (const method of ["POST", "DELETE"] as const)
      assert.deepEqual(new Set(statusesOf(await all(method))), new Set([200]))
    for (const event of ["add-identity-to-group", "remove-identity-from-group"])
      assert.equal((await audited(event, group.id)).length, 64)
  })

  test("organizations do not mix: what is another's is absent, whoever asks beside", async () => {
    const [ours, theirs] = await Promise.all([
      people.addGroup(harness, acme, "Ours"),
      people.addGroup(harness, elsewhere, "Theirs"),
    ])
    const some = members.slice(0, 64)
    const answers = await Promise.all(
      some.flatMap((member) => [
        call("POST", ours.id, member),
        call("POST", theirs.id, member),
        call("POST", ours.id, member, { token: elsewhere.token }),
        call("POST", theirs.id, member, { token: elsewhere.token }),
      ]),
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      some.flatMap(() => [200, 404, 404, 404]),
    )
    assert.equal((await placesIn(theirs.id)).length, 0)
  })
})

describe("while somebody changes a group", () => {
  test("the others are not kept waiting, and what concerns it is decided by how that ends", async () => {
    const [held, free] = await Promise.all([
      people.addGroup(harness, acme, "Held"),
      people.addGroup(harness, acme, "Free"),
    ])
    const waiting = await harness.db.transaction().execute(async (db) => {
      await db.selectFrom("groups").select("id").where("id", "=", held.id).forUpdate().execute()
      const onHeld = members.slice(0, 8).map((member) => call("POST", held.id, member))
      const onFree = await Promise.all(members.slice(0, 64).map((member) => call("POST", free.id, member)))
      assert.deepEqual(new Set(statusesOf(onFree)), new Set([200]))
      await db
        .updateTable("groups")
        .set({ deleted_at: new Date() })
        .where("id", "=", held.id)
        .where("org_id", "=", acme.id)
        .execute()
      return { answers: Promise.all(onHeld) }
    })
    assert.deepEqual(new Set(statusesOf(await waiting.answers)), new Set([404]))
    assert.equal((await placesIn(held.id)).length, 0)
    assert.equal((await audited("add-user-to-group", held.id)).length, 0)
  })
})
