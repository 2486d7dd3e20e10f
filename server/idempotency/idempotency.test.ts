import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { run } from "../db/database.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer, Call } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject } from "../test/projects.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const other = await people.addIdentity(harness, acme, "admin")
const elsewhere = await people.addOrganization(harness, acme, "eve@elsewhere.example")
const group = await people.addGroup(harness, acme, "Readers")
const [username = "", second = ""] = await people.inviteMany(harness, acme, 2)

const groups = "POST /api/v1/groups"
const adding = `POST /api/v1/groups/${group.id}/users/${username}`

const keyed = (key: string, options: Call = {}): Call => ({
  token: acme.token,
  ...options,
  headers: { "idempotency-key": key },
})
const groupNamed = (name: string, key: string, options: Call = {}) =>
  harness.call(groups, keyed(key, { body: { name, role: "no-access" }, ...options }))

const isReplay = ({ headers }: Answer): boolean => headers["idempotent-replayed"] === "true"

const refused = refusing(harness)

describe("a call with an Idempotency-Key", () => {
  test("is done once, and answered alike whenever it is sent again", async () => {
    const first = await groupNamed("Once", "k1")
    assert.equal(people.ok(first).name, "Once")
    assert.equal(isReplay(first), false)
    const again = await refused(() => groupNamed("Once", "k1"), 200)
    assert.equal(again.text, first.text)
    assert.equal(isReplay(again), true)
  })

  test("works for what is otherwise one statement: an add of somebody to a group", async () => {
    const first = await harness.call(adding, keyed("add"))
    assert.equal(people.ok(first).username, username)
    const again = await refused(() => harness.call(adding, keyed("add")), 200)
    assert.equal(again.text, first.text)
    // Another key is another call, which finds the person there.
    await refused(() => harness.call(adding, keyed("add again")), 422)
    await refused(() => harness.call(adding, keyed("add-again")), 400)
  })

  test("is refused with another body, and with another address of the same route", async () => {
    people.ok(await groupNamed("Same key", "k2"))
    await refused(() => groupNamed("Another body", "k2"), 422)
    const remove = (name: string) =>
      harness.call(`DELETE /api/v1/groups/${group.id}/users/${name}`, keyed("k2"))
    people.ok(await remove(username))
    await refused(() => remove(second), 422)
  })

  test("leaves the key free when it was refused", async () => {
    await refused(() => groupNamed("x".repeat(300), "k3"), 422)
    people.ok(await groupNamed("Fits", "k3"))
  })

  test("counts for its caller and organization alone", async () => {
    const mine = people.ok(await groupNamed("Mine", "k4"))
    const theirs = people.ok(await groupNamed("Theirs", "k4", { token: other.token }))
    const foreign = people.ok(await groupNamed("Mine", "k4", { token: elsewhere.token }))
    assert.equal(new Set([mine.id, theirs.id, foreign.id]).size, 3)
  })

  test("is answered to who may still see it, as long as their rights are the same", async () => {
    const maker = await people.addIdentity(harness, acme, "admin")
    people.ok(await groupNamed("Of who leaves", "k5", { token: maker.token }))
    const role = (slug: string) =>
      harness.call(`PATCH /api/v1/identities/${maker.id}`, { token: acme.token, body: { role: slug } })
    const permissions = [{ subject: "groups", action: ["read", "create"] }]
    const body = { slug: "makers", name: "Makers", permissions }
    people.ok(await harness.call("POST /api/v1/organization/roles", { token: acme.token, body }))
    people.ok(await role("makers"))
    await refused(() => groupNamed("Of who leaves", "k5", { token: maker.token }), 409)
    people.ok(await role("no-access"))
    assert.equal((await groupNamed("Of who leaves", "k5", { token: maker.token })).status, 403)
  })

  test("is done anew after a day", async () => {
    const first = people.ok(await groupNamed("Yesterday", "k6"))
    const age = (interval: string) =>
      run(harness.db, "update idempotency_keys set made_at = now() - $1::interval where key = 'k6'", [
        interval,
      ])
    await age("23 hours 59 minutes")
    assert.equal(people.ok(await groupNamed("Yesterday", "k6")).id, first.id)
    await age("24 hours 1 minute")
    // Done anew, and refused: the group has its name.
    await refused(() => groupNamed("Yesterday", "k6"), 400)
  })
})

describe("at the same time", () => {
  test("one is done, and the others are told so or that it is under way", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => groupNamed("At once", "k7")))
    const done = answers.filter(({ status }) => status === 200)
    assert.equal(new Set(done.map(({ text }) => text)).size, 1)
    assert.equal(done.filter((answer) => !isReplay(answer)).length, 1)
    for (const { status } of answers) assert.ok(status === 200 || status === 409)
    const rows = await harness.db.selectFrom("groups").select("id").where("name", "=", "At once").execute()
    assert.equal(rows.length, 1)
  })
})

describe("values of secrets", () => {
  test("are kept sealed by their project, and go with it", async () => {
    const project = await addProject(harness, acme)
    const create = () =>
      harness.call(
        "POST /api/v4/secrets/PASSWORD",
        keyed("k8", {
          body: { projectId: project.id, environment: "dev", secretPath: "/", secretValue: "canary-9314" },
        }),
      )
    const first = await create()
    assert.equal(people.ok(first).secret.secretValue, "canary-9314")
    assert.equal((await create()).text, first.text)
    const recorded = await run(
      harness.db,
      "select event_metadata from audit_logs where event_type = 'replay-secret-values'",
      [],
    )
    assert.deepEqual(recorded, [{ event_metadata: { projectId: project.id, operation: "createSecret" } }])
    const rows = await run<{ text: string; project_id: string }>(
      harness.db,
      "select encode(sealed_answer, 'escape') as text, project_id from idempotency_keys where key = 'k8'",
      [],
    )
    assert.deepEqual(
      rows.map((row) => [row.project_id, row.text.includes("canary")]),
      [[project.id, false]],
    )
  })
})

describe("no key is taken", () => {
  test("by what answers a credential, by whoever is in no organization, and none that is no key", async () => {
    const identity = `/api/v1/auth/token-auth/identities/${other.id}`
    await refused(() => harness.call(`POST ${identity}/tokens`, keyed("k9", { body: {} })), 400)
    const login = { body: { email: "ada@example.com", password: "wrong" } }
    await refused(() => harness.call("POST /api/v3/auth/login", keyed("k9", login)), 400)
    for (const key of ["", " ", "a b", "é", "x".repeat(256)]) {
      await refused(() => groupNamed("No key", key), 422)
    }
  })

  test("by strangers: they are turned away first", async () => {
    await refused(() => groupNamed("Stranger", "", { token: undefined }), 401)
  })

  test("by what only reads: the header is nothing there", async () => {
    const answer = await refused(() => harness.call("GET /api/v1/groups", keyed("not a key")), 200)
    assert.equal(isReplay(answer), false)
  })
})
