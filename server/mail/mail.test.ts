import assert from "node:assert/strict"
import { test } from "node:test"
import { startHarness } from "../test/harness.ts"
import { startMailServer } from "../test/mail-server.ts"
import * as people from "../test/people.ts"

const mail = await startMailServer()
const harness = await startHarness({
  ...mail.env,
  SMTP_FROM_NAME: "Acme's Conclave",
  SITE_URL: "https://conclave.acme.example/",
})
const acme = await people.bootstrap(harness)
const invite = (inviteeEmails: string[]) =>
  harness.call("POST /api/v1/invite-org/signup", {
    token: acme.token,
    body: { inviteeEmails, organizationId: acme.id },
  })

test("with a mail server the link is sent, and is not in the answer", async () => {
  const answer = people.ok(await invite(["grace@example.com"]))
  assert.equal(answer.completeInviteLinks, undefined)
  const sent = await mail.mailTo("grace@example.com")
  assert.equal(sent.from, "conclave@acme.example")
  assert.match(sent.text, /^Subject: You are invited to Acme on Conclave/m)
  const link = /https:\/\/conclave\.acme\.example\/signupinvite\?\S+/.exec(sent.text)?.[0] ?? ""
  const code = new URL(link).searchParams.get("token") ?? ""
  await people.accept(harness, { email: "grace@example.com", organizationId: acme.id, code })
})

test("each invited person gets a mail that names nobody else", async () => {
  people.ok(await invite(["one@example.com", "two@example.com"]))
  const [one, two] = [await mail.mailTo("one@example.com"), await mail.mailTo("two@example.com")]
  assert.deepEqual([one.to, two.to], [["one@example.com"], ["two@example.com"]])
  assert.ok(!one.text.includes("two@example.com"))
})

test("the status says that mail is configured", async () => {
  assert.equal(people.ok(await harness.call("GET /api/status")).emailConfigured, true)
})

test("a mail server that is away does not fail the invitation", async () => {
  await mail.stop()
  people.ok(await invite(["late@example.com"]))
  const { users } = people.ok(
    await harness.call(`GET /api/v2/organizations/${acme.id}/memberships`, { token: acme.token }),
  )
  assert.ok(users.some((user: { inviteEmail: string }) => user.inviteEmail === "late@example.com"))
})
