import assert from "node:assert/strict"
import { test } from "node:test"
import * as people from "./people.ts"
import { count, parallel, startTwoServers, tally } from "./two-servers.ts"

// Of many who want one name at once, over two servers, one gets it.
const servers = await startTwoServers()
const { left, acme } = servers
const { token } = acme
const many = 200

test("of 200 groups that take one slug at once one is made", async () => {
  const answers = await parallel(servers, many, (index) => [
    "POST /api/v1/groups",
    { token, body: { name: `Group ${index}`, slug: "wanted-slug" } },
  ])
  assert.deepEqual(tally(answers), { 200: 1, 400: many - 1 })
  assert.equal(await count(servers, "groups where slug = 'wanted-slug'"), 1)
  assert.equal(await count(servers, "audit_logs where event_type = 'create-group'"), 1)
})

test("of 200 groups that take one name at once one is made", async () => {
  const body = (index: number) => ({ name: "Wanted name", slug: `group-${index}` })
  const answers = await parallel(servers, many, (index) => [
    "POST /api/v1/groups",
    { token, body: body(index) },
  ])
  assert.deepEqual(tally(answers), { 200: 1, 400: many - 1 })
  assert.equal(await count(servers, "groups where name = 'Wanted name'"), 1)
})

test("of 200 roles that take one slug at once one is made", async () => {
  const answers = await parallel(servers, many, (index) => [
    "POST /api/v1/organization/roles",
    { token, body: { slug: "wanted-role", name: `Role ${index}`, permissions: [] } },
  ])
  assert.deepEqual(tally(answers), { 200: 1, 400: many - 1 })
  assert.equal(await count(servers, "organization_roles where slug = 'wanted-role'"), 1)
  assert.equal(await count(servers, "audit_logs where event_type = 'create-org-role'"), 1)
})

test("of 200 groups that are renamed to one slug at once one gets it", async () => {
  const groups: { id: string }[] = []
  for (let index = 0; index < many; index++) groups.push(await people.addGroup(left, acme, `Old ${index}`))
  const answers = await parallel(servers, many, (index) => [
    `PATCH /api/v1/groups/${groups[index]?.id}`,
    { token, body: { slug: "taken-by-one" } },
  ])
  assert.deepEqual(tally(answers), { 200: 1, 400: many - 1 })
  assert.equal(await count(servers, "groups where slug = 'taken-by-one'"), 1)
})

test("of 200 who attach universal auth to one machine identity at once one does", async () => {
  const body = { name: "wanted", organizationId: acme.id }
  const { id } = people.ok(await left.call("POST /api/v1/identities", { token, body })).identity
  const answers = await parallel(servers, many, () => [
    `POST /api/v1/auth/universal-auth/identities/${id}`,
    { token, body: {} },
  ])
  assert.deepEqual(tally(answers), { 200: 1, 400: many - 1 })
  const ofIdentity = "identity_auth_methods where identity_id = $1 and removed_at is null"
  assert.equal(await count(servers, ofIdentity, [id]), 1)
})

test("of 200 who invite one address at once, into two organizations, each makes one place and both one account", async () => {
  const email = "wanted@example.com"
  const elsewhere = await people.addOrganization(left, acme)
  const answers = await parallel(servers, many, (index) => {
    const organization = index % 4 < 2 ? acme : elsewhere
    const body = { inviteeEmails: [email], organizationId: organization.id }
    return ["POST /api/v1/invite-org/signup", { token: organization.token, body }]
  })
  assert.deepEqual(tally(answers), { 200: many })
  const links = answers.flatMap(({ body }) => body.completeInviteLinks)
  assert.equal(links.length, 2)
  assert.equal(await count(servers, "users where username = $1", [email]), 1)
  assert.equal(await count(servers, "organization_user_memberships where username = $1", [email]), 2)
  assert.equal(await count(servers, "audit_logs where event_type = 'invite-organization-members'"), 3)
})

test("of 200 who complete one account at once one does", async () => {
  const invitation = await people.invite(left, acme, "completed@example.com")
  const verified = await left.call("POST /api/v1/invite-org/verify", { body: invitation })
  const { token: signUpToken } = people.ok(verified)
  const body = { email: invitation.email, firstName: "Grace", password: "correct horse battery staple" }
  const answers = await parallel(servers, many, () => [
    "POST /api/v3/signup/complete-account",
    { token: signUpToken, body },
  ])
  assert.deepEqual(tally(answers), { 200: 1, 400: many - 1 })
  const accepted = "audit_logs where event_type = 'accept-organization-invitation'"
  assert.equal(
    await count(servers, `${accepted} and event_metadata ->> 'username' = $1`, [invitation.email]),
    1,
  )
})
