import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Call } from "../test/http.ts"
import { startHarness } from "../test/harness.ts"
import { newId } from "../crypto/ids.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)

const get = (organization = acme) =>
  harness.call(`GET /api/v1/organization/${organization.id}`, { token: organization.adminToken })
const patch = (body: unknown, more: Call = {}) =>
  harness.call(`PATCH /api/v1/organization/${acme.id}`, { token: acme.adminToken, body, ...more })
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { iat: number; exp: number }

const refused = refusing(harness)

/** An organization of its own of `acme`'s admin, with a person, a machine identity and a group in it. */
async function addOwn(name: string) {
  const created = await harness.call("POST /api/v2/organizations", {
    token: acme.signedInToken,
    body: { name },
  })
  const { id, slug } = people.ok(created).organization as { id: string; slug: string }
  const adminToken = await people.select(harness, acme.signedInToken, id)
  const token = await people.addMachine(harness, { id, token: adminToken }, "admin")
  return { ...acme, id, name, slug, token, adminToken }
}

describe("an organization", () => {
  test("is shown with what clients read of it", async () => {
    const { organization } = people.ok(await get())
    const { createdAt, updatedAt, slug, ...rest } = organization
    assert.ok(Date.parse(createdAt) <= Date.parse(updatedAt))
    assert.match(slug, /^acme-[a-z0-9]{6}$/)
    assert.deepEqual(rest, {
      id: acme.id,
      name: "Acme",
      customerId: null,
      authEnforced: false,
      scimEnabled: false,
      kmsDefaultKeyId: null,
      defaultMembershipRole: "member",
      enforceMfa: false,
      selectedMfaMethod: null,
      allowSecretSharingOutsideOrganization: true,
      shouldUseNewPrivilegeSystem: true,
      privilegeUpgradeInitiatedByUsername: null,
      privilegeUpgradeInitiatedAt: null,
      bypassOrgAuthEnabled: false,
      userTokenExpiration: null,
      secretsProductEnabled: true,
      pkiProductEnabled: true,
      kmsProductEnabled: true,
      sshProductEnabled: true,
      scannerProductEnabled: true,
      shareSecretsProductEnabled: true,
      maxSharedSecretLifetime: 2_592_000,
      maxSharedSecretViewLimit: null,
    })
  })

  test("may use everything without a limit", async () => {
    const { plan } = people.ok(
      await harness.call(`GET /api/v1/organizations/${acme.id}/plan`, { token: acme.adminToken }),
    )
    assert.deepEqual([plan.memberLimit, plan.identityLimit, plan.workspaceLimit], [null, null, null])
    assert.deepEqual([plan.groups, plan.scim, plan.rbac, plan.enforceMfa], [true, true, true, true])
    assert.deepEqual([plan.membersUsed, plan.identitiesUsed], [2, 1])
  })

  test("is changed in what was sent, and in nothing else", async () => {
    const before = people.ok(await get()).organization
    const sent = {
      name: "  Acme Rockets ",
      slug: "Acme-Rockets",
      defaultMembershipRoleSlug: "no-access",
      userTokenExpiration: "30d",
      scimEnabled: false,
      authEnforced: false,
    }
    const { organization, message } = people.ok(await patch(sent))
    assert.equal(typeof message, "string")
    const { updatedAt } = organization
    assert.ok(updatedAt > before.updatedAt)
    assert.deepEqual(organization, {
      ...before,
      updatedAt,
      name: "Acme Rockets",
      slug: "acme-rockets",
      defaultMembershipRole: "no-access",
      userTokenExpiration: "30d",
    })
    assert.deepEqual(people.ok(await get()).organization, organization)
    const logs = await harness.call(
      "GET /api/v1/organization/audit-logs?eventType=update-organization&limit=1",
      { token: acme.token },
    )
    assert.deepEqual(people.ok(logs).auditLogs[0].event.metadata, {
      name: "Acme Rockets",
      slug: "acme-rockets",
      defaultMembershipRoleSlug: "no-access",
      userTokenExpiration: "30d",
    })
    await refused(() => patch({}), 200)
    await refused(() => patch({ scimEnabled: false }), 200)
  })

  test("refuses what it cannot be", async () => {
    people.ok(await patch({ slug: "taken-slug" }, {}))
    const taken = (): Call => ({ token: elsewhere.adminToken, body: { slug: "taken-slug" } })
    await refused(() => harness.call(`PATCH /api/v1/organization/${elsewhere.id}`, taken()), 400)
    for (const name of ["scimEnabled", "authEnforced", "googleSsoAuthEnforced", "bypassOrgAuthEnabled"]) {
      await refused(() => patch({ [name]: true, name: "Not this" }), 400)
    }
    await refused(() => patch({ defaultMembershipRoleSlug: "astronaut" }), 400)
    const bodies = [
      { name: "" },
      { name: "x".repeat(65) },
      { slug: "not a slug" },
      { slug: "x".repeat(65) },
      { userTokenExpiration: "soon" },
      { userTokenExpiration: "0d" },
      { userTokenExpiration: "123456d" },
      { enforceMfa: "yes" },
    ]
    for (const body of bodies) await refused(() => patch(body), 422)
  })

  test("is nobody else's", async () => {
    const { adminToken: token } = elsewhere
    await refused(() => harness.call(`GET /api/v1/organization/${acme.id}`, { token }), 404)
    await refused(() => patch({ name: "Theirs" }, { token }), 404)
    await refused(() => harness.call(`DELETE /api/v2/organizations/${acme.id}`, { token }), 404)
    await refused(() => harness.call(`GET /api/v1/organizations/${acme.id}/plan`, { token }), 404)
  })

  test("shortens the tokens of people for it, those of the refresh cookie as well", async () => {
    people.ok(await patch({ userTokenExpiration: "2h" }))
    const { token, cookie } = await people.signInWithCookie(harness, acme.adminUsername)
    const { exp, iat } = claimsOf(token)
    assert.equal(exp - iat, 864_000)
    const chosen = await harness.call("POST /api/v3/auth/select-organization", {
      token,
      body: { organizationId: acme.id },
      headers: { cookie },
    })
    const selected = claimsOf(people.ok(chosen).token)
    assert.equal(selected.exp - selected.iat, 7_200)
    const next = String(chosen.headers["set-cookie"]).split(";")[0] ?? ""
    const kept = claimsOf(next)
    assert.equal(kept.exp - kept.iat, 7_200)
    const refreshed = await harness.call("POST /api/v1/auth/token", { headers: { cookie: next } })
    const renewed = claimsOf(people.ok(refreshed).token)
    assert.equal(renewed.exp - renewed.iat, 7_200)
    people.ok(await patch({ userTokenExpiration: "90d" }))
    const usual = claimsOf(await people.select(harness, token, acme.id))
    assert.equal(usual.exp - usual.iat, 864_000)
  })
})

describe("an organization that asks for a second factor", () => {
  test("is opened only by who has one, and tells the others what to do", async () => {
    const { id } = elsewhere
    const route = `PATCH /api/v1/organization/${id}`
    const ask = (enforceMfa: boolean) =>
      harness.call(route, { token: elsewhere.adminToken, body: { enforceMfa } })
    const plain = await people.accept(harness, await people.invite(harness, elsewhere, "plain@mfa.example"))
    const strong = await people.addSecondFactor(harness, elsewhere, "strong@mfa.example", "member")
    assert.equal(people.ok(await ask(true)).organization.enforceMfa, true)
    const select = (token: string) =>
      harness.call("POST /api/v3/auth/select-organization", { token, body: { organizationId: id } })
    await refused(() => select(plain), 403)
    assert.match((await select(plain)).body.message, /second factor.*authenticator/)
    assert.deepEqual(people.ok(await select(strong.signedInToken)).isMfaEnabled, true)
    assert.equal(people.ok(await select(strong.provedToken)).isMfaEnabled, false)
    people.ok(await ask(false))
    people.ok(await select(plain))
  })
})

describe("deleting an organization", () => {
  test("ends everything of it at once, gives the slug back, and keeps the audit log", async () => {
    const own = await addOwn("Short-lived")
    const person = await people.addPerson(harness, own, { email: "theirs@example.com", role: "member" })
    const group = await people.addGroup(harness, own, "Theirs", "admin")
    const adding = `POST /api/v1/groups/${group.id}/users/theirs@example.com`
    people.ok(await harness.call(adding, { token: own.token }))
    const machine = await people.addIdentity(harness, own, "no-access")
    const joining = `POST /api/v1/groups/${group.id}/machine-identities/${machine.id}`
    people.ok(await harness.call(joining, { token: own.token }))
    const open = await people.invite(harness, own, "open@example.com")
    const begun = await people.invite(harness, own, "begun@example.com")
    const signup = people.ok(await harness.call("POST /api/v1/invite-org/verify", { body: begun })).token

    const key = { org_id: own.id, id: newId(), version: 1, root_key_id: "any", wrapped_key: Buffer.alloc(78) }
    await harness.db.insertInto("organization_keys").values(key).execute()

    await refused(() => harness.call(`DELETE /api/v2/organizations/${own.id}`, { token: own.token }), 403)
    const deleted = await harness.call(`DELETE /api/v2/organizations/${own.id}`, { token: own.adminToken })
    const { organization, accessToken } = people.ok(deleted)
    assert.deepEqual([organization.id, organization.slug], [own.id, own.slug])
    assert.match(String(deleted.headers["set-cookie"]), /^jid=.+HttpOnly/)

    for (const token of [person, own.adminToken]) {
      await refused(() => harness.call("GET /api/v1/groups", { token }), 403)
    }
    await refused(() => harness.call("GET /api/v1/groups", { token: own.token }), 401)
    await refused(() => harness.call("GET /api/v1/groups", { token: machine.token }), 401)
    await refused(() => harness.call("POST /api/v1/invite-org/verify", { body: open }), 400)
    const account = { email: begun.email, firstName: "Late", password: "long enough" }
    const completing = { token: signup, body: account }
    await refused(() => harness.call("POST /api/v3/signup/complete-account", completing), 400)
    const selecting = { token: acme.signedInToken, body: { organizationId: own.id } }
    await refused(() => harness.call("POST /api/v3/auth/select-organization", selecting), 404)

    const mine = people.ok(await harness.call("GET /api/v1/organization", { token: accessToken }))
    const ids = new Set<string>(mine.organizations.map(({ id }: { id: string }) => id))
    assert.ok(ids.has(acme.id) && !ids.has(own.id))
    people.ok(await patch({ slug: own.slug }))

    // Every table of dated rows, also one that is added later.
    const dated = (await harness.db.introspection.getTables()).filter(
      ({ isView, columns }) => !isView && columns.some(({ name }) => name === "is_closed"),
    )
    assert.ok(dated.length >= 6)
    for (const { name } of dated) {
      const open = await harness.db
        .selectFrom(name as "group_role_grants")
        .select("id")
        .where("org_id", "=", own.id)
        .where("is_closed", "=", false)
        .execute()
      assert.deepEqual(open, [], name)
    }
    const keys = await harness.db
      .selectFrom("organization_keys")
      .selectAll()
      .where("id", "=", key.id)
      .execute()
    assert.deepEqual(
      keys.map((row) => [row.wrapped_key, row.destroyed_at !== null]),
      [[null, true]],
    )
    const trace = await harness.db
      .selectFrom("audit_logs")
      .select(["event_type"])
      .where("org_id", "=", own.id)
      .orderBy("created_at", "desc")
      .execute()
    assert.equal(trace[0]?.event_type, "delete-organization")
    assert.ok(trace.length > 5)
  })

  test("is for admins", async () => {
    const own = await addOwn("Guarded")
    const token = await people.addPerson(harness, own, { email: "plain@example.com", role: "member" })
    const { status, body } = await harness.call(`DELETE /api/v2/organizations/${own.id}`, { token })
    assert.deepEqual([status, body.error], [403, "PermissionDenied"])
    people.ok(await harness.call("GET /api/v1/groups", { token }))
  })
})
