import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import type { Call } from "../test/http.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const before = await harness.call("GET /api/v1/admin/config")
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)

const admin = (route: string, more: Call = {}) => {
  const space = route.indexOf(" ")
  return harness.call(`${route.slice(0, space)} /api/v1/admin/${route.slice(space + 1)}`, {
    token: acme.adminToken,
    ...more,
  })
}
const userIdOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).userId
const addUser = async (email: string) => {
  const token = await people.accept(harness, await people.invite(harness, acme, email))
  return { token, id: userIdOf(token), email }
}
const accessOf = (id: string) => `user-management/users/${id}/admin-access`

const refused = refusing(harness)

describe("the instance", () => {
  test("tells anybody whether it is set up and who may sign up", async () => {
    assert.equal(people.ok(before).config.initialized, false)
    const { createdAt, updatedAt, ...config } = people.ok(
      await harness.call("GET /api/v1/admin/config"),
    ).config
    assert.ok(Date.parse(createdAt) <= Date.parse(updatedAt))
    assert.deepEqual(config, {
      id: "00000000-0000-0000-0000-000000000000",
      initialized: true,
      allowSignUp: true,
      allowedSignUpDomain: null,
      trustSamlEmails: false,
      trustLdapEmails: false,
      trustOidcEmails: false,
      defaultAuthOrgId: null,
      defaultAuthOrgSlug: null,
      enabledLoginMethods: ["email"],
      isMigrationModeOn: false,
      isSecretScanningDisabled: true,
    })
  })

  test("closes and narrows sign-ups", async () => {
    const patch = (body: unknown) => admin("PATCH config", { body })
    const changed = people.ok(await patch({ allowSignUp: false, allowedSignUpDomain: "Example.com, b.org" }))
    assert.deepEqual(
      [changed.config.allowSignUp, changed.config.allowedSignUpDomain],
      [false, "example.com,b.org"],
    )
    assert.equal(people.ok(await harness.call("GET /api/status")).inviteOnlySignup, true)
    const opened = people.ok(await patch({ allowSignUp: true, allowedSignUpDomain: "" }))
    assert.deepEqual([opened.config.allowSignUp, opened.config.allowedSignUpDomain], [true, null])
    assert.equal(people.ok(await harness.call("GET /api/status")).inviteOnlySignup, false)
    await refused(() => patch({}), 200)
    for (const body of [{ allowSignUp: "no" }, { allowedSignUpDomain: "a b" }, { allowedSignUpDomain: "," }])
      await refused(() => patch(body), 422)
    await refused(() => admin("PATCH config", { token: elsewhere.adminToken, body: {} }), 403)
  })
})

describe("lists of the instance", () => {
  test("show everybody, narrowed by name, by pages", async () => {
    await people.invite(harness, elsewhere, "waiting@elsewhere.example")
    const all = people.ok(await admin("GET user-management/users?limit=100"))
    const names: string[] = all.users.map(({ username }: { username: string }) => username)
    assert.deepEqual(names, [...names].toSorted())
    for (const name of [acme.adminUsername, elsewhere.adminUsername, "waiting@elsewhere.example"])
      assert.ok(names.includes(name), name)
    assert.equal(all.totalCount, names.length)
    const found = people.ok(await admin("GET user-management/users?searchTerm=ELSEWHERE"))
    assert.equal(found.totalCount, 2)
    const { superAdmin, isAccepted, firstName } = found.users[1]
    assert.deepEqual([superAdmin, isAccepted, firstName], [false, false, null])
    const second = people.ok(await admin("GET user-management/users?limit=1&offset=1"))
    assert.deepEqual([second.users[0].username, second.totalCount], [names[1], names.length])
    const admins = people.ok(await admin("GET user-management/users?adminsOnly=true"))
    assert.deepEqual(
      admins.users.map(({ username }: { username: string }) => username),
      [acme.adminUsername],
    )
    assert.equal((await admin("GET user-management/users?limit=101")).status, 422)
  })

  test("show organizations and machine identities of everybody", async () => {
    const { organizations } = people.ok(await admin("GET organization-management/organizations"))
    assert.deepEqual(
      organizations.map(({ name, memberCount }: { name: string; memberCount: number }) => [
        name,
        memberCount,
      ]),
      [
        ["Acme", 2],
        ["Elsewhere", 2],
      ],
    )
    const found = people.ok(await admin("GET organization-management/organizations?searchTerm=elsew"))
    assert.deepEqual([found.organizations[0].id, found.totalCount], [elsewhere.id, 1])
    const { identities, totalCount } = people.ok(await admin("GET identity-management/identities"))
    assert.deepEqual(
      identities.map(({ name, isInstanceAdmin }: { name: string; isInstanceAdmin: boolean }) => [
        name,
        isInstanceAdmin,
      ]),
      [
        ["admin machine", false],
        ["Instance Admin Identity", true],
      ],
    )
    assert.equal(totalCount, 2)
  })
})

describe("who administers the instance", () => {
  test("makes others do so, at their next request, and takes it back", async () => {
    const { token, id } = await addUser("deputy@example.com")
    const list = () => admin("GET user-management/users", { token })
    assert.equal((await list()).status, 403)
    assert.equal(people.ok(await admin(`PATCH ${accessOf(id)}`)).user.superAdmin, true)
    people.ok(await list())
    assert.equal(people.ok(await admin(`DELETE ${accessOf(id)}`, { token })).user.superAdmin, false)
    assert.equal((await list()).status, 403)
  })

  test("is never nobody", async () => {
    const ada = userIdOf(acme.signedInToken)
    await refused(() => admin(`DELETE ${accessOf(ada)}`), 400)
    await refused(() => admin(`DELETE user-management/users/${ada}`), 400)
    // The machine identity that administers it does not count.
    await refused(() => admin(`DELETE ${accessOf(ada)}`, { token: acme.token }), 400)
  })

  test("is nobody who has no account yet", async () => {
    await people.invite(harness, acme, "not-yet@example.com")
    const { users } = people.ok(await admin("GET user-management/users?searchTerm=not-yet"))
    await refused(() => admin(`PATCH ${accessOf(users[0].id)}`), 400)
    await refused(() => admin(`PATCH ${accessOf("nonsense")}`), 404)
  })

  test("may be a machine identity, and its organization knows", async () => {
    const machine = await people.addIdentity(harness, elsewhere, "no-access")
    const list = () => admin("GET user-management/users", { token: machine.token })
    const route = `identity-management/identities/${machine.id}/admin-access`
    assert.equal((await list()).status, 403)
    assert.equal(people.ok(await admin(`PATCH ${route}`)).identity.isInstanceAdmin, true)
    people.ok(await list())
    assert.equal(people.ok(await admin(`DELETE ${route}`)).identity.isInstanceAdmin, false)
    assert.equal((await list()).status, 403)
    // By the path of older clients.
    people.ok(await admin(`PATCH ${route}`))
    const older = route.replace("admin-access", "super-admin-access")
    assert.equal(people.ok(await admin(`DELETE ${older}`)).identity.isInstanceAdmin, false)
    assert.equal((await list()).status, 403)
    const logs = await harness.call(
      "GET /api/v1/organization/audit-logs?eventType=update-identity-instance-admin",
      { token: elsewhere.token },
    )
    assert.deepEqual(
      people
        .ok(logs)
        .auditLogs.map(({ event }: { event: { metadata: unknown } }) => event.metadata)
        .toReversed(),
      [true, false, true, false].map((isInstanceAdmin) => ({
        identityId: machine.id,
        name: "no-access machine",
        isInstanceAdmin,
      })),
    )
  })

  test("deletes anybody's account, and each organization of theirs knows", async () => {
    const { token, id, email } = await addUser("leaving@example.com")
    const inOrganization = await people.select(harness, token, acme.id)
    const { user, users } = people.ok(await admin(`DELETE user-management/users/${id}`))
    assert.deepEqual([user.email, users], [email, user])
    assert.ok(
      [401, 404].includes((await harness.call("GET /api/v1/groups", { token: inOrganization })).status),
    )
    await refused(() => admin(`DELETE user-management/users/${id}`), 404)
    const logs = await harness.call("GET /api/v1/organization/audit-logs?eventType=delete-user", {
      token: acme.token,
    })
    const [log] = people.ok(logs).auditLogs
    assert.deepEqual([log.event.metadata.username, log.actor.metadata.username], [email, acme.adminUsername])
    // Not the last admin of an organization.
    await refused(() => admin(`DELETE user-management/users/${userIdOf(elsewhere.signedInToken)}`), 400)
  })
})
