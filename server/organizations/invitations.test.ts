import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)

const send = (body: Record<string, unknown>, token = acme.token) =>
  harness.call("POST /api/v1/invite-org/signup", { token, body: { organizationId: acme.id, ...body } })
const verify = (body: unknown, token?: string) =>
  harness.call("POST /api/v1/invite-org/verify", { body, token })
const complete = (token: string | undefined, body: Record<string, unknown>) =>
  harness.call("POST /api/v3/signup/complete-account", {
    token,
    body: { type: "email", firstName: "New", password: "long enough", ...body },
  })
const members = async (organization = acme) =>
  people.ok(
    await harness.call(`GET /api/v2/organizations/${organization.id}/memberships`, {
      token: organization.token,
    }),
  ).users as {
    status: string
    inviteEmail: string | null
    role: string
    user: { username: string; firstName: string | null; email: string }
  }[]
const member = async (email: string, organization = acme) =>
  (await members(organization)).find(({ user }) => user.username === email)

const refused = refusing(harness)

describe("inviting", () => {
  test("answers a link for each, and a membership that is pending", async () => {
    const answer = people.ok(await send({ inviteeEmails: ["One@example.com", "two@example.com"] }))
    assert.deepEqual(
      answer.completeInviteLinks.map(({ email }: { email: string }) => email),
      ["one@example.com", "two@example.com"],
    )
    const link = new URL(answer.completeInviteLinks[0].link)
    assert.equal(link.pathname, "/signupinvite")
    assert.match(link.searchParams.get("token") ?? "", /^[0-9a-f]{32}$/)
    assert.equal(link.searchParams.get("organization_id"), acme.id)
    const one = await member("one@example.com")
    assert.deepEqual([one?.status, one?.role, one?.inviteEmail], ["invited", "member", "one@example.com"])
  })

  test("by a machine identity and by a person alike", async () => {
    people.ok(await send({ inviteeEmails: ["by-person@example.com"] }, acme.adminToken))
    assert.equal((await member("by-person@example.com"))?.status, "invited")
  })

  test("who is in already is passed over", async () => {
    people.ok(await send({ inviteeEmails: ["again@example.com"] }))
    const before = await harness.state()
    const answer = people.ok(await send({ inviteeEmails: ["again@example.com", "ada@example.com"] }))
    assert.deepEqual(answer.completeInviteLinks, [])
    assert.deepEqual(await harness.state(), before)
  })

  test("with SMTP nothing is different for the invited's account: known and unknown are answered alike", async () => {
    const known = people.ok(await send({ inviteeEmails: [elsewhere.adminUsername] }))
    assert.deepEqual(known.completeInviteLinks, [])
    const token = await people.accept(
      harness,
      await people.invite(harness, elsewhere, "theirs@elsewhere.example"),
    )
    assert.ok(token)
    const answer = people.ok(
      await send({ inviteeEmails: ["theirs@elsewhere.example", "unknown@elsewhere.example"] }),
    )
    assert.equal(answer.completeInviteLinks.length, 2)
    for (const email of ["theirs@elsewhere.example", "unknown@elsewhere.example"]) {
      const invited = await member(email)
      assert.deepEqual(
        [invited?.status, invited?.user.firstName, invited?.user.email],
        ["invited", null, email],
      )
    }
  })

  test("another organization, an unknown role and an unknown project are absent", async () => {
    await refused(() => send({ inviteeEmails: ["x@example.com"], organizationId: elsewhere.id }), 404)
    await refused(() => send({ inviteeEmails: ["x@example.com"], organizationRoleSlug: "astronaut" }), 404)
    await refused(() => send({ inviteeEmails: ["x@example.com"], projects: [{ id: acme.id }] }), 404)
  })

  test("an id with a line's end is another id", async () => {
    for (const organizationId of [`${acme.id}\n`, `\t${acme.id}`])
      await refused(() => send({ inviteeEmails: ["x@example.com"], organizationId }), 404)
  })

  test("an address needs a domain without empty labels, in any script", async () => {
    for (const domain of [".", "..", "x.", ".x", "x..y", "。", "x。", "", "x@y", "x y"])
      await refused(() => send({ inviteeEmails: [`x@${domain}`] }), 422)
    for (const domain of ["localhost", "例え.jp", "xn--r8jz45g.jp", "a.b.c.d.example"])
      people.ok(await send({ inviteeEmails: [`someone@${domain}`] }))
  })

  test("a member may not invite, and a bad address is refused with all the others", async () => {
    const token = await people.addMachine(harness, acme, "member")
    assert.equal((await send({ inviteeEmails: ["x@example.com"] }, token)).status, 403)
    await refused(() => send({ inviteeEmails: ["good@example.com", "bad"] }), 422)
    await refused(() => send({ inviteeEmails: [] }), 422)
    await refused(() => send({ inviteeEmails: ["a/b@example.com"] }), 422)
  })
})

describe("accepting", () => {
  test("a new person shows the code, completes the account, and is a member", async () => {
    const invitation = await people.invite(harness, acme, "newcomer@example.com", "admin")
    const { token, user } = people.ok(await verify(invitation))
    assert.equal(user.isAccepted, false)
    const answer = people.ok(
      await complete(token, { email: invitation.email, firstName: "New", lastName: "Comer" }),
    )
    const selected = await people.select(harness, answer.token, acme.id)
    people.ok(await harness.call("GET /api/v1/organization/audit-logs", { token: selected }))
    const shown = await member("newcomer@example.com")
    assert.deepEqual([shown?.status, shown?.user.firstName, shown?.role], ["accepted", "New", "admin"])
  })

  test("the code and the sign-up token are good once", async () => {
    const invitation = await people.invite(harness, acme, "once@example.com")
    const { token } = people.ok(await verify(invitation))
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => complete(token, { email: invitation.email })),
    )
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assert.ok(answers.every(({ status }) => status === 200 || status === 400))
    await refused(() => complete(token, { email: invitation.email }), 400)
    await refused(() => verify(invitation), 400)
  })

  test("the holder of an account accepts only when signed in with it", async () => {
    const signedIn = await people.accept(harness, await people.invite(harness, elsewhere, "both@example.com"))
    const invitation = await people.invite(harness, acme, "both@example.com")
    await refused(() => verify(invitation), 401)
    await refused(() => verify(invitation, acme.adminToken), 403)
    await refused(() => verify(invitation, acme.token), 403)
    assert.equal((await member("both@example.com"))?.status, "invited")
    const answer = people.ok(await verify(invitation, signedIn))
    assert.equal(answer.token, undefined)
    assert.equal((await member("both@example.com"))?.status, "accepted")
    people.ok(
      await harness.call("GET /api/v1/groups", { token: await people.select(harness, signedIn, acme.id) }),
    )
  })

  test("completing an account for one organization accepts no other's invitation", async () => {
    const ours = await people.invite(harness, acme, "wanted@example.com")
    await people.invite(harness, elsewhere, "wanted@example.com")
    await people.accept(harness, ours)
    assert.equal((await member("wanted@example.com", elsewhere))?.status, "invited")
  })

  test("a wrong code, another address, another organization and an expired invitation are refused alike", async () => {
    const invitation = await people.invite(harness, acme, "strict@example.com")
    const late = await people.invite(harness, acme, "late@example.com")
    await harness.db
      .updateTable("invitations")
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where("membership_id", "in", (query) =>
        query
          .selectFrom("organization_user_memberships")
          .select("id")
          .where("username", "=", "late@example.com"),
      )
      .execute()
    const before = await harness.state()
    const answers = [
      await verify({ ...invitation, code: "0".repeat(32) }),
      await verify({ ...invitation, email: "other@example.com" }),
      await verify({ ...invitation, organizationId: elsewhere.id }),
      await verify({ ...invitation, organizationId: "00000000-0000-7000-8000-000000000000" }),
      await verify(late),
    ]
    for (const { status, body } of answers) {
      assert.deepEqual([status, body.message], [400, answers[0]?.body.message])
    }
    assert.deepEqual(await harness.state(), before)
  })

  test("an account is completed by nobody without the sign-up token", async () => {
    const invitation = await people.invite(harness, acme, "guarded@example.com")
    const { token } = people.ok(await verify(invitation))
    await refused(() => complete(undefined, { email: invitation.email }), 401)
    await refused(() => complete("garbage", { email: invitation.email }), 403)
    await refused(() => complete(acme.adminToken, { email: invitation.email }), 403)
    await refused(() => complete(token, { email: "other@example.com" }), 403)
    await refused(() => complete(token, { email: invitation.email, password: "" }), 422)
    // The token opens nothing else.
    assert.equal((await harness.call("GET /api/v1/organization", { token })).status, 401)
  })
})
