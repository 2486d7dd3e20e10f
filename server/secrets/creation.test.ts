import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { auditRow, platform } from "../audit/audit.ts"
import { newId } from "../crypto/ids.ts"
import type { JudgedInProject } from "../db/standing.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addPrivilege, addProject, addProjectRole, putInProject } from "../test/projects.ts"
import { insertSecret, type Creation, type CreationOutcome } from "./creation.store.ts"

/*
 * Secrets that are made at the same time are written together. Here some are made as if their caller had been looked up
 * before something changed, alone and among others.
 */
const harness = await startHarness()
const { call, db } = harness
const acme = await people.bootstrap(harness)
const admin = { token: acme.token }
const project = await addProject(harness, acme)

const at = { projectId: project.id, environment: "dev" }

async function addFolder(name: string): Promise<string> {
  const body = { ...at, path: "/", name }
  return people.ok(await call("POST /api/v2/folders", { ...admin, body })).folder.id
}
const folderId = await addFolder("one")
await addFolder("two")

const create = (name: string, folder: string, token = acme.token): Promise<Answer> =>
  call(`POST /api/v4/secrets/${name}`, {
    token,
    body: { ...at, secretPath: `/${folder}`, secretValue: `value of ${name}` },
  })
const count = async (from: string): Promise<number> => {
  const { rows } = await sql.raw<{ count: string }>(`select count(*) from ${from}`).execute(db)
  return Number(rows[0]?.count)
}

function creationBy(judgedBy: JudgedInProject, more: Partial<Creation> = {}): Creation {
  const id = newId()
  const key = `K${id.replaceAll("-", "")}`
  const request = { ip: "127.0.0.1", userAgent: "test" }
  const source = { request, actor: platform, orgId: acme.id } as unknown as Parameters<typeof auditRow>[0]
  const event = { ...at, secretPath: "/one", secretId: id, secretKey: key, secretVersion: 1, type: "shared" }
  return {
    orgId: acme.id,
    folderId,
    writer: { kind: "identity", id: newId() },
    judgedBy,
    secret: {
      id,
      version_id: newId(),
      key,
      owner_id: null,
      version: 1,
      metadata: [],
      skips_multiline_encoding: false,
      reminder_note: null,
      reminder_repeat_days: null,
      tag_ids: [],
      sealed_value: "00",
      sealed_comment: null,
      sealed_metadata: null,
      kept_value: "01",
      kept_comment: null,
      kept_metadata: null,
    },
    audit: auditRow(source, "create-secret", event as Parameters<typeof auditRow<"create-secret">>[2]),
    ...more,
  }
}

const isMade = ({ created_at }: CreationOutcome): boolean => created_at !== null
const made = async (creation: Creation): Promise<boolean> => isMade(await insertSecret(db, creation))

async function judged(kind: "user" | "identity", membershipId: string, credentialId: string) {
  const { rows } = await sql<{ key: string }>`
    select rules_key as key from ${sql.table(`held_project_${kind}_rules`)}
    where project_id = ${project.id} and membership_id = ${membershipId}`.execute(db)
  const judgedBy: JudgedInProject = {
    kind: kind === "user" ? "user" : "machine",
    membershipId,
    credentialId,
    projectId: project.id,
    ruleKeys: rows.map(({ key }) => key),
  }
  return judgedBy
}

/** A machine identity that is in the project by a role; `more` is given to it before it is looked up. */
async function machine(role: string, more: (identityId: string) => Promise<void> = async () => {}) {
  const identity = await people.addIdentity(harness, acme, "no-access")
  await putInProject(harness, project, { identityId: identity.id }, role)
  await more(identity.id)
  const places = db.selectFrom("organization_identity_memberships").select("id")
  const place = await places.where("identity_id", "=", identity.id).executeTakeFirstOrThrow()
  return { ...identity, judgedBy: await judged("identity", place.id, identity.tokenId) }
}

const good = (await machine("member")).judgedBy

/** What was made before is made no more, by itself and beside what is good, which is made. */
async function assertFallen(judgedBy: JudgedInProject): Promise<void> {
  const before = await harness.state()
  const alone = await insertSecret(db, creationBy(judgedBy))
  assert.deepEqual([alone.is_standing, alone.created_at], [false, null])
  assert.deepEqual(await harness.state(), before)
  const [first, bad, last] = await Promise.all(
    [good, judgedBy, good].map((each) => insertSecret(db, creationBy(each))),
  )
  assert.ok(first && bad && last)
  assert.deepEqual([first, bad, last].map(isMade), [true, false, true])
  assert.equal(bad.is_standing, false)
}

describe("secrets that are made at the same time", () => {
  test("are all there, each with its version and an audit row of who made it", async () => {
    const other = await people.addIdentity(harness, acme, "no-access")
    await putInProject(harness, project, { identityId: other.id }, "member")
    const sent = Array.from({ length: 60 }, (_, index) => ({
      name: `TOGETHER_${index}`,
      folder: index % 2 === 0 ? "one" : "two",
      token: index % 3 === 0 ? other.token : acme.token,
    }))
    const answers = await Promise.all(sent.map(({ name, folder, token }) => create(name, folder, token)))
    for (const [index, answer] of answers.entries()) {
      const { secret } = people.ok(answer)
      const { name, folder, token } = sent[index] ?? { name: "", folder: "", token: "" }
      assert.deepEqual([secret.secretKey, secret.secretValue], [name, `value of ${name}`])
      const found = await call(`GET /api/v4/secrets/id/${secret.id}`, admin)
      assert.deepEqual(people.ok(found).secret, secret)
      assert.equal(secret.secretPath, `/${folder}`)
      const rows = await db
        .selectFrom("audit_logs")
        .select("actor_id")
        .where("event_type", "=", "create-secret")
        .where(sql<string>`event_metadata ->> 'secretId'`, "=", secret.id)
        .execute()
      assert.deepEqual([rows.length, rows[0]?.actor_id === other.id], [1, token === other.token])
    }
    assert.equal(await count("secret_versions where key like 'TOGETHER%'"), 60)
  })

  test("are one where they have one name, and the others are told so", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => create("CONTESTED", "one")))
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((one, other) => one - other),
      [200, ...Array(11).fill(400)],
    )
    assert.equal(await count("secrets where key = 'CONTESTED'"), 1)
    assert.equal(
      await count(
        "audit_logs where event_type = 'create-secret' and event_metadata ->> 'secretKey' = 'CONTESTED'",
      ),
      1,
    )
  })

  test("do not wait for a folder that somebody changes where they go to another one", async () => {
    const held = db.transaction().execute(async (transaction) => {
      await sql`select from folders where id = ${folderId} for update`.execute(transaction)
      const waiting = create("WAITS", "one")
      for (let index = 0; index < 5; index++) people.ok(await create(`PASSES_${index}`, "two"))
      assert.equal(await count("secrets where key = 'WAITS'"), 0)
      return { waiting }
    })
    people.ok(await (await held).waiting)
  })

  test("are told apart where a folder has ended", async () => {
    const gone = await addFolder("gone")
    const removed = await call("DELETE /api/v2/folders/gone", { ...admin, body: { ...at, path: "/" } })
    people.ok(removed)
    const [first, late, last] = await Promise.all([
      insertSecret(db, creationBy(good)),
      insertSecret(db, creationBy(good, { folderId: gone })),
      insertSecret(db, creationBy(good)),
    ])
    assert.deepEqual([first, late, last].map(isMade), [true, false, true])
    assert.deepEqual([late.is_standing, late.folder_exists], [true, false])
  })

  test("are made where one of them cannot be written", async () => {
    const creations = Array.from({ length: 5 }, () => creationBy(good))
    const [first] = creations
    const before = await count("secrets")
    // Two rows cannot have one id: a statement with both fails as a whole.
    const clashing = creations.map((each, index) =>
      index === 3 && first ? { ...each, secret: { ...each.secret, id: first.secret.id } } : each,
    )
    const outcomes = await Promise.allSettled(clashing.map((each) => insertSecret(db, each)))
    assert.equal(outcomes.filter(({ status }) => status === "rejected").length, 1)
    assert.equal(await count("secrets"), before + 4)
  })
})

describe("a secret is not made any more", () => {
  test("after the token was revoked", async () => {
    const { judgedBy } = await machine("member")
    assert.ok(await made(creationBy(judgedBy)))
    const route = `POST /api/v1/auth/token-auth/tokens/${judgedBy.credentialId}/revoke`
    people.ok(await call(route, admin))
    await assertFallen(judgedBy)
  })

  test("after a machine identity got another role in the project, and after it has left that", async () => {
    const { id, judgedBy } = await machine("member")
    assert.ok(await made(creationBy(judgedBy)))
    const route = `/api/v1/projects/${project.id}/memberships/identities/${id}`
    people.ok(await call(`PATCH ${route}`, { ...admin, body: { roles: [{ role: "viewer" }] } }))
    await assertFallen(judgedBy)
    people.ok(await call(`DELETE ${route}`, admin))
    await assertFallen(judgedBy)
  })

  test("after its custom role became another, and after a privilege has", async () => {
    const permissions = [{ subject: "secrets", action: ["create"] }]
    await addProjectRole(harness, project, "makers", permissions)
    const { judgedBy } = await machine("makers", (identityId) =>
      addPrivilege(harness, project, { identityId }, permissions),
    )
    assert.equal(judgedBy.ruleKeys.length, 2)
    assert.ok(await made(creationBy(judgedBy)))
    const route = `/api/v1/projects/${project.id}/roles`
    const { role } = people.ok(await call(`GET ${route}/slug/makers`, admin))
    const narrowed = { permissions: [{ subject: "secrets", action: ["describeSecret"] }] }
    people.ok(await call(`PATCH ${route}/${role.id}`, { ...admin, body: narrowed }))
    await assertFallen(judgedBy)

    const lone = await machine("no-access", (identityId) =>
      addPrivilege(harness, project, { identityId }, permissions),
    )
    assert.ok(await made(creationBy(lone.judgedBy)))
    await db.updateTable("project_identity_privileges").set({ permissions: "[]" }).execute()
    await assertFallen(lone.judgedBy)
  })

  test("after a person's session has ended", async () => {
    const email = "leaves@example.com"
    const token = await people.addPerson(harness, acme, { email, role: "member" })
    await putInProject(harness, project, { username: email }, "member")
    const places = db.selectFrom("organization_user_memberships").select("id")
    const place = await places.where("username", "=", email).executeTakeFirstOrThrow()
    const judgedBy = await judged("user", place.id, people.sessionOf(token))
    assert.ok(await made(creationBy(judgedBy)))
    people.ok(await call("POST /api/v1/auth/logout", { token }))
    await assertFallen(judgedBy)
  })
})

test("a folder notes one change for what one caller makes in one statement", async () => {
  const writer = { kind: "identity", id: newId() } as const
  const outcomes = await Promise.all(
    Array.from({ length: 3 }, () => insertSecret(db, creationBy(good, { writer }))),
  )
  assert.ok(outcomes.every(isMade))
  const times = new Set(outcomes.map(({ created_at }) => created_at))
  assert.equal(await count(`folder_changes where actor_id = '${writer.id}'`), times.size)
})
