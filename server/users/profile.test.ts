import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { listenTo, type Listening } from "../test/statements.ts"
import { refusing } from "../test/refusals.ts"

let listening: Listening | undefined
const harness = await startHarness({}, async (database) => {
  listening = await listenTo(database)
  return listening.address
})
after(() => listening?.close())

const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const url = "/api/v2/users/me"

const me = (token: string) => harness.call(`GET ${url}`, { token })
const user = (token: string) => harness.call("GET /api/v1/user", { token })
const rename = (token: string, body: unknown) => harness.call(`PATCH ${url}/name`, { token, body })
const shown = ({ status, body }: Answer) => [status, body.error]

const refused = refusing(harness)

describe("the account", () => {
  test("is shown with every field that clients know, and nothing that is secret", async () => {
    const answer = people.ok(await me(acme.adminToken))
    const { id, createdAt, updatedAt, ...rest } = answer.user
    assert.match(id, /^[0-9a-f-]{36}$/)
    for (const time of [createdAt, updatedAt]) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.deepEqual(rest, {
      email: "ada@example.com",
      authMethods: ["email"],
      superAdmin: true,
      firstName: "Admin",
      lastName: "User",
      isAccepted: true,
      isMfaEnabled: false,
      mfaMethods: [],
      devices: [],
      isGhost: false,
      username: "ada@example.com",
      isEmailVerified: true,
      consecutiveFailedMfaAttempts: 0,
      isLocked: false,
      temporaryLockDateEnd: null,
      consecutiveFailedPasswordAttempts: 0,
      selectedMfaMethod: null,
      clientPublicKey: null,
      serverPrivateKey: null,
      encryptionVersion: 2,
      protectedKey: "",
      protectedKeyIV: "",
      protectedKeyTag: "",
      publicKey: "",
      encryptedPrivateKey: "",
      iv: "",
      tag: "",
      salt: "",
      verifier: "",
      userId: id,
    })
    assert.deepEqual(people.ok(await user(acme.signedInToken)), answer)
  })

  test("is shown by one of two routes before an organization is selected", async () => {
    people.ok(await user(acme.signedInToken))
    people.ok(await user(acme.adminToken))
    assert.deepEqual(shown(await me(acme.signedInToken)), [
      401,
      `${url} Unauthorized Access, no organization found in request`,
    ])
  })

  test("is no machine identity's", async () => {
    assert.deepEqual(shown(await me(acme.token)), [403, `Forbidden access to ${url}`])
    assert.deepEqual(shown(await user(acme.token)), [403, "Forbidden access to /api/v1/user"])
  })

  test("is read in the statement that looks the caller up", async () => {
    for (const [act, token] of [
      [me, acme.adminToken],
      [user, acme.signedInToken],
    ] as const) {
      const statements = await listening?.during(() => act(token))
      assert.equal(statements?.length, 1, statements?.join("\n"))
    }
  })
})

describe("the name", () => {
  const nameIn = async (organization: people.Organization, username: string) => {
    const route = `GET /api/v2/organizations/${organization.id}/memberships`
    const { users } = people.ok(await harness.call(route, { token: organization.token }))
    const found = users.find((member: { user: { username: string } }) => member.user.username === username)
    return [found?.user.firstName, found?.user.lastName]
  }

  test("is changed in every organization that the person has joined, and for its searches", async () => {
    const username = "twice@example.com"
    const token = await people.accept(harness, await people.invite(harness, acme, username))
    const invitation = await people.invite(harness, elsewhere, username)
    people.ok(await harness.call("POST /api/v1/invite-org/verify", { token, body: invitation }))
    const answer = people.ok(await rename(token, { firstName: "  Zoë ", lastName: "Zwölf" }))
    assert.deepEqual([answer.user.firstName, answer.user.lastName], ["Zoë", "Zwölf"])
    assert.ok(Date.parse(answer.user.updatedAt) > Date.parse(answer.user.createdAt))
    for (const organization of [acme, elsewhere]) {
      assert.deepEqual(await nameIn(organization, username), ["Zoë", "Zwölf"])
      const { id } = await people.addGroup(harness, organization, "Found by name")
      const route = `GET /api/v1/groups/${id}/users?search=Zw`
      const { users } = people.ok(await harness.call(route, { token: organization.token }))
      assert.deepEqual(
        users.map((found: { username: string }) => found.username),
        [username],
      )
    }
    const sorted = await harness.db
      .selectFrom("organization_user_memberships")
      .select("sort_key")
      .where("username", "=", username)
      .execute()
    assert.deepEqual(sorted, [{ sort_key: "zoe" }, { sort_key: "zoe" }])
  })

  test("stays unknown where the person is only invited", async () => {
    const username = "once@example.com"
    const token = await people.accept(harness, await people.invite(harness, acme, username))
    await people.invite(harness, elsewhere, username)
    people.ok(await rename(token, { firstName: "Known", lastName: "Here" }))
    assert.deepEqual(await nameIn(acme, username), ["Known", "Here"])
    assert.deepEqual(await nameIn(elsewhere, username), [null, null])
  })

  test("may have no last name, and keeps the one that is not mentioned", async () => {
    const token = await people.addPerson(harness, acme, { email: "single@example.com" })
    const lastName = async (body: object) => people.ok(await rename(token, body)).user.lastName
    assert.equal(await lastName({ firstName: "Grace" }), "Hopper")
    assert.equal(await lastName({ firstName: "Grace", lastName: "" }), null)
    assert.equal(await lastName({ firstName: "Grace" }), null)
  })

  test("that is none is refused", async () => {
    for (const body of [{}, { firstName: "" }, { firstName: "a".repeat(256) }, { firstName: "a\nb" }]) {
      await refused(() => rename(acme.signedInToken, body), 422)
    }
    await refused(() => rename(acme.signedInToken, { firstName: "Ada", lastName: "a\0b" }), 422)
    await refused(() => rename(acme.token, { firstName: "Ada", lastName: "Lovelace" }), 403)
  })
})

describe("ways to sign in", () => {
  const choose = (authMethods: unknown) =>
    harness.call(`PUT ${url}/auth-methods`, { token: acme.signedInToken, body: { authMethods } })

  test("are one: by address and password", async () => {
    const before = await harness.state()
    assert.deepEqual(people.ok(await choose(["email"])).user.authMethods, ["email"])
    assert.deepEqual(await harness.state(), before)
    for (const other of [[], ["google"], ["email", "oidc"], "email"]) await refused(() => choose(other), 422)
  })
})

test("own organizations are those that were joined", async () => {
  const { organizations } = people.ok(
    await harness.call(`GET ${url}/organizations`, { token: elsewhere.signedInToken }),
  )
  const names = organizations.map(({ name }: { name: string }) => name)
  assert.deepEqual(names, ["Acme", "Elsewhere"])
  assert.equal(organizations[0].userRole, undefined)
})
