import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startListeningHarness } from "./alike.ts"
import * as people from "./people.ts"

const { harness, assertAlike } = await startListeningHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
await people.accept(harness, await people.invite(harness, elsewhere, "theirs@elsewhere.example"))
await people.invite(harness, elsewhere, "invited@elsewhere.example")
const group = await people.addGroup(harness, acme, "Readers")

const known = "theirs@elsewhere.example"
const invited = "invited@elsewhere.example"
const unknown = "nobody@elsewhere.example"

describe("nobody learns who has an account", () => {
  test("by signing in with a wrong password", async () => {
    const { status, statements } = await assertAlike([known, invited, unknown], (email) =>
      harness.call("POST /api/v3/auth/login", { body: { email, password: "wrong" } }),
    )
    assert.equal(status, 400)
    assert.ok(statements.length > 0)
  })

  test("by adding people of other organizations to a group, or removing them", async () => {
    for (const method of ["POST", "DELETE"]) {
      const { status, statements } = await assertAlike([known, invited, unknown], (address) =>
        harness.call(`${method} /api/v1/groups/${group.id}/users/${encodeURIComponent(address)}`, {
          token: acme.token,
        }),
      )
      assert.equal(status, 404)
      assert.ok(statements.length > 0)
    }
  })

  test("by inviting", async () => {
    const { status, statements } = await assertAlike([known, invited, unknown], (email) =>
      harness.call("POST /api/v1/invite-org/signup", {
        token: acme.token,
        body: { inviteeEmails: [email], organizationId: acme.id },
      }),
    )
    assert.equal(status, 200)
    assert.ok(statements.some((statement) => statement.startsWith("insert into")))
  })
})
