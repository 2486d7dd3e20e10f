import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { newId } from "../crypto/ids.ts"
import type { StoredRule } from "../db/rules.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const project = await addProject(harness, acme)
const { call } = harness

type Sent = Record<string, unknown>
const at = (environment = "dev", secretPath = "/") => ({ projectId: project.id, environment, secretPath })
const create = async (name: string, place = at(), body: Sent = {}, token = acme.token) =>
  people.ok(
    await call(`POST /api/v4/secrets/${name}`, {
      token,
      body: { ...place, secretValue: `value of ${name}`, ...body },
    }),
  ).secret
const get = (name: string, place = at(), query: Record<string, string> = {}, token = acme.token) =>
  call(`GET /api/v4/secrets/${name}?${new URLSearchParams({ ...place, ...query }).toString()}`, { token })
const update = async (name: string, body: Sent) =>
  people.ok(await call(`PATCH /api/v4/secrets/${name}`, { token: acme.token, body: { ...at(), ...body } }))
const move = (secretIds: string[], more: Sent = {}, token = acme.token): Promise<Answer> => {
  const body = { sourceEnvironment: "dev", destinationEnvironment: "prod", secretIds, ...more }
  return call("POST /api/v4/secrets/move", { token, body: { projectId: project.id, ...body } })
}
const rollBack = (id: string, version: number, token = acme.token): Promise<Answer> =>
  call(`POST /api/v4/secrets/id/${id}/rollback`, { token, body: { version } })
people.ok(
  await call("POST /api/v2/folders", {
    token: acme.token,
    body: { projectId: project.id, environment: "prod", path: "/", name: "app" },
  }),
)

async function limited(...permissions: StoredRule[]): Promise<string> {
  const { id, token } = await people.addIdentity(harness, acme, "member")
  const slug = `role-${id.slice(-12)}`
  await addProjectRole(harness, project, slug, permissions)
  await putInProject(harness, project, { identityId: id }, slug)
  return token
}
const secrets = (action: string[], conditions = {}): StoredRule => ({
  subject: "secrets",
  action,
  conditions,
})

/** Sees that it is refused so, and that nothing but the audit log has changed. */
async function refused(status: number, ask: () => Promise<Answer>): Promise<void> {
  const before = await harness.state()
  const answer = await ask()
  assert.equal(answer.status, status, answer.text)
  const after = await harness.state()
  assert.deepEqual({ ...after, audit_logs: [] }, { ...before, audit_logs: [] })
}

describe("moving secrets", () => {
  test("makes them anew at the other end, whole, and ends them here with their overrides", async () => {
    const whole = {
      secretComment: "what for",
      secretMetadata: [
        { key: "owner", value: "ada" },
        { key: "hidden", value: "42", isEncrypted: true },
      ],
      skipMultilineEncoding: true,
      secretReminderNote: "renew",
      secretReminderRepeatDays: 30,
    }
    const old = await create("WHOLE", at(), whole)
    await create("WHOLE", at(), { type: "personal", secretValue: "mine" }, acme.adminToken)
    const other = await create("OTHER")
    const answer = await move([old.id, other.id], { destinationSecretPath: "/app" })
    assert.deepEqual(people.ok(answer), { isSourceUpdated: true, isDestinationUpdated: true })
    const there = people.ok(await get("WHOLE", at("prod", "/app"))).secret
    const { id, createdAt, updatedAt } = there
    assert.notEqual(id, old.id)
    const place = { environment: "prod", secretPath: "/app" }
    assert.deepEqual(there, { ...old, ...place, id, _id: id, createdAt, updatedAt })
    assert.equal((await get("WHOLE")).status, 404)
    assert.equal((await get("WHOLE", at(), { type: "personal" }, acme.adminToken)).status, 404)
    assert.equal((await call(`GET /api/v4/secrets/id/${old.id}`, { token: acme.token })).status, 404)
    people.ok(await get("OTHER", at("prod", "/app")))
    const [event] = await harness.db
      .selectFrom("audit_logs")
      .select("event_metadata")
      .where("event_type", "=", "move-secrets")
      .orderBy("created_at")
      .execute()
    const { secretIds, destinationSecretPath } = (event ?? assert.fail()).event_metadata as Sent
    assert.deepEqual([secretIds, destinationSecretPath], [[old.id, other.id], "/app"])
  })

  test("overwrites what has the name there only when it is to", async () => {
    const [one, free] = [await create("SAME"), await create("FREE")]
    const there = await create("SAME", at("prod"), { secretValue: "there" })
    await refused(400, () => move([free.id, one.id]))
    people.ok(await move([one.id, free.id], { shouldOverwrite: true }))
    const now = people.ok(await get("SAME", at("prod"))).secret
    assert.deepEqual([now.id, now.version, now.secretValue], [there.id, 2, "value of SAME"])
    const then = people.ok(await get("SAME", at("prod"), { version: "1" })).secret
    assert.equal(then.secretValue, "there")
    people.ok(await get("FREE", at("prod")))
    assert.equal((await get("SAME")).status, 404)
  })

  test("is refused for what is not there, and to where they are", async () => {
    const { id } = await create("STAYS")
    const personal = await create("STAYS", at(), { type: "personal" }, acme.adminToken)
    const elsewhere = await create("ELSEWHERE", at("staging"))
    for (const other of [newId(), "no-id", elsewhere.id, personal.id]) {
      await refused(404, () => move([id, other], {}, acme.adminToken))
    }
    await refused(404, () => move([id], { destinationSecretPath: "/no" }))
    await refused(404, () => move([id], { destinationEnvironment: "no" }))
    await refused(404, () => move([id], { sourceSecretPath: "/no" }))
    await refused(400, () => move([id], { destinationEnvironment: "dev" }))
    await refused(422, () => move([]))
  })

  test("needs rights at both ends, and opens no value to who may not read it here", async () => {
    const { id } = await create("RIGHTS")
    await create("RIGHTS", at("prod"))
    const here = { environment: "dev" }
    const there = { environment: "prod" }
    const read = secrets(["describeSecret", "readValue"], here)
    const ways: StoredRule[][] = [
      [read, secrets(["delete"], here)],
      [read, secrets(["delete"], here), secrets(["create"], there)],
      [read, secrets(["delete"], there), secrets(["create", "edit"], there)],
      [secrets(["delete"], here), secrets(["create", "edit", "readValue"], there)],
      [secrets(["delete"], { ...here, secretName: "X" }), secrets(["create", "edit"], there)],
    ]
    for (const rules of ways) {
      const token = await limited(...rules)
      await refused(403, () => move([id], { shouldOverwrite: true }, token))
    }
    const blind = await limited(secrets(["delete"], here), secrets(["create", "edit"], there))
    people.ok(await move([id], { shouldOverwrite: true }, blind))
    const fresh = await create("RIGHTS_2")
    const maker = await limited(secrets(["delete"], here), secrets(["create"], there))
    people.ok(await move([fresh.id], {}, maker))
  })

  test("of the same from two sides moves each once", async () => {
    const ids = await Promise.all(["R1", "R2", "R3"].map(async (name) => (await create(name)).id))
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, turn) => move(turn % 2 === 0 ? ids : ids.toReversed())),
    )
    const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other)
    assert.deepEqual(statuses, [200, ...Array(7).fill(404)])
  })
})

describe("rolling a secret back", () => {
  test("puts back what it was, as a new version under its present name", async () => {
    const first = await create("FIRST", at(), {
      secretComment: "one",
      secretMetadata: [{ key: "h", value: "hidden", isEncrypted: true }],
    })
    await update("FIRST", {
      newSecretName: "THIRD",
      secretValue: "two",
      secretComment: "",
      secretMetadata: [],
    })
    const { secret } = people.ok(await rollBack(first.id, 1))
    assert.deepEqual(
      [secret.id, secret.version, secret.secretKey, secret.secretValue, secret.secretComment],
      [first.id, 3, "THIRD", "value of FIRST", "one"],
    )
    assert.deepEqual(secret.secretMetadata, first.secretMetadata)
    assert.deepEqual(people.ok(await get("THIRD")).secret, secret)
    assert.equal(people.ok(await get("THIRD", at(), { version: "2" })).secret.secretValue, "two")
    await refused(404, () => rollBack(first.id, 4))
    await refused(404, () => rollBack(newId(), 1))
    await refused(422, () => rollBack(first.id, 0))
  })

  test("needs the right to change it, and opens no value to who may not read it", async () => {
    const { id } = await create("SECRET_NAME")
    await update("SECRET_NAME", { newSecretName: "OPEN_NAME", secretValue: "open" })
    const describe = secrets(["describeSecret"])
    const reader = await limited(describe, secrets(["readValue"], { secretName: "OPEN_NAME" }))
    await refused(403, () => rollBack(id, 1, reader))
    const editor = await limited(
      describe,
      secrets(["edit"]),
      secrets(["readValue"], { secretName: "OPEN_NAME" }),
    )
    await refused(403, () => rollBack(id, 1, editor))
    const blind = await limited(describe, secrets(["edit"]))
    const answer = await rollBack(id, 1, blind)
    assert.equal(people.ok(answer).secret.secretValueHidden, true)
    assert.ok(!answer.text.includes("value of SECRET_NAME"))
  })

  test("by many at once loses no version", async () => {
    const { id } = await create("MANY")
    await Promise.all(Array.from({ length: 6 }, async () => people.ok(await rollBack(id, 1))))
    assert.equal(people.ok(await get("MANY")).secret.version, 7)
  })
})

test("a new name opens no value to who may not read it", async () => {
  await create("CLOSED")
  const token = await limited(
    secrets(["describeSecret", "edit"]),
    secrets(["readValue"], { secretName: "OWN" }),
  )
  const rename = () =>
    call("PATCH /api/v4/secrets/CLOSED", { token, body: { ...at(), newSecretName: "OWN", secretValue: "x" } })
  await refused(403, rename)
})
