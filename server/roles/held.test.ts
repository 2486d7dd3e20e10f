import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { builtInRoles, type Rule } from "../access/roles.ts"
import { organizationActions, type OrganizationPermission } from "../access/vocabulary.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { rightsOfRoles } from "./held.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const permissions = Object.entries(organizationActions).flatMap(([subject, actions]) =>
  actions.map((action) => [action, subject] as unknown as OrganizationPermission),
)
const rights = (keys: readonly string[]) => rightsOfRoles(harness.db, acme.id, keys)

async function addRole(slug: string, rules: Rule[]): Promise<{ id: string; key: string }> {
  const body = { slug, name: slug, permissions: rules }
  const answer = await harness.call("POST /api/v1/organization/roles", { token: acme.token, body })
  const { id } = people.ok(answer).role
  return { id, key: await keyOf(id) }
}

async function keyOf(id: string): Promise<string> {
  const row = await harness.db
    .selectFrom("organization_roles")
    .select("rules_digest")
    .where("id", "=", id)
    .executeTakeFirstOrThrow()
  return `custom:${id}:${row.rules_digest}`
}

const allowed = async (keys: readonly string[]): Promise<string[]> => {
  const { can } = await rights(keys)
  return permissions
    .filter((permission) => can(permission))
    .map(([action, subject]) => `${action} ${subject}`)
}

describe("what roles mean together", () => {
  test("what one of them allows, in any order", async () => {
    for (const keys of [
      ["no-access", "member"],
      ["member", "no-access"],
      ["member", "member"],
      ["member", "gone"],
    ]) {
      assert.deepEqual(await allowed(keys), await allowed(["member"]), keys.join())
    }
  })

  test("nothing, for no role, an unknown one, and a role's name in other letters", async () => {
    const odd = ["custom", "Admin", " admin", "admin ", "ADMIN", "constructor", "__proto__", "custom:"]
    for (const key of odd.filter((key) => key !== "custom:")) assert.deepEqual(await allowed([key]), [], key)
    assert.deepEqual(await allowed([]), [])
    for (const role of builtInRoles) {
      assert.deepEqual(await allowed([role, "custom"]), await allowed([role]), role)
    }
  })

  test("the rules of a custom role, and those of built-in ones beside it", async () => {
    const { key } = await addRole("auditor", [{ subject: "sso", action: ["read"] }])
    assert.deepEqual(await allowed([key]), ["read sso"])
    assert.deepEqual(
      (await allowed(["member", key])).toSorted(),
      [...(await allowed(["member"])), "read sso"].toSorted(),
    )
  })

  test("what a custom role forbids is forbidden, whatever the built-in ones allow", async () => {
    const { key } = await addRole("careful", [
      { subject: "app-connections", action: ["connect"], inverted: true },
    ])
    assert.ok((await allowed(["member"])).includes("connect app-connections"))
    for (const keys of [
      ["member", key],
      [key, "member"],
    ]) {
      assert.ok(!(await allowed(keys)).includes("connect app-connections"))
    }
  })

  test("what a changed role means now, also under the key that was read before", async () => {
    const { id, key } = await addRole("changing", [{ subject: "scim", action: ["read"] }])
    assert.deepEqual(await allowed([key]), ["read scim"])
    const body = { permissions: [{ subject: "ldap", action: "read" }] }
    people.ok(await harness.call(`PATCH /api/v1/organization/roles/${id}`, { token: acme.token, body }))
    const next = await keyOf(id)
    assert.notEqual(next, key)
    assert.deepEqual(await allowed([next]), ["read ldap"])
    // Content that came back is the content that it was.
    const before = { permissions: [{ subject: "scim", action: ["read"] }] }
    people.ok(
      await harness.call(`PATCH /api/v1/organization/roles/${id}`, { token: acme.token, body: before }),
    )
    assert.equal(await keyOf(id), key)
    assert.deepEqual(await allowed([key]), ["read scim"])
  })

  test("a role that was changed between two reads means what it says at the second", async () => {
    const { id } = await addRole("racing", [{ subject: "kms", action: ["read"] }])
    const never = `custom:${id}:${"0".repeat(32)}`
    assert.deepEqual(await allowed([never]), ["read kms"])
  })

  test("nothing, for a role of another organization", async () => {
    const elsewhere = await people.addOrganization(harness, acme)
    const { key } = await addRole("ours", [{ subject: "sso", action: ["edit"] }])
    const fresh = key.replace(/[0-9a-f]{32}$/, "f".repeat(32))
    const { can } = await rightsOfRoles(harness.db, elsewhere.id, [fresh])
    assert.deepEqual(
      permissions.filter((permission) => can(permission)),
      [],
    )
  })
})
