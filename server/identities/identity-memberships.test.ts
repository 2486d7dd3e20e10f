import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness({ TRUSTED_PROXIES: "127.0.0.1" })
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const unknownId = "00000000-0000-7000-8000-000000000000"

const create = async (name: string, role = "no-access", metadata: object[] = []): Promise<string> => {
  const body = { name, organizationId: acme.id, role, metadata }
  return people.ok(await harness.call("POST /api/v1/identities", { token: acme.token, body })).identity.id
}

await create("Ärger", "member")
await create("builder", "member")
await create("Builder two", "admin")
const zoe = await create("zoe", "no-access", [{ key: "team", value: "blue" }])

type Listed = { identity: { name: string } }
const names = (identities: Listed[]): string[] => identities.map(({ identity }) => identity.name)
const list = (query: string, token = acme.token) => harness.call(`GET /api/v1/identities?${query}`, { token })
const search = (body: unknown, token = acme.token) =>
  harness.call("POST /api/v1/identities/search", { token, body })
const found = async (wanted: unknown): Promise<string[]> =>
  names(people.ok(await search({ search: wanted })).identities)

const all = ["Ärger", "builder", "Builder two", "Instance Admin Identity", "zoe"]

describe("one machine identity", () => {
  test("is shown with its place, its ways to sign in and what is noted about it", async () => {
    const { identity } = people.ok(await harness.call(`GET /api/v1/identities/${zoe}`, { token: acme.token }))
    assert.deepEqual(Object.keys(identity), [
      "id",
      "role",
      "roleId",
      "orgId",
      "createdAt",
      "updatedAt",
      "identityId",
      "lastLoginAuthMethod",
      "lastLoginTime",
      "metadata",
      "identity",
    ])
    assert.deepEqual([identity.role, identity.roleId, identity.orgId], ["no-access", null, acme.id])
    assert.deepEqual(
      [identity.identityId, identity.lastLoginAuthMethod, identity.lastLoginTime],
      [zoe, null, null],
    )
    assert.deepEqual([identity.metadata[0].key, identity.metadata[0].value], ["team", "blue"])
    assert.deepEqual(identity.identity, {
      name: "zoe",
      id: zoe,
      orgId: acme.id,
      hasDeleteProtection: false,
      authMethods: [],
      activeLockoutAuthMethods: [],
    })
  })

  test("tells of its last login, and whether somebody is locked out", async () => {
    const id = await create("visitor", "member")
    const { clientId, clientSecret } = await people.addClientSecret(harness, acme, id)
    const login = (secret: string, from: string) =>
      harness.call("POST /api/v1/auth/universal-auth/login", {
        body: { clientId, clientSecret: secret },
        headers: { "x-forwarded-for": from },
      })
    people.ok(await login(clientSecret, "192.0.2.1"))
    for (let failure = 1; failure <= 3; failure++) await login("wrong", "192.0.2.2")
    const answer = await harness.call(`GET /api/v1/identities/${id}`, { token: acme.token })
    const { identity } = people.ok(answer)
    assert.equal(identity.lastLoginAuthMethod, "universal-auth")
    assert.ok(Math.abs(Date.now() - Date.parse(identity.lastLoginTime)) < 60_000)
    assert.deepEqual(identity.identity.authMethods, ["universal-auth"])
    assert.deepEqual(identity.identity.activeLockoutAuthMethods, ["universal-auth"])
    people.ok(await harness.call(`DELETE /api/v1/identities/${id}`, { token: acme.token }))
  })

  test("that is not there, or elsewhere, is 404, its projects too", async () => {
    for (const id of [unknownId, "no-id"]) {
      for (const path of [`/api/v1/identities/${id}`, `/api/v1/identities/${id}/identity-memberships`]) {
        assert.equal((await harness.call(`GET ${path}`, { token: acme.token })).status, 404)
      }
    }
    const path = `/api/v1/identities/${zoe}`
    assert.equal((await harness.call(`GET ${path}`, { token: elsewhere.token })).status, 404)
    const projects = await harness.call(`GET ${path}/identity-memberships`, { token: acme.token })
    assert.deepEqual(people.ok(projects), { identityMemberships: [] })
  })

  test("says who it is itself, whatever its role", async () => {
    const { id, token } = await people.addIdentity(harness, acme, "no-access")
    const answer = people.ok(await harness.call("GET /api/v1/identities/details", { token }))
    const { slug } = await harness.db
      .selectFrom("organizations")
      .select("slug")
      .where("id", "=", acme.id)
      .executeTakeFirstOrThrow()
    assert.deepEqual(answer, {
      identityDetails: {
        organization: { id: acme.id, name: acme.name, slug },
        identity: { id, name: "no-access machine", authMethod: "token-auth" },
      },
    })
    people.ok(await harness.call(`DELETE /api/v1/identities/${id}`, { token: acme.token }))
    for (const person of [acme.adminToken, acme.signedInToken]) {
      const refused = await harness.call("GET /api/v1/identities/details", { token: person })
      assert.deepEqual(
        [refused.status, refused.body.error],
        [403, "Forbidden access to /api/v1/identities/details"],
      )
    }
  })
})

test("a role of the organization's own is shown and searched by its slug", async () => {
  const role = { slug: "reader", name: "Reader", permissions: [{ subject: "identity", action: ["read"] }] }
  const made = await harness.call("POST /api/v1/organization/roles", { token: acme.token, body: role })
  const roleId = people.ok(made).role.id
  const id = await create("holder", "reader")
  const { identity } = people.ok(await harness.call(`GET /api/v1/identities/${id}`, { token: acme.token }))
  assert.deepEqual([identity.role, identity.roleId], ["custom", roleId])
  const { description, ...customRole } = identity.customRole
  assert.deepEqual([customRole, description ?? null], [{ id: roleId, name: "Reader", slug: "reader" }, null])
  assert.deepEqual(await found({ role: "reader" }), ["holder"])
  const route = `PATCH /api/v1/identities/${id}`
  people.ok(await harness.call(route, { token: acme.token, body: { role: "member" } }))
  assert.deepEqual(await found({ role: "reader" }), [])
  people.ok(await harness.call(`DELETE /api/v1/identities/${id}`, { token: acme.token }))
})

describe("a list of machine identities", () => {
  test("has all of the organization by name, or a page, and how many there are", async () => {
    const { identities, totalCount } = people.ok(await list(`orgId=${acme.id}`))
    assert.deepEqual([names(identities), totalCount], [all, 5])
    const page = people.ok(await list(`orgId=${acme.id}&limit=2&offset=1`))
    assert.deepEqual([names(page.identities), page.totalCount], [["builder", "Builder two"], 5])
    const turned = people.ok(await list(`orgId=${acme.id}&orderDirection=desc&limit=1`))
    assert.deepEqual(names(turned.identities), ["zoe"])
    const part = people.ok(await list(`orgId=${acme.id}&search=BUILD`))
    assert.deepEqual([names(part.identities), part.totalCount], [["builder", "Builder two"], 2])
    const beyond = people.ok(await list(`orgId=${acme.id}&offset=100`))
    assert.deepEqual(beyond, { identities: [], totalCount: 5 })
  })

  test("is the same by the other route", async () => {
    const route = `GET /api/v2/organizations/${acme.id}/identity-memberships`
    const { identityMemberships, totalCount } = people.ok(await harness.call(route, { token: acme.token }))
    const { identities } = people.ok(await list(`orgId=${acme.id}`))
    assert.deepEqual([identityMemberships, totalCount], [identities, 5])
    const foreign = `GET /api/v2/organizations/${elsewhere.id}/identity-memberships`
    assert.equal((await harness.call(foreign, { token: acme.token })).status, 404)
  })

  test("of another organization is absent, and one of none is 422", async () => {
    assert.equal((await list(`orgId=${elsewhere.id}`)).status, 404)
    for (const query of [
      "",
      `orgId=${acme.id}&limit=0`,
      `orgId=${acme.id}&orderBy=role`,
      `orgId=${acme.id}&offset=-1`,
    ]) {
      assert.equal((await list(query)).status, 422, query)
    }
  })
})

describe("a search for machine identities", () => {
  test("takes names and roles, whole, in part, or one of several", async () => {
    assert.deepEqual(await found({}), all)
    assert.deepEqual(await found({ name: "builder" }), ["builder"])
    assert.deepEqual(await found({ name: { $eq: "Builder two" } }), ["Builder two"])
    assert.deepEqual(await found({ name: { $contains: "UIL" } }), ["builder", "Builder two"])
    assert.deepEqual(await found({ name: { $contains: "arger" } }), ["Ärger"])
    assert.deepEqual(await found({ name: { $contains: "%" } }), [])
    assert.deepEqual(await found({ name: { $in: ["zoe", "nobody", "builder"] } }), ["builder", "zoe"])
    assert.deepEqual(await found({ name: { $in: [] } }), [])
    assert.deepEqual(await found({ role: "member" }), ["Ärger", "builder"])
    assert.deepEqual(await found({ role: { $in: ["admin", "no-access"] } }), [
      "Builder two",
      "Instance Admin Identity",
      "zoe",
    ])
    assert.deepEqual(await found({ name: { $contains: "b" }, role: { $eq: "admin" } }), ["Builder two"])
    assert.deepEqual(await found({ $or: [{ name: "zoe" }, { role: "member" }] }), ["Ärger", "builder", "zoe"])
    assert.deepEqual(
      await found({ role: "member", $or: [{ name: "zoe" }, { name: { $contains: "build" } }] }),
      ["builder"],
    )
    assert.deepEqual(await found({ color: "blue" }), all)
  })

  test("answers a page, from either end, and only of the caller's organization", async () => {
    const page = people.ok(await search({ limit: 2, offset: 1, orderDirection: "desc" }))
    assert.deepEqual(
      [names(page.identities), page.totalCount],
      [["Instance Admin Identity", "Builder two"], 5],
    )
    assert.deepEqual(names(people.ok(await search({}, elsewhere.token)).identities), ["admin machine"])
    assert.equal(people.ok(await search(undefined)).totalCount, 5)
  })

  test("is refused where it is wrong", async () => {
    for (const body of [
      { limit: 101 },
      { limit: 0 },
      { offset: -1 },
      { orderBy: "role" },
      { search: { name: 7 } },
      { search: { name: { $contains: "\0" } } },
      { search: { role: { $in: "member" } } },
      { search: { $or: Array.from({ length: 6 }, () => ({})) } },
      { search: [] },
    ]) {
      assert.equal((await search(body)).status, 422, JSON.stringify(body))
    }
  })
})
