import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const group = await people.addGroup(harness, acme, "Mixed")
await people.addPerson(harness, acme, { email: "zed@example.com", firstName: "Álan" })
await people.addPerson(harness, acme, { email: "ann@example.com", firstName: "Grace" })
await people.addPerson(harness, acme, { email: "outside@example.com", firstName: "Olga" })
await people.invite(harness, acme, "hidden@example.com")
const { token } = acme

for (const username of ["zed@example.com", "ann@example.com", "hidden@example.com"]) {
  people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${username}`, { token }))
}
const machines: Record<string, string> = {}
for (const name of ["Bérnard", "gracious"]) {
  const body = { name, organizationId: acme.id }
  const { id } = people.ok(await harness.call("POST /api/v1/identities", { token, body })).identity
  people.ok(await harness.call(`POST /api/v1/groups/${group.id}/machine-identities/${id}`, { token }))
  machines[name] = id
}

type Member = {
  id: string
  joinedGroupAt: string
  type: "user" | "machineIdentity"
  user?: { username: string }
  machineIdentity?: { name: string }
}
type Listed = { members: Member[]; totalCount: number }

const ask = (query = "", id = group.id) => harness.call(`GET /api/v1/groups/${id}/members${query}`, { token })
const list = async (query = ""): Promise<Listed> => people.ok(await ask(query))
const names = ({ members }: Listed) =>
  members.map(({ user, machineIdentity }) => user?.username ?? machineIdentity?.name)

const everybody = ["zed@example.com", "Bérnard", "ann@example.com", "gracious", "hidden@example.com"]

describe("the members of a group", () => {
  test("are people and machine identities in one list, by full name, else username, whatever the accents", async () => {
    const whole = await list()
    assert.deepEqual(names(whole), everybody)
    assert.equal(whole.totalCount, 5)
    assert.deepEqual(names(await list("?orderDirection=desc&orderBy=name")), everybody.toReversed())
  })

  test("have the shape of their kind", async () => {
    const { members } = await list()
    const [person, machine] = members
    const { id, joinedGroupAt } = person ?? {}
    const address = "zed@example.com"
    const user = { id, firstName: "Álan", lastName: "Hopper", email: address, username: address }
    assert.deepEqual(person, { id, joinedGroupAt, type: "user", user })
    assert.deepEqual(machine, {
      id: machines["Bérnard"],
      joinedGroupAt: machine?.joinedGroupAt,
      type: "machineIdentity",
      machineIdentity: { id: machines["Bérnard"], name: "Bérnard" },
    })
    for (const member of members) assert.ok(Date.now() - Date.parse(member.joinedGroupAt) < 60_000)
  })

  test("are shown by the address alone while they are invited", async () => {
    const invited = (await list()).members.at(-1)
    const address = "hidden@example.com"
    const user = { id: invited?.id, firstName: null, lastName: null, email: address, username: address }
    assert.deepEqual(invited?.user, user)
  })

  test("of one kind or of both, as asked", async () => {
    const onlyPeople = await list("?memberTypeFilter=users")
    assert.deepEqual(names(onlyPeople), ["zed@example.com", "ann@example.com", "hidden@example.com"])
    assert.equal(onlyPeople.totalCount, 3)
    const onlyMachines = await list("?memberTypeFilter=machineIdentities")
    assert.deepEqual([names(onlyMachines), onlyMachines.totalCount], [["Bérnard", "gracious"], 2])
    const both = await list("?memberTypeFilter=users&memberTypeFilter=machineIdentities")
    assert.deepEqual(names(both), everybody)
  })

  test("whose name or username contains a text", async () => {
    assert.deepEqual(names(await list("?search=GRAC")), ["ann@example.com", "gracious"])
    assert.deepEqual(names(await list("?search=bernard")), ["Bérnard"])
    assert.deepEqual(names(await list("?search=hopper")), ["zed@example.com", "ann@example.com"])
    assert.deepEqual(await list("?search=outside"), { members: [], totalCount: 0 })
  })

  test("come in pages that follow each other, from either end", async () => {
    for (const [direction, order] of [
      ["asc", everybody],
      ["desc", everybody.toReversed()],
    ] as const) {
      for (const limit of [1, 2, 3, 4]) {
        for (let offset = 0; offset < 7; offset++) {
          const found = await list(`?limit=${limit}&offset=${offset}&orderDirection=${direction}`)
          assert.deepEqual(names(found), order.slice(offset, offset + limit), `${limit} from ${offset}`)
          assert.equal(found.totalCount, 5)
        }
      }
    }
  })

  test("are gone when they were taken out", async () => {
    const route = `/api/v1/groups/${group.id}/machine-identities/${machines["gracious"]}`
    people.ok(await harness.call(`DELETE ${route}`, { token }))
    assert.equal((await list()).totalCount, 4)
    people.ok(await harness.call(`POST ${route}`, { token }))
    assert.equal((await list()).totalCount, 5)
  })

  for (const query of [
    "limit=0",
    "limit=101",
    "offset=-1",
    "search=",
    "search=a_b",
    "orderBy=age",
    "orderDirection=up",
    "memberTypeFilter=all",
    "memberTypeFilter=",
    "memberTypeFilter=users&memberTypeFilter=all",
  ]) {
    test(`asked for with ${query} are refused`, async () => {
      assert.equal((await ask(`?${query}`)).status, 422)
    })
  }

  test("of another organization's group are nobody's", async () => {
    const foreign = await people.addGroup(harness, elsewhere, "Foreign")
    assert.equal((await ask("", foreign.id)).status, 404)
  })
})

describe("the projects of a group", () => {
  const projects = (query = "", id = group.id) =>
    harness.call(`GET /api/v1/groups/${id}/projects${query}`, { token })

  test("are none yet", async () => {
    const none = { projects: [], totalCount: 0 }
    assert.deepEqual(people.ok(await projects()), none)
    const query = "?offset=1&limit=100&search=a-b&filter=assignedProjects&orderBy=name&orderDirection=desc"
    assert.deepEqual(people.ok(await projects(query)), none)
  })

  for (const query of [
    "limit=0",
    "limit=101",
    "offset=-1",
    "search=a@b",
    "filter=all",
    "orderBy=age",
    "orderDirection=up",
  ]) {
    test(`asked for with ${query} are refused`, async () => {
      assert.equal((await projects(`?${query}`)).status, 422)
    })
  }

  test("of another organization's group are nobody's", async () => {
    const foreign = await people.addGroup(harness, elsewhere, "Foreign projects")
    assert.equal((await projects("", foreign.id)).status, 404)
  })
})
