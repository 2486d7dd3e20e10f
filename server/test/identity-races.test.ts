import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { after, test } from "node:test"
import { singleConnection } from "../db/database.ts"
import { createTestDatabase } from "./databases.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { makeDataDir, startProcess } from "./processes.ts"
import { timesOf } from "./two-servers.ts"

// Machine identities in groups, over two processes, since one alone hides what races in the database.
const database = await createTestDatabase()
const dataDir = await makeDataDir()
const sql = singleConnection(database.connection)
await sql.connect()
const options = { dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "error" } }
// The first makes the keys, in the folder that both share.
const left = await startProcess(options)
const right = await startProcess(options)

after(async () => {
  for (const server of [left, right]) server.kill("SIGTERM")
  await Promise.all([left.exited, right.exited])
  await sql.end()
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

const acme = await people.bootstrap(left)
const { token } = acme
/** How many of each. */
const rounds = timesOf(100, 2_000)

async function newIdentity(name: string): Promise<string> {
  const body = { name, organizationId: acme.id }
  return people.ok(await left.call("POST /api/v1/identities", { token, body })).identity.id
}

const routeOf = (method: string, groupId: string, identityId: string) =>
  `${method} /api/v1/groups/${groupId}/machine-identities/${identityId}`

function tally(answers: Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function count(text: string, values: unknown[]): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(`select count(*) from ${text}`, values)
  return Number(rows[0]?.count)
}

const membershipsOf = (groupId: string) => count("group_identity_memberships where group_id = $1", [groupId])
const openMembershipsOf = (groupId: string) =>
  count("group_identity_memberships where group_id = $1 and not is_closed", [groupId])
const eventsOf = (groupId: string, type: string) =>
  count("audit_logs where event_type = $2 and event_metadata ->> 'groupId' = $1", [groupId, type])

const deployer = await newIdentity("deployer")

for (let round = 1; round <= 3; round++) {
  test(`of 1,000 equal adds at once one is done and the others are refused (${round} of 3)`, async () => {
    const group = await people.addGroup(left, acme, `Thousand ${round}`)
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        (index % 2 === 0 ? left : right).call(routeOf("POST", group.id, deployer), { token }),
      ),
    )
    assert.deepEqual(tally(answers), { 200: 1, 400: 999 })
    assert.equal(await membershipsOf(group.id), 1)
    assert.equal(await eventsOf(group.id, "add-identity-to-group"), 1)
  })
}

/** Before, the answers of add and remove, and after, for either order. */
const orders = new Set(["out: 200, 200: out", "out: 200, 403: in", "in: 400, 200: out", "in: 200, 200: in"])

test("an add and a remove of one identity at once end as if one came after the other", async () => {
  const group = await people.addGroup(left, acme, "Revolving door")
  let isIn = false
  let adds = 0
  let removes = 0
  for (let round = 0; round < rounds; round++) {
    const [added, removed] = await Promise.all([
      left.call(routeOf("POST", group.id, deployer), { token }),
      right.call(routeOf("DELETE", group.id, deployer), { token }),
    ])
    if (added.status === 200) adds++
    if (removed.status === 200) removes++
    const isInNow = (await openMembershipsOf(group.id)) === 1
    const outcome = `${isIn ? "in" : "out"}: ${added.status}, ${removed.status}: ${isInNow ? "in" : "out"}`
    assert.ok(orders.has(outcome), outcome)
    isIn = isInNow
  }
  assert.equal(await membershipsOf(group.id), adds)
  assert.equal(await eventsOf(group.id, "add-identity-to-group"), adds)
  assert.equal(await eventsOf(group.id, "remove-identity-from-group"), removes)
})

/** Adds an identity on one server while something that ends the one or the other happens on the other. */
async function addWhile(groupId: string, identityId: string, route: string): Promise<void> {
  const [added, ended] = await Promise.all([
    left.call(routeOf("POST", groupId, identityId), { token }),
    right.call(route, { token }),
  ])
  assert.equal(ended.status, 200, ended.text)
  assert.ok(added.status === 200 || added.status === 404, added.text)
  assert.equal(await openMembershipsOf(groupId), 0)
  const changes = added.status === 200 ? 1 : 0
  assert.equal(await membershipsOf(groupId), changes)
  assert.equal(await eventsOf(groupId, "add-identity-to-group"), changes)
}

test("no identity stays in a group that is deleted while it is added", async () => {
  for (let round = 0; round < rounds; round++) {
    const group = await people.addGroup(left, acme, `Short-lived ${round}`)
    await addWhile(group.id, deployer, `DELETE /api/v1/groups/${group.id}`)
  }
})

test("no identity that is deleted while it is added stays in the group", async () => {
  for (let round = 0; round < rounds; round++) {
    const group = await people.addGroup(left, acme, `Left behind ${round}`)
    const identityId = await newIdentity(`short-lived ${round}`)
    await addWhile(group.id, identityId, `DELETE /api/v1/identities/${identityId}`)
  }
})
