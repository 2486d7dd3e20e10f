import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
await people.addGroup(harness, elsewhere, "Foreign")
const { token } = acme
const names = ["Alpha", "alpine", "Ébène", "Zulu", "Zürich"]
for (const name of names.toReversed()) await people.addGroup(harness, acme, name)

const namesOf = (groups: { name: string }[]) => groups.map(({ name }) => name)
const list = (query: string) => harness.call(`GET /api/v1/groups${query}`, { token })

describe("the groups of the organization", () => {
  test("are all of them as one array when nothing is asked for", async () => {
    assert.deepEqual(namesOf(people.ok(await list(""))), names)
  })

  test("are answered in part when a part is asked for", async () => {
    for (const limit of [1, 2, 3, 100]) {
      for (let offset = 0; offset < 7; offset++) {
        const part = people.ok(await list(`?limit=${limit}&offset=${offset}`))
        assert.deepEqual(namesOf(part), names.slice(offset, offset + limit), `${limit} from ${offset}`)
      }
    }
    assert.deepEqual(namesOf(people.ok(await list("?offset=2"))), names.slice(2))
    assert.deepEqual(Object.keys(people.ok(await list("?limit=1"))[0]), [
      "id",
      "orgId",
      "name",
      "slug",
      "role",
      "roleId",
      "createdAt",
      "updatedAt",
    ])
  })

  test("are searched by name and slug, whatever the case and the accents", async () => {
    const found = async (search: string) =>
      namesOf(people.ok(await list(`?search=${encodeURIComponent(search)}`)))
    assert.deepEqual(await found("ALP"), ["Alpha", "alpine"])
    assert.deepEqual(await found("zür"), ["Zürich"])
    assert.deepEqual(await found("ebene"), ["Ébène"])
    assert.deepEqual(await found("zulu-"), ["Zulu"])
    assert.deepEqual(await found("%"), [])
    assert.deepEqual(await found("  "), names)
    assert.deepEqual(namesOf(people.ok(await list("?search=alp&offset=1&limit=1"))), ["alpine"])
  })

  for (const query of ["limit=0", "limit=101", "limit=x", "offset=-1", `search=${"a".repeat(256)}`]) {
    test(`asked for with ${query.slice(0, 20)} are refused`, async () => {
      assert.equal((await list(`?${query}`)).status, 422)
    })
  }

  test("are answered to older clients, by the organization's id", async () => {
    const answer = await harness.call(`GET /api/v1/organization/${acme.id}/groups`, {
      token: acme.adminToken,
    })
    assert.deepEqual(people.ok(answer), { groups: people.ok(await list("")) })
    const permissions = [{ subject: "groups", action: ["read", "edit"] }]
    const body = { slug: "editors", name: "Editors", permissions }
    const { role } = people.ok(await harness.call("POST /api/v1/organization/roles", { token, body }))
    const { id } = await people.addGroup(harness, acme, "Zz customized", "editors")
    const { groups } = people.ok(
      await harness.call(`GET /api/v1/organization/${acme.id}/groups`, { token: acme.adminToken }),
    )
    const customized = groups.find((group: { id: string }) => group.id === id)
    assert.deepEqual([customized.role, customized.roleId], ["custom", role.id])
    assert.deepEqual(customized.customRole, {
      id: role.id,
      name: "Editors",
      slug: "editors",
      permissions: [["read,edit", "groups"]],
      description: null,
    })
    people.ok(await harness.call(`DELETE /api/v1/groups/${id}`, { token }))
    const foreign = `GET /api/v1/organization/${elsewhere.id}/groups`
    assert.equal((await harness.call(foreign, { token: acme.adminToken })).status, 404)
  })
})

describe("the groups of a user", () => {
  const groupsOf = (username: string, caller = acme.adminToken) =>
    harness.call(`GET /api/v1/user/me/${encodeURIComponent(username)}/groups`, { token: caller })

  test("are those that they are in now, by name", async () => {
    const own = await people.addPerson(harness, acme, { email: "grace@example.com", role: "no-access" })
    assert.deepEqual(people.ok(await groupsOf("grace@example.com")), [])
    const [second, first] = await Promise.all(
      ["Own two", "Own one"].map((name) => people.addGroup(harness, acme, name)),
    )
    assert.ok(first && second)
    for (const { id } of [second, first])
      people.ok(await harness.call(`POST /api/v1/groups/${id}/users/grace@example.com`, { token }))
    const expected = [first, second].map(({ id, name, slug }) => ({ id, name, slug, orgId: acme.id }))
    assert.deepEqual(people.ok(await groupsOf("grace@example.com")), expected)
    // Everybody may ask for their own; nobody without the right for another's.
    assert.deepEqual(people.ok(await groupsOf("grace@example.com", own)), expected)
    assert.equal((await groupsOf(acme.adminUsername, own)).status, 403)
    people.ok(await harness.call(`DELETE /api/v1/groups/${first.id}/users/grace@example.com`, { token }))
    people.ok(await harness.call(`DELETE /api/v1/groups/${second.id}`, { token }))
    assert.deepEqual(people.ok(await groupsOf("grace@example.com")), [])
  })

  test("of another organization are not told, in the words of an unknown one", async () => {
    await people.addPerson(harness, elsewhere, { email: "zoe@elsewhere.example" })
    const foreign = await groupsOf("zoe@elsewhere.example")
    const unknown = await groupsOf("nobody@elsewhere.example")
    assert.deepEqual([foreign.status, unknown.status], [404, 404])
    assert.equal(foreign.body.message.replace("zoe", "nobody"), unknown.body.message)
  })
})
