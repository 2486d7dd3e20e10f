import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { allReplicated } from "../test/replicas.ts"
import {
  freshProject,
  placeOf,
  search,
  withRules as addWithRules,
  type Replicating,
  type Sent,
} from "../test/replication.ts"
import { otherServers, sealedIn } from "../test/sealed-values.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { call, db } = harness

const fresh = () => freshProject(harness, acme)
const withRules = (own: Replicating, rules: unknown[]) => addWithRules(harness, acme, own, rules)

describe("a replicated import", () => {
  test("is answered with when it was copied, and read where it is imported", async () => {
    const own = await fresh()
    await own.add("staging:/", "ONE", { secretComment: "why" })
    const made = people.ok(await own.tryImport("dev:/", "staging:/")).secretImport
    assert.deepEqual(
      [made.isReplication, made.isReplicationSuccess, made.lastReplicated, made.isReserved],
      [true, null, null, false],
    )
    await own.becomes("dev:/", { ONE: "ONE of staging:/" })
    await allReplicated(db)
    const read = await own.get(made.id)
    assert.deepEqual([read.isReplicationSuccess, read.replicationStatus], [true, null])
    assert.ok(Date.parse(read.lastReplicated) >= Date.parse(made.createdAt))
    const query = search({ workspaceId: own.project.id, environment: "dev" })
    const older = await call(`GET /api/v1/secret-imports?${query}`, { token: acme.token })
    const { environment: _, projectId: __, secretPath: ___, ...same } = read
    assert.deepEqual(people.ok(older).secretImports, [same])

    const reader = await withRules(own, [
      { subject: "secrets", action: ["describeSecret", "readValue"], conditions: { environment: "dev" } },
    ])
    const [imported] = await own.list("dev:/", reader)
    const [secret] = (imported?.["secrets"] ?? []) as Sent[]
    assert.deepEqual(
      [
        imported?.["environment"],
        secret?.["secretValue"],
        secret?.["secretComment"],
        secret?.["environment"],
      ],
      ["staging", "ONE of staging:/", "why", "dev"],
    )
    const there = search(own.secretAt("staging:/"))
    assert.equal((await call(`GET /api/v4/secrets?${there}`, { token: reader })).status, 403)
  })

  test("has a folder of its own that nobody sees and nobody can name", async () => {
    const own = await fresh()
    await own.add("staging:/", "ONE")
    const id = await own.import("dev:/", "staging:/")
    await own.becomes("dev:/", { ONE: "ONE of staging:/" })
    const name = `__reserve_replication_${id}`
    const { rows } = await sql<{ id: string; path: string }>`
      select id, path from folders where name = ${name}`.execute(db)
    const [folder = { id: "", path: "" }] = rows
    const token = acme.token
    const listed = await call(`GET /api/v2/folders?${search({ ...own.at("dev:/"), recursive: "true" })}`, {
      token,
    })
    assert.deepEqual(people.ok(listed).folders, [])
    const deep = search({ ...own.secretAt("dev:/"), recursive: "true" })
    assert.deepEqual(people.ok(await call(`GET /api/v4/secrets?${deep}`, { token })).secrets, [])
    const before = await harness.state()
    const statuses = []
    for (const secretPath of [`/${name}`, folder.path]) {
      const place = { ...own.secretAt("dev:/"), secretPath }
      const body = { ...place, secretValue: "x" }
      statuses.push((await own.send("POST /api/v4/secrets/ONE", body)).status)
      statuses.push((await own.send("PATCH /api/v4/secrets/ONE", body)).status)
      statuses.push((await own.send("DELETE /api/v4/secrets/ONE", place)).status)
      const query = search({ projectId: own.project.id, environment: "dev", secretPath })
      statuses.push((await call(`GET /api/v4/secrets/ONE?${query}`, { token })).status)
    }
    assert.deepEqual(statuses, [404, 404, 404, 404, 404, 404, 404, 404])
    assert.equal((await call(`GET /api/v2/folders/${folder.id}`, { token })).status, 404)
    const rename = { ...own.at("dev:/"), name: "mine" }
    assert.equal((await own.send(`PATCH /api/v2/folders/${folder.id}`, rename)).status, 404)
    const remove = { ...own.at("dev:/"), forceDelete: true }
    assert.equal((await own.send(`DELETE /api/v2/folders/${folder.id}`, remove)).status, 404)
    assert.deepEqual(await harness.state(), before)
  })

  test("has copies that are read by id, with their versions, and are changed at the source alone", async () => {
    const own = await fresh()
    await own.add("staging:/", "ONE")
    await own.import("dev:/", "staging:/")
    await own.becomes("dev:/", { ONE: "ONE of staging:/" })
    await own.change("staging:/", "ONE", { secretValue: "new" })
    await own.becomes("dev:/", { ONE: "new" })
    const [imported] = await own.list("dev:/")
    const [copy] = (imported?.["secrets"] ?? []) as { id: string }[]
    const { token } = acme
    const byId = people.ok(await call(`GET /api/v4/secrets/id/${copy?.id}`, { token })).secret
    assert.deepEqual([byId.secretValue, byId.version, byId.secretPath], ["new", 2, "/"])
    const versions = await call(`GET /api/v1/secret/${copy?.id}/secret-versions?offset=0&limit=9`, {
      token: acme.adminToken,
    })
    assert.deepEqual(
      people.ok(versions).secretVersions.map((each: Sent) => each["secretValue"]),
      ["new", "ONE of staging:/"],
    )
    const before = await harness.state()
    const back = await own.send(`POST /api/v4/secrets/id/${copy?.id}/rollback`, { version: 1 })
    assert.equal(back.status, 400)
    assert.deepEqual(await harness.state(), before)
    // What is sealed for a copy opens for its own row, and nowhere else.
    const [project, all] = [{ orgId: acme.id, projectId: own.project.id }, await sealedIn(db, own.project.id)]
    const keyring = (await otherServers(harness))()
    assert.equal((await keyring.open(project, all)).length, 6)
    for (const [index, one] of all.entries()) {
      const other = all[(index + 1) % all.length]
      assert.ok(other)
      await assert.rejects(keyring.open(project, [{ sealed: one.sealed, place: other.place }]))
    }
  })

  test("needs the right to read all at the source and to make secrets where it is imported", async () => {
    const own = await fresh()
    await own.add("staging:/", "ONE")
    const importing = { subject: "secret-imports", action: ["read", "create", "edit", "delete"] }
    const action = ["describeSecret", "readValue"]
    const reading = { subject: "secrets", action, conditions: { environment: "staging" } }
    const making = { subject: "secrets", action: ["create"], conditions: { environment: "dev" } }
    const without = [
      [importing],
      [importing, reading],
      [importing, making],
      [reading, making],
      [importing, making, { ...reading, action: ["describeSecret"] }],
      [importing, making, { ...reading, conditions: { ...reading.conditions, secretName: "ONE" } }],
      [importing, making, { ...reading, conditions: { environment: "staging", secretName: { $ne: "A" } } }],
      [importing, making, reading, { ...reading, inverted: true, conditions: { secretName: "TWO" } }],
      [importing, making, reading, { ...reading, inverted: true, conditions: { secretTags: "hidden" } }],
      [importing, reading, { ...making, conditions: { ...making.conditions, secretName: "ONE" } }],
    ]
    const callers = []
    for (const rules of without) callers.push(await withRules(own, rules))
    const good = await withRules(own, [importing, making, reading])
    const id = await own.import("dev:/", "staging:/")
    const before = await harness.state()
    const refused = []
    for (const caller of callers) refused.push((await own.tryImport("dev:/", "staging:/", caller)).status)
    assert.deepEqual(
      refused,
      callers.map(() => 403),
    )
    const elsewhere = { ...own.at("dev:/"), import: { environment: "prod" } }
    assert.equal((await own.send(`PATCH /api/v2/secret-imports/${id}`, elsewhere, good)).status, 403)
    const { audit_logs: _, ...left } = await harness.state()
    const { audit_logs: __, ...was } = before
    assert.deepEqual(left, was)
    people.ok(await own.tryImport("dev:/", "staging:/", good))
    const order = { ...own.at("dev:/"), import: { position: 2 } }
    people.ok(await own.send(`PATCH /api/v2/secret-imports/${id}`, order, good))
  })

  test("makes no cycle, also with imports that are read where they lie", async () => {
    const own = await fresh()
    for (const place of ["dev:/a", "dev:/b"]) await own.folder(place)
    await own.import("dev:/a", "dev:/b")
    await own.import("dev:/b", "prod:/")
    const before = await harness.state()
    const plain = { ...own.at("prod:/"), import: placeOf("dev:/a") }
    const refused = [
      await own.tryImport("dev:/a", "dev:/a"),
      await own.tryImport("prod:/", "dev:/a"),
      await own.send("POST /api/v2/secret-imports", plain),
    ]
    assert.deepEqual(
      refused.map(({ status }) => status),
      [400, 400, 400],
    )
    assert.deepEqual(await harness.state(), before)
  })

  test("answers what its source imports, where that lies", async () => {
    const own = await fresh()
    await own.add("staging:/", "NEAR")
    await own.add("prod:/", "FAR")
    await own.send("POST /api/v2/secret-imports", { ...own.at("staging:/"), import: placeOf("prod:/") })
    await own.import("dev:/", "staging:/")
    await own.becomes("dev:/", { NEAR: "NEAR of staging:/", FAR: "FAR of prod:/" })
  })
})
