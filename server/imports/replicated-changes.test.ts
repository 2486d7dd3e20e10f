import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { allReplicated, becomes } from "../test/replicas.ts"
import { freshProject, search, withRules, type Replicating } from "../test/replication.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { call, db } = harness
const { token } = acme
const fresh = () => freshProject(harness, acme)

/** How many copies there are of secrets in a project. */
async function copiesIn({ project }: Replicating): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from secrets
    where project_id = ${project.id} and replicated_from is not null and ended_at is null`.execute(db)
  return rows[0]?.count ?? -1
}

/** The newest snapshot of a folder. */
async function snapshotOf({ project }: Replicating, environment: string): Promise<string> {
  const query = search({ environment, path: "/" })
  const answer = await call(`GET /api/v1/workspace/${project.id}/secret-snapshots?${query}`, { token })
  return people.ok(answer).secretSnapshots[0].id
}
const restore = async (id: string) =>
  people.ok(await call(`POST /api/v1/secret-snapshot/${id}/rollback`, { token }))

describe("what changes at the source of a replicated import reaches the copy", () => {
  test("a secret that is made, changed, named anew, put back or deleted, alone or with others", async () => {
    const own = await fresh()
    const id = await own.add("staging:/", "ONE")
    await own.import("dev:/", "staging:/")
    await own.becomes("dev:/", { ONE: "ONE of staging:/" })
    await own.add("staging:/", "TWO")
    await own.becomes("dev:/", { ONE: "ONE of staging:/", TWO: "TWO of staging:/" })
    await own.change("staging:/", "ONE", { secretValue: "new" })
    await own.becomes("dev:/", { ONE: "new", TWO: "TWO of staging:/" })
    await own.change("staging:/", "TWO", { newSecretName: "THREE" })
    await own.becomes("dev:/", { ONE: "new", THREE: "TWO of staging:/" })
    // Two that change their names with each other.
    await own.change("staging:/", "ONE", { newSecretName: "SPARE" })
    await own.change("staging:/", "THREE", { newSecretName: "ONE" })
    await own.change("staging:/", "SPARE", { newSecretName: "THREE" })
    await own.becomes("dev:/", { ONE: "TWO of staging:/", THREE: "new" })
    people.ok(await own.send(`POST /api/v4/secrets/id/${id}/rollback`, { version: 1 }))
    await own.becomes("dev:/", { ONE: "TWO of staging:/", THREE: "ONE of staging:/" })
    const secrets = ["A", "B", "C"].map((secretKey) => ({ secretKey, secretValue: secretKey }))
    const place = own.secretAt("staging:/")
    people.ok(await own.send("POST /api/v4/secrets/batch", { ...place, secrets }))
    const named = ["ONE", "THREE", "A"].map((secretKey) => ({ secretKey }))
    people.ok(await own.send("DELETE /api/v4/secrets/batch", { ...place, secrets: named }))
    await own.becomes("dev:/", { B: "B", C: "C" })
    people.ok(await own.send("DELETE /api/v4/secrets/B", place))
    people.ok(await own.send("POST /api/v4/secrets/B", { ...place, secretValue: "again" }))
    await own.becomes("dev:/", { B: "again", C: "C" })
    assert.equal(await copiesIn(own), 2)
  })

  test("a secret that is moved there or away, and a folder that is put back", async () => {
    const own = await fresh()
    const id = await own.add("staging:/", "ONE")
    await own.add("staging:/", "TWO")
    await own.import("dev:/", "staging:/")
    await own.becomes("dev:/", { ONE: "ONE of staging:/", TWO: "TWO of staging:/" })
    const then = await snapshotOf(own, "staging")
    const move = {
      projectId: own.project.id,
      sourceEnvironment: "staging",
      sourceSecretPath: "/",
      destinationEnvironment: "prod",
      destinationSecretPath: "/",
      secretIds: [id],
    }
    people.ok(await own.send("POST /api/v4/secrets/move", move))
    await own.becomes("dev:/", { TWO: "TWO of staging:/" })
    await own.change("staging:/", "TWO", { secretValue: "new" })
    await own.becomes("dev:/", { TWO: "new" })
    await restore(then)
    await own.becomes("dev:/", { ONE: "ONE of staging:/", TWO: "TWO of staging:/" })
  })

  test("a folder that is made there, gets its path or loses it", async () => {
    const own = await fresh()
    await own.import("dev:/", "prod:/later")
    await own.becomes("dev:/", {})
    const folder = await own.folder("prod:/later")
    await own.add("prod:/later", "ONE")
    await own.becomes("dev:/", { ONE: "ONE of prod:/later" })
    people.ok(await own.send(`PATCH /api/v2/folders/${folder}`, { ...own.at("prod:/"), name: "now" }))
    await own.add("prod:/now", "TWO")
    await own.becomes("dev:/", { ONE: "ONE of prod:/later", TWO: "TWO of prod:/now" })
    const other = await own.import("staging:/", "prod:/taken")
    const taken = await own.folder("prod:/free")
    await own.add("prod:/free", "THREE")
    people.ok(await own.send(`PATCH /api/v2/folders/${taken}`, { ...own.at("prod:/"), name: "taken" }))
    await own.becomes("staging:/", { THREE: "THREE of prod:/free" })
    assert.equal((await own.get(other)).importPath, "/taken")
  })

  test("what was written by a transaction that ends only after the first copy", async () => {
    const own = await fresh()
    await own.add("staging:/", "ONE")
    const id = await own.add("staging:/", "TWO")
    const both = { ONE: "ONE of staging:/", TWO: "TWO of staging:/" }
    await db.transaction().execute(async (late) => {
      await sql`update secrets set ended_at = now() where id = ${id}`.execute(late)
      await own.import("dev:/", "staging:/")
      await own.becomes("dev:/", both)
    })
    await own.becomes("dev:/", { ONE: "ONE of staging:/" })
  })

  test("more than one transaction copies", async () => {
    const own = await fresh()
    const [first, second] = [0, 1].map((part) =>
      Array.from({ length: 400 }, (_, index) => ({ secretKey: `S${part}_${index}`, secretValue: "x" })),
    )
    for (const batch of [first, second]) {
      for (let from = 0; from < 400; from += 100) {
        const secrets = batch?.slice(from, from + 100)
        people.ok(await own.send("POST /api/v4/secrets/batch", { ...own.secretAt("staging:/"), secrets }))
      }
    }
    await own.import("dev:/", "staging:/")
    await becomes(() => copiesIn(own), 800)
  })
})

describe("a copy goes", () => {
  test("with its import, with the folder that imports, and with what is imported", async () => {
    const own = await fresh()
    for (const place of ["dev:/a", "prod:/a"]) await own.folder(place)
    const folder = await own.folder("dev:/gone")
    await own.add("staging:/", "ONE")
    await own.add("prod:/a", "TWO")
    const first = await own.import("dev:/a", "staging:/")
    await own.import("dev:/gone", "staging:/")
    await own.import("dev:/", "prod:/a")
    await own.import("prod:/", "staging:/")
    await becomes(() => copiesIn(own), 4)
    people.ok(await own.send(`DELETE /api/v2/secret-imports/${first}`, own.at("dev:/a")))
    assert.equal(await copiesIn(own), 3)
    const all = { ...own.at("dev:/"), forceDelete: true }
    people.ok(await own.send(`DELETE /api/v2/folders/${folder}`, all))
    assert.equal(await copiesIn(own), 2)
    people.ok(await own.send("DELETE /api/v2/folders/a", { ...own.at("prod:/"), forceDelete: true }))
    assert.equal(await copiesIn(own), 1)
    const staging = own.project.environments.find(({ slug }) => slug === "staging")
    const route = `DELETE /api/v1/projects/${own.project.id}/environments/${staging?.id}`
    people.ok(await call(route, { token }))
    assert.equal(await copiesIn(own), 0)
    await allReplicated(db)
  })

  test("when another place is imported, and comes back with an import that is put back", async () => {
    const own = await fresh()
    await own.add("staging:/", "ONE")
    await own.add("prod:/", "TWO")
    const id = await own.import("dev:/", "staging:/")
    await own.becomes("dev:/", { ONE: "ONE of staging:/" })
    const body = { ...own.at("dev:/"), import: { environment: "prod" } }
    people.ok(await own.send(`PATCH /api/v2/secret-imports/${id}`, body))
    await own.becomes("dev:/", { TWO: "TWO of prod:/" })
    const then = await snapshotOf(own, "dev")
    people.ok(await own.send(`DELETE /api/v2/secret-imports/${id}`, own.at("dev:/")))
    assert.deepEqual(await own.list("dev:/"), [])
    const reading = ["describeSecret", "readValue"]
    const rules = [
      { subject: "secret-rollback", action: ["read", "create"] },
      { subject: "secret-imports", action: ["read", "create", "edit", "delete"] },
      { subject: "secrets", action: [...reading, "create"], conditions: { environment: "dev" } },
    ]
    const narrow = await withRules(harness, acme, own, rules)
    const before = await copiesIn(own)
    assert.equal((await call(`POST /api/v1/secret-snapshot/${then}/rollback`, { token: narrow })).status, 403)
    assert.deepEqual([await own.list("dev:/"), await copiesIn(own)], [[], before])
    await restore(then)
    await own.becomes("dev:/", { TWO: "TWO of prod:/" })
  })
})

describe("copying once more", () => {
  test("is for who may change the import, and only for one that is copied", async () => {
    const own = await fresh()
    const id = await own.import("dev:/", "staging:/")
    const plain = { ...own.at("dev:/"), import: { environment: "prod", path: "/" } }
    const other = people.ok(await own.send("POST /api/v2/secret-imports", plain)).secretImport.id
    const reader = await withRules(harness, acme, own, [{ subject: "secret-imports", action: ["read"] }])
    const before = await harness.state()
    const refused = [
      await own.resync(other, "dev:/"),
      await own.resync("01890000-0000-7000-8000-000000000000", "dev:/"),
      await own.resync("no-uuid", "dev:/"),
      await own.resync(id, "staging:/"),
      await own.resync(id, "dev:/no-such"),
      await own.resync(id, "no-such:/"),
      await own.send(`POST /api/v2/secret-imports/${id}/replication-resync`, { environment: "dev" }),
      await own.send(`POST /api/v2/secret-imports/${id}/replication-resync`, { ...own.at("dev:/"), path: 7 }),
    ]
    assert.deepEqual(
      refused.map(({ status }) => status),
      [400, 404, 404, 404, 404, 404, 422, 422],
    )
    assert.deepEqual(await harness.state(), before)
    assert.equal((await own.resync(id, "dev:/", reader)).status, 403)
    const { lastReplicated } = await own.get(id)
    const { message, secretImport } = people.ok(await own.resync(id, "dev:/"))
    assert.deepEqual([typeof message, secretImport.id], ["string", id])
    await allReplicated(db)
    assert.ok(Date.parse((await own.get(id)).lastReplicated) > Date.parse(lastReplicated))
    const [event] = await db
      .selectFrom("audit_logs")
      .select("event_metadata")
      .where("event_type", "=", "resync-secret-import")
      .execute()
    assert.deepEqual((event?.event_metadata as Record<string, unknown> | undefined)?.["importId"], id)
  })

  test("is tried again by itself where it has failed", async () => {
    const own = await fresh()
    const id = await own.add("staging:/", "ONE")
    const other = await own.add("staging:/", "TWO")
    const importId = await own.import("dev:/", "staging:/")
    const both = { ONE: "ONE of staging:/", TWO: "TWO of staging:/" }
    await own.becomes("dev:/", both)
    await allReplicated(db)
    // What was sealed for another row opens for nobody.
    const swap = async () =>
      db.transaction().execute(async (transaction) => {
        await sql`set local session_replication_role = replica`.execute(transaction)
        await sql`
          update secrets s set sealed_value = o.sealed_value from secrets o
          where s.id in (${id}, ${other}) and o.id in (${id}, ${other}) and o.id <> s.id`.execute(transaction)
      })
    await swap()
    await own.add("staging:/", "THREE")
    await sql`update secrets set replicated_version = 0 where replicated_from = ${id}`.execute(db)
    await own.add("staging:/", "FOUR")
    await becomes(async () => (await own.get(importId)).isReplicationSuccess, false)
    assert.match((await own.get(importId)).replicationStatus, /could not be copied/)
    assert.equal((await own.values("dev:/"))[0]?.["ONE"], both.ONE)
    await swap()
    await becomes(async () => (await own.get(importId)).isReplicationSuccess, true)
    const more = { THREE: "THREE of staging:/", FOUR: "FOUR of staging:/" }
    assert.deepEqual(await own.values("dev:/"), [{ ...both, ...more }])
    assert.equal((await own.get(importId)).replicationStatus, null)
  })
})
