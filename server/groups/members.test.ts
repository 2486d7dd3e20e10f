import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme, "eve@elsewhere.example")
const foreignPerson = await people.addPerson(harness, elsewhere, { email: "zoe@elsewhere.example" })
await people.addPerson(harness, acme, { email: "grace@example.com", firstName: "Grace" })
await people.addPerson(harness, acme, { email: "alan@example.com", firstName: "Álan" })
await people.invite(harness, acme, "invited@example.com")
const unknownId = "00000000-0000-7000-8000-000000000000"

const path = (groupId: string, username: string) =>
  `/api/v1/groups/${groupId}/users/${encodeURIComponent(username)}`
const add = (groupId: string, username: string, token = acme.token) =>
  harness.call(`POST ${path(groupId, username)}`, { token })
const remove = (groupId: string, username: string, token = acme.token) =>
  harness.call(`DELETE ${path(groupId, username)}`, { token })
const list = (groupId: string, query = "") =>
  harness.call(`GET /api/v1/groups/${groupId}/users${query}`, { token: acme.token })

async function refused(act: () => Promise<{ status: number; text: string }>, status: number): Promise<void> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(await harness.state(), before)
}

type Listed = {
  username: string
  isPartOfGroup: boolean
  joinedGroupAt: string | null
  firstName: string | null
}
const usernames = (body: { users: Listed[] }) => body.users.map(({ username }) => username)

describe("adding", () => {
  test("a person is added, answered in the shape of the contract, and recorded", async () => {
    const group = await people.addGroup(harness, acme, "Readers")
    const user = people.ok(await add(group.id, "grace@example.com"))
    assert.deepEqual(Object.keys(user), ["email", "username", "firstName", "lastName", "id"])
    assert.equal(user.firstName, "Grace")
    const rows = await harness.db
      .selectFrom("audit_logs")
      .select("event_metadata")
      .where("event_type", "=", "add-user-to-group")
      .where("org_id", "=", acme.id)
      .execute()
    assert.deepEqual(
      rows.map((row) => row.event_metadata),
      [{ groupId: group.id, groupName: "Readers", userId: user.id, username: "grace@example.com" }],
    )
  })

  test("the same person twice is refused and leaves one membership", async () => {
    const group = await people.addGroup(harness, acme, "Twice")
    people.ok(await add(group.id, "grace@example.com"))
    await refused(() => add(group.id, "grace@example.com"), 400)
  })

  test("who is invited may be added, is shown by the address only, and joins on accepting", async () => {
    const group = await people.addGroup(harness, acme, "Waiting", "admin")
    const invitation = await people.invite(harness, acme, "soon@example.com", "no-access")
    const user = people.ok(await add(group.id, "soon@example.com"))
    assert.deepEqual([user.email, user.firstName, user.lastName], ["soon@example.com", null, null])
    const before = people.ok(await list(group.id, "?filter=existingMembers")).users[0]
    const token = await people.select(harness, await people.accept(harness, invitation, "Soon"), acme.id)
    const after = people.ok(await list(group.id, "?filter=existingMembers")).users[0]
    assert.equal(after.firstName, "Soon")
    assert.ok(Date.parse(after.joinedGroupAt) > Date.parse(before.joinedGroupAt))
    // The group's role is the person's from now on.
    assert.equal((await harness.call("GET /api/v1/groups", { token })).status, 200)
  })

  test("a person of another organization is absent in the words of an unknown one", async () => {
    const group = await people.addGroup(harness, acme, "Ours")
    const before = await harness.state()
    const foreign = await add(group.id, "zoe@elsewhere.example")
    const unknown = await add(group.id, "nobody@elsewhere.example")
    assert.deepEqual([foreign.status, unknown.status], [404, 404])
    assert.equal(foreign.body.message.replace("zoe", "nobody"), unknown.body.message)
    assert.deepEqual(await harness.state(), before)
  })

  test("a group of another organization does not exist", async () => {
    const group = await people.addGroup(harness, acme, "Not theirs")
    await refused(() => add(group.id, "eve@elsewhere.example", elsewhere.token), 404)
    await refused(() => add(unknownId, "grace@example.com"), 404)
    await refused(() => add("no-id", "grace@example.com"), 404)
  })

  test("a username is looked up as it stands: another case is another name", async () => {
    const group = await people.addGroup(harness, acme, "Exact")
    await refused(() => add(group.id, "Grace@Example.com"), 404)
    people.ok(await add(group.id, " grace@example.com "))
  })

  test("a member may read but not add, and the refusal is recorded", async () => {
    const group = await people.addGroup(harness, acme, "Guarded")
    const token = await people.addMachine(harness, acme, "member")
    const answer = await add(group.id, "grace@example.com", token)
    assert.equal(answer.status, 403)
    assert.equal(answer.body.error, "PermissionDenied")
    assert.ok(Array.isArray(answer.body.details))
    const [denial] = await harness.db
      .selectFrom("audit_logs")
      .select("event_metadata")
      .where("event_type", "=", "permission-denied")
      .orderBy("created_at", "desc")
      .limit(1)
      .execute()
    assert.deepEqual(denial?.event_metadata, {
      permissionAction: "edit",
      permissionSubject: "groups",
      permissionSubjectDetails: {},
      errorName: "PermissionDenied",
      message: answer.body.message,
      route: "/api/v1/groups/{id}/users/{username}",
      method: "POST",
      projectId: null,
    })
  })
})

describe("removing", () => {
  test("who is removed has no access by the group with the next request", async () => {
    const group = await people.addGroup(harness, acme, "Powerful", "admin")
    const token = await people.addPerson(harness, acme, { email: "briefly@example.com", role: "no-access" })
    const read = () => harness.call("GET /api/v1/groups", { token })
    assert.equal((await read()).status, 403)
    people.ok(await add(group.id, "briefly@example.com"))
    assert.equal((await read()).status, 200)
    people.ok(await remove(group.id, "briefly@example.com"))
    assert.equal((await read()).status, 403)
  })

  test("a second time the person is not in the group, which is a 403", async () => {
    const group = await people.addGroup(harness, acme, "Once")
    people.ok(await add(group.id, "grace@example.com"))
    people.ok(await remove(group.id, "grace@example.com"))
    await refused(() => remove(group.id, "grace@example.com"), 403)
    await refused(() => remove(group.id, "zoe@elsewhere.example"), 404)
    await refused(() => remove(group.id, "nobody@example.com"), 404)
    await refused(() => remove(unknownId, "grace@example.com"), 404)
  })

  test("who was removed may be added again, and both times are kept", async () => {
    const group = await people.addGroup(harness, acme, "Back again")
    people.ok(await add(group.id, "grace@example.com"))
    people.ok(await remove(group.id, "grace@example.com"))
    people.ok(await add(group.id, "grace@example.com"))
    const rows = await harness.db
      .selectFrom("group_user_memberships")
      .select("is_closed")
      .where("group_id", "=", group.id)
      .orderBy("valid_from")
      .execute()
    assert.deepEqual(
      rows.map((row) => row.is_closed),
      [true, false],
    )
  })
})

describe("listing", () => {
  test("everybody of the organization is listed, by first name, those without one last", async () => {
    const group = await people.addGroup(harness, acme, "Everybody")
    const body = people.ok(await list(group.id, "?limit=100"))
    const names = usernames(body)
    assert.equal(body.totalCount, names.length)
    const order = ["ada@example.com", "alan@example.com", "grace@example.com", "invited@example.com"]
    assert.deepEqual(
      names.filter((name) => order.includes(name)),
      order,
    )
    assert.ok(!names.includes("zoe@elsewhere.example"))
  })

  test("filters tell members from the others", async () => {
    const group = await people.addGroup(harness, acme, "Halves")
    people.ok(await add(group.id, "grace@example.com"))
    const members = people.ok(await list(group.id, "?filter=existingMembers&limit=100"))
    assert.deepEqual(usernames(members), ["grace@example.com"])
    const others = people.ok(await list(group.id, "?filter=nonMembers&limit=100"))
    assert.ok(!usernames(others).includes("grace@example.com"))
    assert.ok(others.users.every((user: Listed) => user.joinedGroupAt === null && !user.isPartOfGroup))
  })

  test("search looks in names and username, username in the username only", async () => {
    const group = await people.addGroup(harness, acme, "Searched")
    assert.deepEqual(usernames(people.ok(await list(group.id, "?search=ALAN"))), ["alan@example.com"])
    assert.ok(usernames(people.ok(await list(group.id, "?search=hopper"))).includes("alan@example.com"))
    assert.deepEqual(usernames(people.ok(await list(group.id, "?username=hopper"))), [])
    assert.deepEqual(usernames(people.ok(await list(group.id, "?search=alan&username=grace"))), [
      "alan@example.com",
    ])
  })

  test("pages follow each other, and the total stays true past the end", async () => {
    const group = await people.addGroup(harness, acme, "Pages")
    const whole = people.ok(await list(group.id, "?limit=100"))
    const first = people.ok(await list(group.id, "?limit=2"))
    const second = people.ok(await list(group.id, "?limit=2&offset=2"))
    assert.deepEqual([...usernames(first), ...usernames(second)], usernames(whole).slice(0, 4))
    const past = people.ok(await list(group.id, "?offset=1000"))
    assert.deepEqual([past.users, past.totalCount], [[], whole.totalCount])
  })

  for (const query of [
    "limit=0",
    "limit=101",
    "limit=x",
    "offset=-1",
    "search=",
    "search=a_b",
    "filter=some",
  ]) {
    test(`${query} is refused`, async () => {
      const group = await people.addGroup(harness, acme, `Query ${query}`)
      assert.equal((await list(group.id, `?${query}`)).status, 422)
    })
  }

  test("a group of another organization has no users to list", async () => {
    const group = await people.addGroup(harness, acme, "Private")
    const answer = await harness.call(`GET /api/v1/groups/${group.id}/users`, { token: foreignPerson })
    assert.equal(answer.status, 404)
  })
})
