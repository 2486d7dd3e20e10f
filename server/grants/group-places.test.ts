import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { auditRow, platform } from "../audit/audit.ts"
import { newId } from "../crypto/ids.ts"
import type { JudgedBy } from "../db/standing.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addToGroup, removeFromGroup, type Write } from "./group-places.store.ts"

/*
 * A write looks again at what its caller was judged by. Here it is made as if the caller had been looked up before
 * something changed, alone and among others.
 */
const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const admin = { token }
const group = await people.addGroup(harness, acme, "Group")
const fresh = (await people.inviteMany(harness, acme, 100))[Symbol.iterator]()

async function membershipOf(username: string): Promise<string> {
  const places = harness.db.selectFrom("organization_user_memberships").select("id")
  return (await places.where("username", "=", username).executeTakeFirstOrThrow()).id
}

async function writeBy(judgedBy: JudgedBy): Promise<Write> {
  const membershipId = await membershipOf(fresh.next().value ?? "")
  const request = { ip: "127.0.0.1", userAgent: "test" }
  const event = { groupId: group.id, groupName: "Group", userId: newId(), username: "somebody" }
  const source = { request, actor: platform, orgId: acme.id } as unknown as Parameters<typeof auditRow>[0]
  return {
    pair: { kind: "user", orgId: acme.id, groupId: group.id, membershipId },
    id: newId(),
    judgedBy,
    audit: auditRow(source, "add-user-to-group", event),
  }
}

const claimsOf = (jwt: string) =>
  JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString()) as Record<string, string>

async function machine(role: string) {
  const identity = await people.addIdentity(harness, acme, role)
  const places = harness.db.selectFrom("organization_identity_memberships").select("id")
  const { id: membershipId } = await places.where("identity_id", "=", identity.id).executeTakeFirstOrThrow()
  const credentialId = claimsOf(identity.token)["identityAccessTokenId"] ?? ""
  const held = harness.db.selectFrom("held_identity_roles").select("role_key")
  const keys = await held.where("membership_id", "=", membershipId).execute()
  const roleKeys = keys.map(({ role_key: key }) => key ?? "")
  return { id: identity.id, judgedBy: { kind: "machine", membershipId, credentialId, roleKeys } as const }
}

async function person(email: string) {
  const own = await people.addPerson(harness, acme, { email, role: "admin" })
  const membershipId = await membershipOf(email)
  const judgedBy = {
    kind: "user",
    membershipId,
    credentialId: people.sessionOf(own),
    roleKeys: ["admin"],
  } as const
  return { token: own, membershipId, judgedBy }
}

const good = (await machine("admin")).judgedBy
const rows = async () => (await harness.state())["group_user_memberships"]

/** The write is refused, by itself and beside one that is good, which is done. */
async function assertFallen(judgedBy: JudgedBy): Promise<void> {
  const before = await harness.state()
  const alone = await addToGroup(harness.db, await writeBy(judgedBy))
  assert.deepEqual([alone.is_standing, alone.is_added], [false, false])
  assert.deepEqual(await harness.state(), before)
  const [first, bad, last] = await Promise.all(
    (await Promise.all([writeBy({ ...good, kind: judgedBy.kind }), writeBy(judgedBy), writeBy(good)])).map(
      (write) => addToGroup(harness.db, write),
    ),
  )
  assert.equal(first?.is_added, judgedBy.kind === "machine")
  assert.deepEqual([bad?.is_standing, bad?.is_added, last?.is_added], [false, false, true])
}

describe("a write is not done any more", () => {
  test("after the token was revoked", async () => {
    const { judgedBy } = await machine("admin")
    assert.ok((await addToGroup(harness.db, await writeBy(judgedBy))).is_added)
    const route = `POST /api/v1/auth/token-auth/tokens/${judgedBy.credentialId}/revoke`
    people.ok(await harness.call(route, admin))
    await assertFallen(judgedBy)
  })

  test("after the machine identity lost its role", async () => {
    const { id, judgedBy } = await machine("admin")
    people.ok(await harness.call(`PATCH /api/v1/identities/${id}`, { ...admin, body: { role: "member" } }))
    await assertFallen(judgedBy)
  })

  test("after its custom role became another", async () => {
    const permissions = [{ subject: "groups", action: ["read", "edit", "add-members"] }]
    const made = await harness.call("POST /api/v1/organization/roles", {
      ...admin,
      body: { slug: "adders", name: "Adders", permissions },
    })
    const { id } = people.ok(made).role
    const { judgedBy } = await machine("adders")
    assert.ok((await addToGroup(harness.db, await writeBy(judgedBy))).is_added)
    const narrowed = { permissions: [{ subject: "groups", action: ["read"] }] }
    people.ok(await harness.call(`PATCH /api/v1/organization/roles/${id}`, { ...admin, body: narrowed }))
    await assertFallen(judgedBy)
  })

  test("after a person's session has ended", async () => {
    const { judgedBy, token: own } = await person("leaves@example.com")
    assert.ok((await addToGroup(harness.db, await writeBy(judgedBy))).is_added)
    people.ok(await harness.call("POST /api/v1/auth/logout", { token: own }))
    await assertFallen(judgedBy)
  })

  test("after a person was set inactive, and once their place has ended", async () => {
    const { judgedBy, membershipId } = await person("inactive@example.com")
    const route = `/api/v2/organizations/${acme.id}/memberships/${membershipId}`
    people.ok(await harness.call(`PATCH ${route}`, { ...admin, body: { isActive: false } }))
    await assertFallen(judgedBy)
    people.ok(await harness.call(`DELETE ${route}`, admin))
    await assertFallen(judgedBy)
  })
})

describe("a removal", () => {
  test("is not done either after its caller has fallen, and the others beside it are", async () => {
    const { id, judgedBy } = await machine("admin")
    const writes = await Promise.all([writeBy(good), writeBy(judgedBy), writeBy(good)])
    for (const write of writes) assert.ok((await addToGroup(harness.db, write)).is_added)
    people.ok(await harness.call(`PATCH /api/v1/identities/${id}`, { ...admin, body: { role: "no-access" } }))
    const again = () => writes.map((write) => ({ ...write, audit: { ...write.audit, id: newId() } }))
    const outcomes = await Promise.all(again().map((write) => removeFromGroup(harness.db, write)))
    assert.deepEqual(
      outcomes.map(({ is_standing, is_removed }) => [is_standing, is_removed]),
      [
        [true, true],
        [false, false],
        [true, true],
      ],
    )
  })
})

describe("where one of several cannot be written", () => {
  test("the others are all the same", async () => {
    const writes = await Promise.all(Array.from({ length: 5 }, () => writeBy(good)))
    const [first] = writes
    // Two rows cannot have one id: a statement with both fails as a whole.
    const clashing = writes.map((write, index) => (index === 3 && first ? { ...write, id: first.id } : write))
    const before = (await rows())?.length ?? 0
    const outcomes = await Promise.allSettled(clashing.map((write) => addToGroup(harness.db, write)))
    const done = outcomes.filter((outcome) => outcome.status === "fulfilled" && outcome.value.is_added)
    assert.equal(done.length, 4)
    assert.equal(outcomes.filter(({ status }) => status === "rejected").length, 1)
    assert.equal((await rows())?.length, before + 4)
  })
})
