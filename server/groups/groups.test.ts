import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const token = acme.token
const unknownId = "00000000-0000-7000-8000-000000000000"

const create = (body: unknown) => harness.call("POST /api/v1/groups", { token, body })
const patch = (id: string, body: unknown) => harness.call(`PATCH /api/v1/groups/${id}`, { token, body })
const get = (id: string) => harness.call(`GET /api/v1/groups/${id}`, { token })

async function refused(act: () => Promise<{ status: number; text: string }>, status: number): Promise<void> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(await harness.state(), before)
}

describe("creating", () => {
  test("a group begins without access and with a slug made of its name", async () => {
    const group = people.ok(await create({ name: "  Platform Team  " }))
    assert.deepEqual(Object.keys(group), [
      "id",
      "orgId",
      "name",
      "slug",
      "role",
      "roleId",
      "createdAt",
      "updatedAt",
    ])
    assert.equal(group.name, "Platform Team")
    assert.match(group.slug, /^platform-team-[a-z0-9]{4}$/)
    assert.equal(group.role, "no-access")
    assert.equal(group.roleId, null)
    assert.equal(group.orgId, acme.id)
  })

  test("a slug with capitals is lower-cased", async () => {
    assert.equal(people.ok(await create({ name: "Caps", slug: " Caps-Team " })).slug, "caps-team")
  })

  test("a name that slugs to nothing still gets a slug", async () => {
    assert.match(people.ok(await create({ name: "開発" })).slug, /^[a-z0-9]{4}$/)
  })

  test("names are kept in NFC", async () => {
    assert.equal(people.ok(await create({ name: "E\u0301quipe" })).name, "\u00c9quipe")
  })

  test("a name or a slug that another group has is refused", async () => {
    people.ok(await create({ name: "Only one", slug: "only-one" }))
    await refused(() => create({ name: "Only one" }), 400)
    await refused(() => create({ name: "Another", slug: "only-one" }), 400)
  })

  test("an unknown role is 404, and the word custom is no role", async () => {
    await refused(() => create({ name: "Roles", role: "astronaut" }), 404)
    await refused(() => create({ name: "Roles", role: "custom" }), 400)
  })

  for (const [what, body] of Object.entries({
    "no name": {},
    "an empty name": { name: "   " },
    "a name of 256 characters": { name: "n".repeat(256) },
    "a control character in the name": { name: "a\nb" },
    "a lone surrogate in the name": { name: "a\ud800" },
    "a number as name": { name: 7 },
    "a slug of two characters": { name: "Short", slug: "ab" },
    "a slug of 256 characters": { name: "Long", slug: "s".repeat(256) },
    "a slug with a double dash": { name: "Dash", slug: "one--two" },
    "a slug with an underscore": { name: "Under", slug: "one_two" },
    "an empty role": { name: "Empty", role: " " },
  })) {
    test(`${what} is refused`, () => refused(() => create(body), 422))
  }

  test("a name of 255 characters is let in", async () => {
    people.ok(await create({ name: "n".repeat(255) }))
  })
})

describe("reading", () => {
  test("the list is an array of the organization's groups by name", async () => {
    for (const name of ["zeta", "Éclair", "alpha", "Beta"]) people.ok(await create({ name }))
    const list = people.ok(await harness.call("GET /api/v1/groups", { token }))
    assert.ok(Array.isArray(list))
    const names = list.map((group: { name: string }) => group.name)
    const ours = names.filter((name: string) => ["zeta", "Éclair", "alpha", "Beta"].includes(name))
    assert.deepEqual(ours, ["alpha", "Beta", "Éclair", "zeta"])
  })

  test("a group is shown with its role", async () => {
    const { id } = people.ok(await create({ name: "Shown", role: "member" }))
    const group = people.ok(await get(id))
    assert.equal(group.role, "member")
    assert.equal(group.customRoleSlug, null)
  })

  test("what is no id and what is nobody's are absent alike", async () => {
    const malformed = await get("not-an-id")
    const unknown = await get(unknownId)
    assert.deepEqual([malformed.status, unknown.status], [404, 404])
    assert.equal(
      malformed.body.message.replace("not-an-id", "X"),
      unknown.body.message.replace(unknownId, "X"),
    )
  })
})

describe("changing", () => {
  test("nothing sent changes nothing, not even the audit log", async () => {
    const group = people.ok(await create({ name: "Still" }))
    const before = await harness.state()
    assert.deepEqual(people.ok(await patch(group.id, {})), group)
    assert.deepEqual(await harness.state(), before)
  })

  test("name, slug and role change together", async () => {
    const { id } = people.ok(await create({ name: "Before" }))
    const changed = people.ok(await patch(id, { name: "After", slug: "after-all", role: "admin" }))
    assert.deepEqual([changed.name, changed.slug, changed.role], ["After", "after-all", "admin"])
    assert.equal(people.ok(await get(id)).role, "admin")
  })

  test("a role that was replaced is kept as history", async () => {
    const { id } = people.ok(await create({ name: "History", role: "member" }))
    people.ok(await patch(id, { role: "admin" }))
    const grants = await harness.db
      .selectFrom("group_role_grants")
      .select(["role", "is_closed", "valid_until"])
      .where("group_id", "=", id)
      .orderBy("valid_from")
      .execute()
    assert.deepEqual(
      grants.map(({ role, is_closed }) => [role, is_closed]),
      [
        ["member", true],
        ["admin", false],
      ],
    )
    assert.ok(grants[0]?.valid_until)
  })

  test("a name or slug that another group has is refused", async () => {
    people.ok(await create({ name: "Taken", slug: "taken-slug" }))
    const { id } = people.ok(await create({ name: "Wants it" }))
    await refused(() => patch(id, { name: "Taken" }), 400)
    await refused(() => patch(id, { slug: "taken-slug" }), 400)
    await refused(() => patch(id, { role: "astronaut" }), 404)
    await refused(() => patch(unknownId, { name: "Nobody" }), 404)
  })
})

describe("deleting", () => {
  test("a deleted group is gone, its name is free again, and a second time it is absent", async () => {
    const group = people.ok(await create({ name: "Short-lived", slug: "short-lived" }))
    people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${acme.adminUsername}`, { token }))
    const deleted = people.ok(await harness.call(`DELETE /api/v1/groups/${group.id}`, { token }))
    assert.equal(deleted.id, group.id)
    assert.equal((await get(group.id)).status, 404)
    await refused(() => harness.call(`DELETE /api/v1/groups/${group.id}`, { token }), 404)
    people.ok(await create({ name: "Short-lived", slug: "short-lived" }))
    const open = await harness.db
      .selectFrom("group_user_memberships")
      .select("id")
      .where("group_id", "=", group.id)
      .where("is_closed", "=", false)
      .execute()
    assert.deepEqual(open, [])
  })

  test("who was admin only through a group is none from the next request on", async () => {
    const caller = await people.addPerson(harness, acme, { email: "by-group@example.com", role: "no-access" })
    const group = people.ok(await create({ name: "Admins for a day", role: "admin" }))
    const list = () => harness.call("GET /api/v1/groups", { token: caller })
    assert.equal((await list()).status, 403)
    people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/by-group@example.com`, { token }))
    assert.equal((await list()).status, 200)
    people.ok(await harness.call(`DELETE /api/v1/groups/${group.id}`, { token }))
    assert.equal((await list()).status, 403)
  })
})
