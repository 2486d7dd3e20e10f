import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)

const add = (groupId: string, username: string, token = acme.token) =>
  harness.call(`POST /api/v1/groups/${groupId}/users/${encodeURIComponent(username)}`, { token })
const remove = (groupId: string, username: string, token = acme.token) =>
  harness.call(`DELETE /api/v1/groups/${groupId}/users/${encodeURIComponent(username)}`, { token })

describe("allowed", () => {
  test("an admin adds a person, who is then listed with the moment of joining", async () => {
    const group = await people.addGroup(harness, acme, "Readers")
    const answer = await add(group.id, acme.adminUsername)
    assert.equal(answer.status, 200)
    assert.deepEqual(Object.keys(answer.body), ["email", "username", "firstName", "lastName", "id"])
    const list = people.ok(await harness.call(`GET /api/v1/groups/${group.id}/users`, { token: acme.token }))
    const listed = list.users.find((user: { id: string }) => user.id === answer.body.id)
    assert.equal(listed.isPartOfGroup, true)
    assert.ok(Math.abs(Date.parse(listed.joinedGroupAt) - Date.now()) < 60_000)
  })
})

describe("refused", () => {
  test("adding the same person twice is refused and leaves one membership", async () => {
    const group = await people.addGroup(harness, acme, "Twice")
    people.ok(await add(group.id, acme.adminUsername))
    const before = await harness.state()
    const again = await add(group.id, acme.adminUsername)
    assert.equal(again.status, 400)
    assert.equal(again.body.error, "BadRequest")
    assert.deepEqual(await harness.state(), before)
  })

  test("a user of another organization does not exist", async () => {
    const group = await people.addGroup(harness, acme, "Ours")
    const foreign = await add(group.id, "only@elsewhere.example")
    assert.equal(foreign.status, 404)
    const removed = await remove(group.id, acme.adminUsername)
    assert.equal(removed.status, 403)
    void elsewhere
  })
})
