import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const foreign = await people.addIdentity(harness, elsewhere, "no-access")
const deployer = await addNamed("deployer")
const unknownId = "00000000-0000-7000-8000-000000000000"

async function addNamed(name: string): Promise<string> {
  const body = { name, organizationId: acme.id }
  return people.ok(await harness.call("POST /api/v1/identities", { token: acme.token, body })).identity.id
}

const routeOf = (method: string, groupId: string, identityId: string) =>
  `${method} /api/v1/groups/${groupId}/machine-identities/${identityId}`
const add = (groupId: string, identityId: string, token = acme.token) =>
  harness.call(routeOf("POST", groupId, identityId), { token })
const remove = (groupId: string, identityId: string, token = acme.token) =>
  harness.call(routeOf("DELETE", groupId, identityId), { token })
const list = async (groupId: string, query = "") =>
  people.ok(
    await harness.call(`GET /api/v1/groups/${groupId}/machine-identities${query}`, { token: acme.token }),
  )
const newGroup = (name: string, role?: string) => people.addGroup(harness, acme, name, role)

async function refused(act: () => Promise<{ status: number; text: string }>, status: number): Promise<void> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(await harness.state(), before)
}

const eventsOf = async (groupId: string) =>
  (
    await harness.db
      .selectFrom("audit_logs")
      .select(["event_type", "event_metadata"])
      .where("org_id", "=", acme.id)
      .where("event_type", "in", ["add-identity-to-group", "remove-identity-from-group"])
      .orderBy("created_at")
      .execute()
  ).filter(({ event_metadata }) => (event_metadata as { groupId: string }).groupId === groupId)

type Listed = { id: string; name: string; isPartOfGroup: boolean; joinedGroupAt: string | null }
const names = (body: { machineIdentities: Listed[] }) => body.machineIdentities.map(({ name }) => name)

describe("adding and removing", () => {
  test("a machine identity is added and removed, answered by its id, and both are recorded", async () => {
    const group = await newGroup("Builders")
    assert.deepEqual(people.ok(await add(group.id, deployer)), { id: deployer })
    assert.deepEqual(people.ok(await remove(group.id, deployer.toUpperCase())), { id: deployer })
    const event_metadata = { groupId: group.id, groupName: "Builders", identityId: deployer }
    assert.deepEqual(await eventsOf(group.id), [
      { event_type: "add-identity-to-group", event_metadata },
      { event_type: "remove-identity-from-group", event_metadata },
    ])
  })

  test("twice is 400, and removing what is not in the group is 403", async () => {
    const group = await newGroup("Twice")
    await refused(() => remove(group.id, deployer), 403)
    people.ok(await add(group.id, deployer))
    await refused(() => add(group.id, deployer), 400)
    people.ok(await remove(group.id, deployer))
    await refused(() => remove(group.id, deployer), 403)
  })

  test("one that was removed may be added again, and both times are kept", async () => {
    const group = await newGroup("Back again")
    for (const change of [add, remove, add]) people.ok(await change(group.id, deployer))
    const rows = await harness.db
      .selectFrom("group_identity_memberships")
      .select("is_closed")
      .where("group_id", "=", group.id)
      .orderBy("valid_from")
      .execute()
    assert.deepEqual(
      rows.map((row) => row.is_closed),
      [true, false],
    )
  })

  test("an identity of another organization is absent in the words of an unknown one", async () => {
    const group = await newGroup("Ours")
    for (const change of [add, remove]) {
      await refused(() => change(group.id, foreign.id), 404)
      await refused(() => change(group.id, "no-id"), 404)
      await refused(() => change(unknownId, deployer), 404)
      await refused(() => change("no-id", deployer), 404)
      await refused(() => change(group.id, foreign.id, elsewhere.token), 404)
      const { body } = await change(group.id, foreign.id)
      const unknown = await change(group.id, unknownId)
      assert.equal(body.message.replace(foreign.id, unknownId), unknown.body.message)
    }
  })

  test("the group is looked at before the identity", async () => {
    const { body } = await add(unknownId, unknownId)
    assert.equal(body.message, `There is no group with the ID ${unknownId}`)
  })

  test("a member may not, and nothing changes but the audit log", async () => {
    const group = await newGroup("Guarded")
    const token = await people.addMachine(harness, acme, "member")
    assert.equal((await add(group.id, deployer, token)).body.error, "PermissionDenied")
    assert.equal((await list(group.id, "?filter=assignedMachineIdentities")).totalCount, 0)
  })
})

describe("rights", () => {
  const readAudit = (token: string) => harness.call("GET /api/v1/organization/audit-logs", { token })

  test("the role of the group is the identity's from its next request until it is removed", async () => {
    const group = await newGroup("Powerful", "member")
    const { id, token } = await people.addIdentity(harness, acme, "no-access")
    assert.equal((await readAudit(token)).status, 403)
    people.ok(await add(group.id, id))
    assert.equal((await readAudit(token)).status, 200)
    people.ok(await remove(group.id, id))
    assert.equal((await readAudit(token)).status, 403)
  })

  test("they end with the group, and change with its role", async () => {
    const group = await newGroup("Ending", "member")
    const { id, token } = await people.addIdentity(harness, acme, "no-access")
    people.ok(await add(group.id, id))
    const change = { token: acme.token, body: { role: "no-access" } }
    people.ok(await harness.call(`PATCH /api/v1/groups/${group.id}`, change))
    assert.equal((await readAudit(token)).status, 403)
    people.ok(await harness.call(`PATCH /api/v1/groups/${group.id}`, { ...change, body: { role: "member" } }))
    assert.equal((await readAudit(token)).status, 200)
    people.ok(await harness.call(`DELETE /api/v1/groups/${group.id}`, { token: acme.token }))
    assert.equal((await readAudit(token)).status, 403)
    const open = await harness.db
      .selectFrom("group_identity_memberships")
      .select("id")
      .where("group_id", "=", group.id)
      .where("is_closed", "=", false)
      .execute()
    assert.deepEqual(open, [])
  })

  test("nobody decides how one signs in that is stronger than they are through a group", async () => {
    const group = await newGroup("Admins", "admin")
    const { id } = await people.addIdentity(harness, acme, "no-access")
    const token = await people.addMachine(harness, acme, "member")
    const change = () =>
      harness.call(`PATCH /api/v1/auth/token-auth/identities/${id}`, { token, body: { accessTokenTTL: 60 } })
    people.ok(await change())
    people.ok(await add(group.id, id))
    const answer = await change()
    assert.deepEqual([answer.status, answer.body.error], [403, "PermissionBoundaryError"])
    people.ok(await remove(group.id, id))
    people.ok(await change())
  })
})

describe("listing", () => {
  test("all identities of the organization, by name, with whether and since when they are members", async () => {
    const group = await newGroup("Everybody")
    people.ok(await add(group.id, deployer))
    const body = await list(group.id, "?limit=100")
    const names_ = names(body)
    assert.equal(body.totalCount, names_.length)
    assert.ok(names_.indexOf("deployer") < names_.indexOf("member machine"))
    const [member, ...others] = body.machineIdentities.toSorted(
      (a: Listed, b: Listed) => Number(b.isPartOfGroup) - Number(a.isPartOfGroup),
    )
    assert.deepEqual(Object.keys(member), ["id", "name", "isPartOfGroup", "joinedGroupAt"])
    assert.equal(member.id, deployer)
    assert.ok(Date.now() - Date.parse(member.joinedGroupAt) < 60_000)
    assert.ok(others.every((other: Listed) => !other.isPartOfGroup && other.joinedGroupAt === null))
    assert.ok(!body.machineIdentities.some(({ id }: Listed) => id === foreign.id))
  })

  test("filters, search and pages", async () => {
    const group = await newGroup("Filtered")
    people.ok(await add(group.id, deployer))
    const members = await list(group.id, "?filter=assignedMachineIdentities&limit=5")
    assert.deepEqual([names(members), members.totalCount], [["deployer"], 1])
    const others = await list(group.id, "?filter=nonAssignedMachineIdentities&limit=100")
    assert.ok(others.totalCount > 1 && !names(others).includes("deployer"))
    assert.deepEqual(names(await list(group.id, "?search=DEPLOY")), ["deployer"])
    assert.equal((await list(group.id, "?search=no-such")).totalCount, 0)
    const whole = await list(group.id, "?limit=100")
    const first = await list(group.id, "?limit=1")
    const second = await list(group.id, "?limit=1&offset=1")
    assert.deepEqual([...names(first), ...names(second)], names(whole).slice(0, 2))
    const past = await list(group.id, "?limit=1&offset=1000")
    assert.deepEqual([names(past), past.totalCount], [[], whole.totalCount])
  })

  test("without a limit every member comes before the others, however many they are", async () => {
    const group = await newGroup("Many")
    const members = await Promise.all(Array.from({ length: 12 }, (_, index) => addNamed(`zz-${index}`)))
    for (const id of members.slice(0, 3)) people.ok(await add(group.id, id))
    const few = await list(group.id)
    assert.equal(few.machineIdentities.length, 10)
    assert.deepEqual(names(few).slice(0, 3), ["zz-0", "zz-1", "zz-2"])
    const others = names(few)
      .slice(3)
      .map((name) => name.toLowerCase())
    assert.deepEqual(others, others.toSorted())
    for (const id of members.slice(3)) people.ok(await add(group.id, id))
    const many = await list(group.id)
    assert.equal(many.machineIdentities.length, 12)
    assert.ok(many.machineIdentities.every((each: Listed) => each.isPartOfGroup))
    assert.equal(many.totalCount, few.totalCount)
    assert.deepEqual(names(await list(group.id, "?filter=assignedMachineIdentities")), names(many))
    const next = await list(group.id, "?offset=12")
    assert.ok(next.machineIdentities.every((each: Listed) => !each.isPartOfGroup))
    assert.equal(next.machineIdentities.length, Math.min(10, next.totalCount - 12))
  })

  for (const query of ["limit=0", "limit=101", "limit=x", "limit=", "offset=-1", "search=", "search=a_b"]) {
    test(`${query} is refused`, async () => {
      const group = await newGroup(`Query ${query}`)
      const route = `GET /api/v1/groups/${group.id}/machine-identities?${query}`
      assert.equal((await harness.call(route, { token: acme.token })).status, 422)
    })
  }

  test("a group of another organization has none to list", async () => {
    const group = await newGroup("Private")
    const route = `GET /api/v1/groups/${group.id}/machine-identities`
    assert.equal((await harness.call(route, { token: elsewhere.token })).status, 404)
  })
})
