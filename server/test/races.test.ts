import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { after, test } from "node:test"
import { singleConnection } from "../db/database.ts"
import { createTestDatabase } from "./databases.ts"
import type { Answer, Call } from "./http.ts"
import * as people from "./people.ts"
import { makeDataDir, startProcess, type RunningProcess } from "./processes.ts"
import { timesOf } from "./two-servers.ts"

const database = await createTestDatabase()
const dataDir = await makeDataDir()
const sql = singleConnection(database.connection)
await sql.connect()
const options = { dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "error" } }
// The first makes the keys, in the folder that both share.
const left = await startProcess(options)
const right = await startProcess(options)
const both: readonly RunningProcess[] = [left, right]

after(async () => {
  for (const server of both) server.kill("SIGTERM")
  await Promise.all(both.map((server) => server.exited))
  await sql.end()
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

const either = (index: number): RunningProcess => (index % 2 === 0 ? left : right)

/** Sends the same request so many times at once, half of them to each server. */
const parallel = (count: number, route: string, more: Call): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => either(index).call(route, more)))

/** How often each status was answered. */
function tally(answers: Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function count(text: string, values: unknown[] = []): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(`select count(*) from ${text}`, values)
  return Number(rows[0]?.count)
}

const membershipsOf = (groupId: string) => count("group_user_memberships where group_id = $1", [groupId])
const openMembershipsOf = (groupId: string) =>
  count("group_user_memberships where group_id = $1 and not is_closed", [groupId])
const eventsOf = (groupId: string, type: string) =>
  count("audit_logs where event_type = $2 and event_metadata ->> 'groupId' = $1", [groupId, type])

const routeOf = (method: string, groupId: string, username: string) =>
  `${method} /api/v1/groups/${groupId}/users/${encodeURIComponent(username)}`

// Each with an address of their own: nothing but the set-up itself is in their way.
const setUp = await Promise.all(
  Array.from({ length: 100 }, (_, index) =>
    either(index).call("POST /api/v1/admin/bootstrap", {
      body: {
        email: `admin-${index}@example.com`,
        password: "correct horse battery staple",
        organization: "Acme",
      },
    }),
  ),
)
const { organization, identity, user } = setUp.find(({ status }) => status === 200)?.body ?? {}
const acme = { id: String(organization?.id), token: String(identity?.credentials.token) }
const { token } = acme
const username = String(user?.username)

test("of 100 who set the instance up at once one becomes its admin", async () => {
  assert.deepEqual(tally(setUp), { 200: 1, 400: 99 })
  for (const table of ["users", "instance_setup", "organizations", "identities"]) {
    assert.equal(await count(table), 1, table)
  }
  assert.equal(await count("audit_logs where event_type = 'bootstrap-instance'"), 1)
})

for (let round = 1; round <= 20; round++) {
  test(`of 1,000 equal adds at once one is done and the others are refused (${round} of 20)`, async () => {
    const group = await people.addGroup(left, acme, `Thousand ${round}`)
    const answers = await parallel(1_000, routeOf("POST", group.id, username), { token })
    assert.deepEqual(tally(answers), { 200: 1, 400: 999 })
    assert.equal(await membershipsOf(group.id), 1)
    assert.equal(await eventsOf(group.id, "add-user-to-group"), 1)
  })
}

test("of two groups with one name made at once one is made", async () => {
  for (let round = 0; round < 20; round++) {
    const name = `Twin ${round}`
    const answers = await parallel(2, "POST /api/v1/groups", { token, body: { name } })
    assert.deepEqual(tally(answers), { 200: 1, 400: 1 })
    assert.equal(await count("groups where name = $1", [name]), 1)
    assert.equal(await count("audit_logs where event_metadata ->> 'name' = $1", [name]), 1)
  }
})

test("of 200 organizations made at once that all take one slug at once one gets it", async () => {
  const signedIn = await people.signIn(left, username)
  const body = { name: "Same name" }
  const created = await parallel(200, "POST /api/v2/organizations", { token: signedIn, body })
  assert.deepEqual(tally(created), { 200: 200 })
  assert.equal(await count("(select distinct slug from organizations) each"), 201)
  const ids = created.map((answer) => String(answer.body.organization.id))
  const tokens = await Promise.all(ids.map((id, index) => people.select(either(index), signedIn, id)))
  const renamed = await Promise.all(
    ids.map((id, index) =>
      either(index).call(`PATCH /api/v1/organization/${id}`, {
        token: tokens[index],
        body: { slug: "wanted-by-all" },
      }),
    ),
  )
  assert.deepEqual(tally(renamed), { 200: 1, 400: 199 })
  assert.equal(await count("organizations where slug = 'wanted-by-all'"), 1)
  assert.equal(await count("audit_logs where event_type = 'update-organization'"), 1)
})

test("of 100 who accept one invitation at once one does", async () => {
  const own = { ...acme, name: "Acme", adminToken: "", signedInToken: "", adminUsername: username }
  const email = "guest@example.com"
  const first = await people.invite(left, own, email)
  const signedIn = await people.accept(left, first)
  const created = await left.call("POST /api/v2/organizations", {
    token: await people.signIn(left, username),
    body: { name: "Inviting" },
  })
  const { id } = people.ok(created).organization
  const admin = await people.select(left, await people.signIn(left, username), id)
  const invitation = await people.invite(left, { ...own, id, token: admin }, email)
  const more = { token: signedIn, body: invitation }
  const answers = await parallel(100, "POST /api/v1/invite-org/verify", more)
  assert.deepEqual(tally(answers), { 200: 1, 400: 99 })
  const events = "audit_logs where org_id = $1 and event_type = 'accept-organization-invitation'"
  assert.equal(await count(events, [id]), 1)
})

test("nobody stays in a group that is deleted while they are added", async () => {
  for (let round = 0; round < timesOf(200, 2_000); round++) {
    const group = await people.addGroup(left, acme, `Short-lived ${round}`)
    const [added, deleted] = await Promise.all([
      left.call(routeOf("POST", group.id, username), { token }),
      right.call(`DELETE /api/v1/groups/${group.id}`, { token }),
    ])
    assert.equal(deleted.status, 200, deleted.text)
    assert.ok(added.status === 200 || added.status === 404, added.text)
    assert.equal(await openMembershipsOf(group.id), 0)
    const changes = added.status === 200 ? 1 : 0
    assert.equal(await membershipsOf(group.id), changes)
    assert.equal(await eventsOf(group.id, "add-user-to-group"), changes)
  }
})

/** Before, the answers of add and remove, and after, for either order. */
const orders = new Set(["out: 200, 200: out", "out: 200, 403: in", "in: 400, 200: out", "in: 200, 200: in"])

test("an add and a remove of one person at once end as if one came after the other", async () => {
  const group = await people.addGroup(left, acme, "Revolving door")
  const route = (method: string) => routeOf(method, group.id, username)
  let isIn = false
  let adds = 0
  let removes = 0
  for (let round = 0; round < timesOf(200, 10_000); round++) {
    const [added, removed] = await Promise.all([
      left.call(route("POST"), { token }),
      right.call(route("DELETE"), { token }),
    ])
    assert.ok(added.status === 200 || added.status === 400, added.text)
    assert.ok(removed.status === 200 || removed.status === 403, removed.text)
    if (added.status === 200) adds++
    if (removed.status === 200) removes++
    const isInNow = (await openMembershipsOf(group.id)) === 1
    const outcome = `${isIn ? "in" : "out"}: ${added.status}, ${removed.status}: ${isInNow ? "in" : "out"}`
    assert.ok(orders.has(outcome), outcome)
    isIn = isInNow
  }
  assert.equal(await membershipsOf(group.id), adds)
  assert.equal(await eventsOf(group.id, "add-user-to-group"), adds)
  assert.equal(await eventsOf(group.id, "remove-user-from-group"), removes)
  await assertAlternating(group.id, isIn)
})

/** The audit log tells of them in the order in which they came about, and the intervals follow each other. */
async function assertAlternating(groupId: string, isIn: boolean): Promise<void> {
  const { rows } = await sql.query<{ event_type: string }>(
    `select event_type from audit_logs
     where event_metadata ->> 'groupId' = $1 and event_type in ('add-user-to-group', 'remove-user-from-group')
     order by created_at`,
    [groupId],
  )
  const told = rows.map(({ event_type }) => event_type)
  const expected = told.map((_, index) => `${index % 2 === 0 ? "add-user-to" : "remove-user-from"}-group`)
  assert.deepEqual(told, expected)
  assert.equal(told.at(-1) === "add-user-to-group", isIn)
  const overlaps = await count(
    `(select valid_from < lag(valid_until) over (order by valid_from, valid_until) as is_early
      from group_user_memberships where group_id = $1) each where is_early`,
    [groupId],
  )
  assert.equal(overlaps, 0, "intervals that overlap")
}
