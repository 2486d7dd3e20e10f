import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { ungoverned } from "../access/boundary.ts"
import { platform } from "../audit/audit.ts"
import { run } from "../db/database.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { syncGroup, type Directory, type GroupSync } from "./group-sync.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme, "eve@elsewhere.example")
const usernames = await people.inviteMany(harness, acme, 40)
const fresh = usernames[Symbol.iterator]()
const somebody = (): string => fresh.next().value ?? ""
const { token } = acme
let made = 0
const freshGroup = () => people.addGroup(harness, acme, `Group ${++made}`)
const call = (method: string, groupId: string, username: string, body?: unknown) =>
  harness.call(`${method} /api/v1/groups/${groupId}/users/${username}`, { token, body })

const placesOf = async (names: readonly string[], orgId = acme.id) => {
  const rows = await run<{ id: string; username: string }>(
    harness.db,
    "select id, username from active_organization_user_memberships where org_id = $2 and username = any($1)",
    [names, orgId],
  )
  return names.map((name) => rows.find(({ username }) => username === name)?.id ?? "")
}

const request = { ip: "127.0.0.1", userAgent: "test" } as GroupSync["by"]["request"]
const by = { request, actor: platform, orgId: acme.id }
const granted = ungoverned("the role gives nothing")

const sync = (groupId: string, members: GroupSync["members"], source: Directory = "scim") =>
  harness.db
    .transaction()
    .execute((db) => syncGroup(db, granted, { orgId: acme.id, groupId, source, members, by }))
const syncUsers = async (groupId: string, names: readonly string[], source: Directory = "scim") =>
  sync(groupId, { user: await placesOf(names) }, source)

type Row = { username: string; sources: string[]; valid_until: Date | null }
const membersOf = async (groupId: string): Promise<Record<string, string[]>> => {
  const rows = await run<Row>(
    harness.db,
    `select m.username, gm.sources, gm.valid_until from active_group_user_memberships gm
     join organization_user_memberships m on m.org_id = gm.org_id and m.id = gm.membership_id
     where gm.group_id = $1`,
    [groupId],
  )
  return Object.fromEntries(rows.map(({ username, sources }) => [username, sources]))
}
const told = (groupId: string) =>
  run<{ event_type: string; event_metadata: { username: string; sources?: string[] } }>(
    harness.db,
    `select event_type, event_metadata from audit_logs
     where event_metadata ->> 'groupId' = $1 and event_type like '%user%' order by created_at, id`,
    [groupId],
  )

describe("a sync", () => {
  test("puts in who is missing and takes out only those whom nobody else says to be in", async () => {
    const { id } = await freshGroup()
    const [byHand, both, mine, later] = [somebody(), somebody(), somebody(), somebody()]
    people.ok(await call("POST", id, byHand))
    people.ok(await call("POST", id, both))
    assert.deepEqual(await syncUsers(id, [both, mine]), { added: 1, removed: 0 })
    assert.deepEqual(await membersOf(id), {
      [byHand]: ["manual"],
      [both]: ["manual", "scim"],
      [mine]: ["scim"],
    })
    assert.deepEqual(await syncUsers(id, [later]), { added: 1, removed: 1 })
    assert.deepEqual(await membersOf(id), { [byHand]: ["manual"], [both]: ["manual"], [later]: ["scim"] })
    const events = (await told(id)).map(({ event_type: type, event_metadata: { username, sources } }) =>
      [type, username, ...(sources ?? [])].join(" "),
    )
    assert.deepEqual(
      new Set(events),
      new Set([
        `add-user-to-group ${byHand}`,
        `add-user-to-group ${both}`,
        `update-user-group-membership ${both} manual scim`,
        `add-user-to-group ${mine} scim`,
        `update-user-group-membership ${both} manual`,
        `add-user-to-group ${later} scim`,
        `remove-user-from-group ${mine} scim`,
      ]),
    )
    assert.equal(events.length, 7)
  })

  test("that says the same again changes nothing, and tells nothing", async () => {
    const { id } = await freshGroup()
    const names = [somebody(), somebody()]
    await syncUsers(id, names)
    const before = await harness.state()
    assert.deepEqual(await syncUsers(id, names), { added: 0, removed: 0 })
    assert.deepEqual(await harness.state(), before)
  })

  test("of one directory leaves to another what it says", async () => {
    const { id } = await freshGroup()
    const name = somebody()
    await syncUsers(id, [name], "scim")
    await syncUsers(id, [name], "ldap")
    assert.deepEqual(await syncUsers(id, [], "scim"), { added: 0, removed: 0 })
    assert.deepEqual(await membersOf(id), { [name]: ["ldap"] })
    assert.deepEqual(await syncUsers(id, [], "ldap"), { added: 0, removed: 1 })
    assert.deepEqual(await membersOf(id), {})
  })

  test("looks at no kind of member that it does not name, and at nobody of another organization", async () => {
    const { id } = await freshGroup()
    const machine = await people.addIdentity(harness, acme, "no-access")
    const [place] = await run<{ id: string }>(
      harness.db,
      "select id from active_organization_identity_memberships where identity_id = $1",
      [machine.id],
    )
    assert.deepEqual(await sync(id, { identity: [place?.id ?? ""] }), { added: 1, removed: 0 })
    const foreign = await placesOf(["eve@elsewhere.example"], elsewhere.id)
    assert.notEqual(foreign[0], "")
    assert.deepEqual(await sync(id, { user: foreign }), { added: 0, removed: 0 })
    const theirs = await people.addGroup(harness, elsewhere, "Theirs")
    assert.equal(await syncUsers(theirs.id, [somebody()]), undefined)
    assert.deepEqual(await sync(id, { identity: [] }), { added: 0, removed: 1 })
  })

  test("and another at the same time put everybody in once", async () => {
    const { id } = await freshGroup()
    const names = [somebody(), somebody(), somebody()]
    const outcomes = await Promise.all([syncUsers(id, names), syncUsers(id, names), syncUsers(id, names)])
    assert.equal(
      outcomes.reduce((sum, outcome) => sum + (outcome?.added ?? 0), 0),
      3,
    )
    assert.deepEqual(Object.keys(await membersOf(id)).toSorted(), names.toSorted())
  })
})

describe("what is given for a time", () => {
  const rowsOf = (groupId: string) =>
    run<{ valid_until: Date | null; sources: string[]; lasts_ms: number }>(
      harness.db,
      `select valid_until, sources, (extract(epoch from valid_until - valid_from) * 1000)::float8 as lasts_ms
       from group_user_memberships where group_id = $1 order by valid_from`,
      [groupId],
    )

  test("keeps its end, after which a sync begins anew what it says itself", async () => {
    const { id } = await freshGroup()
    const name = somebody()
    const until = new Date(Date.now() + 86_400_000)
    people.ok(await call("POST", id, name, { until: until.toISOString() }))
    await syncUsers(id, [name])
    assert.deepEqual((await rowsOf(id))[0]?.valid_until, until)
    await run(
      harness.db,
      `update group_user_memberships set valid_from = valid_from - interval '2 days',
         valid_until = valid_until - interval '2 days' where group_id = $1`,
      [id],
    )
    assert.deepEqual(await membersOf(id), {})
    assert.deepEqual(await syncUsers(id, [name]), { added: 1, removed: 0 })
    assert.deepEqual(await membersOf(id), { [name]: ["scim"] })
  })

  test("lasts as long as the group says", async () => {
    const { id } = await freshGroup()
    const route = `PATCH /api/v1/groups/${id}/membership-settings`
    people.ok(await harness.call(route, { token, body: { defaultLifetime: "2h" } }))
    await syncUsers(id, [somebody()])
    const [row] = await rowsOf(id)
    assert.ok(Math.abs((row?.lasts_ms ?? 0) - 7_200_000) <= 1, String(row?.lasts_ms))
  })
})

describe("by the API", () => {
  test("a membership ends whatever its sources, which the audit log names", async () => {
    const { id } = await freshGroup()
    const name = somebody()
    people.ok(await call("POST", id, name))
    await syncUsers(id, [name])
    people.ok(await call("DELETE", id, name))
    assert.deepEqual(await membersOf(id), {})
    assert.deepEqual((await told(id)).at(-1)?.event_metadata.sources, ["manual", "scim"])
  })

  test("somebody who is in by a sync alone is in the group already", async () => {
    const { id } = await freshGroup()
    const name = somebody()
    await syncUsers(id, [name])
    const before = await harness.state()
    assert.equal((await call("POST", id, name)).status, 400)
    assert.deepEqual(await harness.state(), before)
  })
})
