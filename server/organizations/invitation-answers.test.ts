import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import { startMailServer } from "../test/mail-server.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)

const resend = (membershipId: string, token = acme.token) =>
  harness.call("POST /api/v1/invite-org/signup-resend", { token, body: { membershipId } })
const verify = (body: people.Invitation, token?: string) =>
  harness.call("POST /api/v1/invite-org/verify", { body, token })
const decline = (body: unknown) => harness.call("POST /api/v1/invite-org/decline", { body })
const codeOf = (link: string) => new URL(link).searchParams.get("token") ?? ""
const memberOf = async (membershipId: string) =>
  harness.call(`GET /api/v2/organizations/${acme.id}/memberships/${membershipId}`, { token: acme.token })

const refused = refusing(harness)

async function invited(email: string, role = "member") {
  const invitation = await people.invite(harness, acme, email, role)
  return { invitation, id: await people.membershipIdOf(harness, acme, email) }
}

describe("sending an invitation again", () => {
  test("gives a new code, and the old one is dead", async () => {
    const { invitation, id } = await invited("again@example.com")
    const before = people.ok(await memberOf(id)).membership.lastInvitedAt
    const { signupToken } = people.ok(await resend(id))
    assert.equal(signupToken.email, "again@example.com")
    const code = codeOf(signupToken.link)
    assert.match(code, /^[0-9a-f]{32}$/)
    assert.ok(people.ok(await memberOf(id)).membership.lastInvitedAt > before)
    await refused(() => verify(invitation), 400)
    await people.accept(harness, { ...invitation, code })
    assert.equal(people.ok(await memberOf(id)).membership.status, "accepted")
    await refused(() => resend(id), 400)
  })

  test("renews one that has expired", async () => {
    const { invitation, id } = await invited("late@example.com")
    await harness.db
      .updateTable("invitations")
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where("membership_id", "=", id)
      .execute()
    await refused(() => verify(invitation), 400)
    const code = codeOf(people.ok(await resend(id)).signupToken.link)
    await people.accept(harness, { ...invitation, code })
  })

  test("ends the sign-up that the old code had begun", async () => {
    const { invitation, id } = await invited("begun@example.com")
    const { token } = people.ok(await verify(invitation))
    people.ok(await resend(id))
    const body = { type: "email", email: invitation.email, firstName: "Late", password: "long enough, that" }
    await refused(() => harness.call("POST /api/v3/signup/complete-account", { token, body }), 400)
  })

  test("is for who may invite, into their own organization, and no more than they hold", async () => {
    const { id } = await invited("guarded@example.com", "admin")
    const member = await people.addMachine(harness, acme, "member")
    assert.equal((await resend(id, member)).body.error, "PermissionDenied")
    const permissions = [{ subject: "member", action: ["read", "create"] }]
    const role = { name: "Inviter", slug: "inviter", permissions }
    const made = await harness.call(`POST /api/v1/organization/${acme.id}/roles`, {
      token: acme.adminToken,
      body: role,
    })
    people.ok(made)
    const inviter = await people.addMachine(harness, acme, "inviter")
    assert.equal((await resend(id, inviter)).body.error, "PermissionBoundaryError")
    await refused(() => resend(id, elsewhere.token), 404)
    await refused(() => resend("nonsense"), 404)
  })
})

describe("saying no to an invitation", () => {
  test("gives the place up, by the code alone", async () => {
    const { invitation, id } = await invited("no@example.com")
    const group = await people.addGroup(harness, acme, "Of the unwilling")
    people.ok(
      await harness.call(`POST /api/v1/groups/${group.id}/users/no@example.com`, { token: acme.token }),
    )
    people.ok(await decline(invitation))
    assert.equal((await memberOf(id)).status, 404)
    const users = await harness.call(`GET /api/v1/groups/${group.id}/users?filter=existingMembers`, {
      token: acme.token,
    })
    assert.equal(people.ok(users).totalCount, 0)
    await refused(() => decline(invitation), 400)
    await refused(() => verify(invitation), 400)
    const logs = await harness.call(
      "GET /api/v1/organization/audit-logs?eventType=decline-organization-invitation",
      { token: acme.token },
    )
    const [log] = people.ok(logs).auditLogs
    assert.equal(log.event.metadata.membershipId, id)
    // And may be invited again.
    await people.accept(harness, (await invited("no@example.com")).invitation)
  })

  test("needs the right code of an invitation that is open", async () => {
    const { invitation } = await invited("careful@example.com")
    const wrong = [
      { ...invitation, code: "0".repeat(32) },
      { ...invitation, email: "other@example.com" },
      { ...invitation, organizationId: elsewhere.id },
    ]
    for (const body of wrong) await refused(() => decline(body), 400)
    await people.accept(harness, invitation)
    await refused(() => decline(invitation), 400)
  })
})

test("a mail server carries a resent invitation, once a minute at most", async () => {
  const mail = await startMailServer()
  const mailing = await startHarness(mail.env)
  const own = await people.bootstrap(mailing)
  const { token } = own
  const body = { inviteeEmails: ["mailed@example.com"], organizationId: own.id }
  assert.equal(
    people.ok(await mailing.call("POST /api/v1/invite-org/signup", { token, body })).completeInviteLinks,
    undefined,
  )
  const membershipId = await people.membershipIdOf(mailing, own, "mailed@example.com")
  const again = () => mailing.call("POST /api/v1/invite-org/signup-resend", { token, body: { membershipId } })
  const early = await again()
  assert.deepEqual([early.status, early.headers["retry-after"]], [429, "60"])
  await mailing.db
    .updateTable("invitations")
    .set({ created_at: new Date(Date.now() - 61_000) })
    .execute()
  assert.deepEqual(people.ok(await again()), {})
  const second = await mail.mailTo("mailed@example.com", 1)
  const first = await mail.mailTo("mailed@example.com")
  assert.notEqual(/token=([0-9a-f]{32})/.exec(first.text)?.[1], /token=([0-9a-f]{32})/.exec(second.text)?.[1])
  assert.equal((await again()).status, 429)
})
