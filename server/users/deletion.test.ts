import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)

const deleteMe = (token: string) => harness.call("DELETE /api/v2/users/me", { token })

const refused = refusing(harness)

describe("deleting one's account", () => {
  test("leaves nothing of the person but the audit log, and frees the address", async () => {
    const email = "forget-me@example.com"
    const factor = await people.addSecondFactor(harness, acme, email)
    const inOrganization = await people.select(harness, factor.provedToken, acme.id)
    const { userId } = JSON.parse(
      Buffer.from(factor.provedToken.split(".")[1] ?? "", "base64url").toString(),
    ) as { userId: string }
    const group = await people.addGroup(harness, acme, "Remembered")
    people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${email}`, { token: acme.token }))
    await people.invite(harness, elsewhere, email)
    const membershipId = await people.membershipIdOf(harness, acme, email)
    await harness.call(`PATCH /api/v2/organizations/${acme.id}/memberships/${membershipId}`, {
      token: acme.token,
      body: { metadata: [{ key: "phone", value: "forget-me" }] },
    })

    const { user } = people.ok(await deleteMe(factor.provedToken))
    assert.deepEqual([user.id, user.email, user.firstName], [userId, email, "Grace"])

    for (const token of [factor.provedToken, inOrganization, factor.signedInToken]) {
      const { status } = await harness.call("GET /api/v1/organization", { token })
      assert.ok([401, 404].includes(status))
    }
    const login = { email, password: "correct horse battery staple" }
    assert.equal((await harness.call("POST /api/v3/auth/login", { body: login })).status, 400)
    for (const organization of [acme, elsewhere]) {
      const listed = await harness.call(`GET /api/v2/organizations/${organization.id}/memberships`, {
        token: organization.token,
      })
      assert.ok(!listed.text.includes(email) && !listed.text.includes(userId))
    }
    const state = await harness.state()
    for (const [table, rows] of Object.entries(state)) {
      if (table === "audit_logs" || table === "users") continue
      for (const row of rows) assert.ok(!row.includes("forget-me"), `${table}: ${row}`)
    }
    const left = state["users"]?.filter((row) => row.includes(userId)).map((row) => JSON.parse(row))
    const [{ id, username, email: address, first_name, last_name, password_hash, deleted_at }] = left ?? []
    assert.deepEqual(
      [id, username, address, first_name, last_name, password_hash],
      [userId, userId, null, null, null, null],
    )
    assert.ok(deleted_at)
    assert.ok(!state["users"]?.some((row) => row.includes("forget-me")))
    const logs = await harness.call("GET /api/v1/organization/audit-logs?eventType=delete-user", {
      token: acme.token,
    })
    assert.deepEqual(people.ok(logs).auditLogs[0].event.metadata, { membershipId, userId, username: email })

    // The address is a newcomer's, who finds nothing of the old account.
    const again = await people.accept(harness, await people.invite(harness, elsewhere, email), "New")
    const mine = people.ok(await harness.call("GET /api/v1/organization", { token: again })).organizations
    assert.deepEqual(
      mine.map(({ id: organizationId }: { id: string }) => organizationId),
      [elsewhere.id],
    )
  })

  test("is refused to the last admin of an organization, with its name, even when nobody else is in it", async () => {
    const token = await people.accept(harness, await people.invite(harness, acme, "founder@example.com"))
    const made = await harness.call("POST /api/v2/organizations", { token, body: { name: "Mine alone" } })
    const { id } = people.ok(made).organization
    await refused(() => deleteMe(token), 400)
    assert.match((await deleteMe(token)).body.message, /Mine alone/)
    const inOrganization = await people.select(harness, token, id)
    people.ok(await harness.call(`DELETE /api/v2/organizations/${id}`, { token: inOrganization }))
    people.ok(await deleteMe(token))
  })

  test("is refused to the last admin of the instance", async () => {
    const id = await people.membershipIdOf(harness, acme, acme.adminUsername)
    await people.addPerson(harness, acme, { email: "second@example.com", role: "admin" })
    await refused(() => deleteMe(acme.signedInToken), 400)
    assert.match((await deleteMe(acme.signedInToken)).body.message, /instance/)
    const route = `GET /api/v2/organizations/${acme.id}/memberships/${id}`
    people.ok(await harness.call(route, { token: acme.token }))
  })

  test("is of no use to machines", async () => {
    await refused(() => deleteMe(acme.token), 403)
  })
})
