import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startListeningHarness } from "./alike.ts"
import { startMailServer } from "./mail-server.ts"
import * as people from "./people.ts"

// What is mailed is mailed behind the answer, so these listen on for a while.
const mail = await startMailServer()
const { harness, assertAlike } = await startListeningHarness(
  { ...mail.env, TRUSTED_PROXIES: "127.0.0.1" },
  100,
)

const acme = await people.bootstrap(harness)
const invited = "invited@example.com"
const inviting = { token: acme.token, body: { inviteeEmails: [invited], organizationId: acme.id } }
people.ok(await harness.call("POST /api/v1/invite-org/signup", inviting))
await mail.mailTo(invited)

const known = acme.adminUsername
const unknown = "nobody@example.com"
const addresses = [known, invited, unknown]
let calls = 0
/** From another place each time, so that no limit by address is in the way. */
const from = () => ({ "x-forwarded-for": `10.0.0.${++calls}` })

describe("nobody learns who has an account", () => {
  test("by asking for a link to set a password", async () => {
    const { status, statements } = await assertAlike(addresses, (email) =>
      harness.call("POST /api/v1/password/email/password-reset", { headers: from(), body: { email } }),
    )
    assert.equal(status, 200)
    assert.ok(statements.length > 0)
    assert.ok((await mail.mailTo(known)).text.includes("password-reset"))
    assert.equal(mail.received.filter(({ to }) => to.includes(unknown)).length, 0)
  })

  test("by showing a wrong code to set a password", async () => {
    const { status, statements } = await assertAlike(addresses, (email) =>
      harness.call("POST /api/v1/password/email/password-reset-verify", {
        headers: from(),
        body: { email, code: "wrong" },
      }),
    )
    assert.equal(status, 400)
    assert.ok(statements.length > 0)
  })

  test("by signing up: the answer comes before anything is looked up", async () => {
    const answers = []
    for (const email of addresses) {
      const answer = await harness.call("POST /api/v3/signup/email/signup", {
        headers: from(),
        body: { email },
      })
      answers.push({ status: answer.status, body: answer.text.replaceAll(email, "<address>") })
    }
    for (const answer of answers) assert.deepEqual(answer, answers[0])
    assert.equal(answers[0]?.status, 200)
  })

  test("by showing a wrong code of a sign-up", async () => {
    const { status, statements } = await assertAlike(addresses, (email) =>
      harness.call("POST /api/v3/signup/email/verify", { headers: from(), body: { email, code: "000000" } }),
    )
    assert.equal(status, 400)
    assert.ok(statements.length > 0)
  })

  test("by showing a wrong code of an invitation", async () => {
    for (const route of ["POST /api/v1/invite-org/verify", "POST /api/v1/invite-org/decline"]) {
      const { status, statements } = await assertAlike(addresses, (email) =>
        harness.call(route, { headers: from(), body: { email, organizationId: acme.id, code: "wrong" } }),
      )
      assert.equal(status, 400)
      assert.ok(statements.length > 0)
    }
  })
})
