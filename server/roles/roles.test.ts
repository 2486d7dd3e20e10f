import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const { token } = acme
const route = "/api/v1/organization/roles"
const older = `/api/v1/organization/${acme.id}/roles`
const call = (method: string, path: string, body?: unknown, as = token) =>
  harness.call(`${method} ${path}`, { token: as, ...(body === undefined ? {} : { body }) })

const readGroups = { subject: "groups", action: ["read"] }
async function addRole(slug: string, permissions: unknown[] = [readGroups]): Promise<string> {
  return people.ok(await call("POST", route, { slug, name: slug, permissions })).role.id
}

const refused = refusing(harness, "but for its record")

describe("custom roles", () => {
  test("are made, read by id and slug, changed and deleted", async () => {
    const permissions = [
      { subject: "groups", action: "read" },
      {
        subject: "app-connections",
        action: ["connect"],
        conditions: { connectionId: { $glob: "c*" } },
        inverted: true,
      },
    ]
    const body = { slug: "Auditor", name: " Auditor ", description: "looks", permissions }
    const { role } = people.ok(await call("POST", route, body))
    assert.deepEqual(
      { ...role, id: "", createdAt: "", updatedAt: "" },
      {
        id: "",
        name: "Auditor",
        description: "looks",
        slug: "auditor",
        permissions: [
          { subject: "groups", action: ["read"], inverted: false },
          {
            subject: "app-connections",
            action: ["connect"],
            inverted: true,
            conditions: { connectionId: { $glob: "c*" } },
          },
        ],
        createdAt: "",
        updatedAt: "",
        orgId: acme.id,
      },
    )
    assert.deepEqual(people.ok(await call("GET", `${route}/${role.id}`)).role, role)
    assert.deepEqual(people.ok(await call("GET", `${route}/slug/auditor`)).role, role)
    assert.deepEqual(people.ok(await call("GET", `${older}/${role.id}`)).role, role)
    const changed = people.ok(await call("PATCH", `${route}/${role.id}`, { name: "Reader" })).role
    assert.deepEqual(
      [changed.name, changed.slug, changed.permissions],
      ["Reader", "auditor", role.permissions],
    )
    people.ok(await call("DELETE", `${route}/${role.id}`))
    await refused(() => call("GET", `${route}/${role.id}`), 404)
    await refused(() => call("DELETE", `${route}/${role.id}`), 404)
    // The slug is free again.
    await addRole("auditor")
  })

  test("are listed after the built-in ones, whose rules older clients get packed", async () => {
    await addRole("zebra")
    await addRole("ant")
    const { roles } = people.ok(await call("GET", route))
    const slugs = roles.map(({ slug }: { slug: string }) => slug)
    assert.deepEqual(slugs.slice(0, 3), ["admin", "member", "no-access"])
    assert.ok(slugs.indexOf("ant") > 2 && slugs.indexOf("ant") < slugs.indexOf("zebra"))
    const { data } = people.ok(await call("GET", older))
    assert.deepEqual(data.roles[1].permissions[2], ["read", "member"])
    assert.deepEqual(data.roles.find(({ slug }: { slug: string }) => slug === "ant").permissions, [
      { ...readGroups, inverted: false },
    ])
    const member = people.ok(await call("GET", `${route}/${roles[1].id}`)).role
    assert.deepEqual(member.permissions[2], { subject: "member", action: ["read"], inverted: false })
  })

  test("a slug that is taken, reserved or none is refused", async () => {
    await addRole("taken")
    const body = { slug: "taken", name: "Other", permissions: [] }
    const answer = await refused(() => call("POST", route, body), 400)
    assert.equal(answer.body.error, "Create Role")
    for (const slug of ["admin", "member", "no-access", "custom", "", "a b", "x".repeat(65), "ä"]) {
      await refused(() => call("POST", route, { ...body, slug }), 422)
    }
    const other = await addRole("other")
    await refused(() => call("PATCH", `${route}/${other}`, { slug: "taken" }), 400)
    const there = await call("POST", route, { ...body, slug: "taken" }, elsewhere.token)
    people.ok(there)
  })

  test("of any number made at once with one slug there is one", async () => {
    const body = { slug: "single", name: "Single", permissions: [] }
    const answers = await Promise.all(Array.from({ length: 30 }, () => call("POST", route, body)))
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    assert.deepEqual([statuses[0], statuses[1]], [200, 400])
    assert.ok(statuses.slice(1).every((status) => status === 400))
  })

  test("rules that the vocabulary does not have are refused, each where it stands", async () => {
    const bad: [unknown, (string | number)[]][] = [
      [{ subject: "moon", action: ["read"] }, ["permissions", 0, "subject"]],
      [{ subject: "groups", action: ["fly"] }, ["permissions", 0, "action"]],
      [{ subject: "groups", action: [] }, ["permissions", 0, "action"]],
      [{ subject: "groups", action: "read", inverted: true }, ["permissions", 0, "inverted"]],
      [
        { subject: "groups", action: "read", conditions: { connectionId: "a" } },
        ["permissions", 0, "conditions"],
      ],
      [
        { subject: "app-connections", action: "connect", conditions: { $or: [] } },
        ["permissions", 0, "conditions"],
      ],
      [
        { subject: "app-connections", action: "connect", conditions: { connectionId: { $glob: "(a)" } } },
        ["permissions", 0, "conditions", "connectionId", "$glob"],
      ],
      ["read groups", ["permissions", 0]],
      [
        ["read", "groups"],
        ["permissions", 0],
      ],
    ]
    for (const [rule, path] of bad) {
      const body = { slug: "odd", name: "Odd", permissions: [rule] }
      const answer = await refused(() => call("POST", route, body), 422)
      assert.deepEqual(answer.body.message[0].path, path, answer.text)
    }
  })

  test("built-in roles can be neither changed nor deleted", async () => {
    const { roles } = people.ok(await call("GET", route))
    for (const { id } of roles.slice(0, 3)) {
      await refused(() => call("PATCH", `${route}/${id}`, { name: "Mine" }), 400)
      await refused(() => call("DELETE", `${route}/${id}`), 400)
    }
  })

  test("those of another organization are not there", async () => {
    const id = await addRole("ours")
    for (const path of [`${route}/${id}`, `${route}/slug/ours`]) {
      await refused(() => call("GET", path, undefined, elsewhere.token), 404)
    }
    await refused(() => call("PATCH", `${route}/${id}`, { name: "Theirs" }, elsewhere.token), 404)
    await refused(() => call("DELETE", `${route}/${id}`, undefined, elsewhere.token), 404)
    await refused(() => call("GET", older, undefined, elsewhere.token), 404)
  })
})

describe("a custom role that is held", () => {
  test("shows as custom on a group, with its id and slug", async () => {
    const id = await addRole("group-role")
    const body = { name: "Readers", slug: "readers", role: "group-role" }
    const group = people.ok(await call("POST", "/api/v1/groups", body))
    assert.deepEqual([group.role, group.roleId], ["custom", id])
    const read = people.ok(await call("GET", `/api/v1/groups/${group.id}`))
    assert.deepEqual([read.role, read.roleId, read.customRoleSlug], ["custom", id, "group-role"])
    people.ok(await call("PATCH", `/api/v1/groups/${group.id}`, { role: "member" }))
    const plain = people.ok(await call("GET", `/api/v1/groups/${group.id}`))
    assert.deepEqual([plain.role, plain.roleId, plain.customRoleSlug], ["member", null, null])
  })

  test("gives a person what it says, directly and by a group, from the next request on", async () => {
    const id = await addRole("narrow", [{ subject: "role", action: ["read"] }])
    const person = await people.addPerson(harness, acme, { email: "narrow@example.com", role: "narrow" })
    people.ok(await call("GET", route, undefined, person))
    assert.equal((await call("GET", "/api/v1/groups", undefined, person)).status, 403)
    people.ok(await call("PATCH", `${route}/${id}`, { permissions: [readGroups] }))
    people.ok(await call("GET", "/api/v1/groups", undefined, person))
    assert.equal((await call("GET", route, undefined, person)).status, 403)

    await addRole("by-group", [{ subject: "role", action: ["read"] }])
    const { id: groupId } = await people.addGroup(harness, acme, "Role readers", "by-group")
    const member = `/api/v1/groups/${groupId}/users/narrow@example.com`
    people.ok(await call("POST", member))
    people.ok(await call("GET", route, undefined, person))
    people.ok(await call("DELETE", member))
    assert.equal((await call("GET", route, undefined, person)).status, 403)
  })

  test("gives a machine identity what it says", async () => {
    await addRole("machine-role")
    const machine = await people.addMachine(harness, acme, "machine-role")
    people.ok(await call("GET", "/api/v1/groups", undefined, machine))
    assert.equal((await call("GET", route, undefined, machine)).status, 403)
  })

  test("cannot be deleted, by whomever it is held, until nobody holds it", async () => {
    const id = await addRole("kept")
    const group = await people.addGroup(harness, acme, "Keepers", "kept")
    await refused(() => call("DELETE", `${route}/${id}`), 400)
    people.ok(await call("DELETE", `/api/v1/groups/${group.id}`))
    await people.invite(harness, acme, "keeper@example.com", "kept")
    await refused(() => call("DELETE", `${route}/${id}`), 400)
    const held = await addRole("kept-by-machine")
    await people.addMachine(harness, acme, "kept-by-machine")
    await refused(() => call("DELETE", `${route}/${held}`), 400)
  })

  test("is given by its slug alone: the word custom and slugs of others name none", async () => {
    await people.ok(
      await call("POST", route, { slug: "theirs", name: "T", permissions: [] }, elsewhere.token),
    )
    for (const [role, status] of [
      ["custom", 400],
      ["theirs", 404],
      ["GROUP-ROLE", 404],
    ] as const) {
      await refused(() => call("POST", "/api/v1/groups", { name: `With ${role}`, role }), status)
    }
  })
})

describe("nobody makes a role that may do more than they may", () => {
  test("by making, widening or taking one over", async () => {
    const manager = { subject: "role", action: ["read", "create", "edit", "delete"] }
    await addRole("role-manager", [manager, readGroups])
    const person = await people.addPerson(harness, acme, { email: "rm@example.com", role: "role-manager" })
    const wide = { subject: "member", action: ["delete"] }
    const body = (permissions: unknown[]) => ({ slug: "mine", name: "Mine", permissions })
    const refusal = await refused(() => call("POST", route, body([readGroups, wide]), person), 403)
    assert.equal(refusal.body.error, "PermissionBoundaryError")
    assert.deepEqual(refusal.body.details, { missingPermissions: [{ action: "delete", subject: "member" }] })
    const { role } = people.ok(await call("POST", route, body([readGroups]), person))
    await refused(() => call("PATCH", `${route}/${role.id}`, { permissions: [wide] }, person), 403)
    people.ok(await call("PATCH", `${route}/${role.id}`, { permissions: [manager] }, person))
    const strong = await addRole("strong", [wide])
    await refused(() => call("PATCH", `${route}/${strong}`, { permissions: [] }, person), 403)
  })

  test("nor lifts what a role forbids them", async () => {
    await addRole("role-keeper", [{ subject: "role", action: ["read", "edit"] }])
    const ban = await addRole("ban", [{ subject: "app-connections", action: "delete", inverted: true }])
    const person = await people.addPerson(harness, acme, { email: "lifter@example.com", role: "role-keeper" })
    const lift = () => call("PATCH", `${route}/${ban}`, { permissions: [] }, person)
    assert.equal((await refused(lift, 403)).body.error, "PermissionBoundaryError")
    people.ok(await call("PATCH", `${route}/${ban}`, { name: "Renamed" }, person))
    people.ok(await call("PATCH", `${route}/${ban}`, { permissions: [] }))
  })

  test("nor gives one that may", async () => {
    await addRole("inviter", [{ subject: "member", action: ["read", "create", "edit"] }])
    await addRole("stronger", [{ subject: "sso", action: ["edit"] }])
    const person = await people.addPerson(harness, acme, { email: "inviter@example.com", role: "inviter" })
    const invite = (organizationRoleSlug: string) =>
      call(
        "POST",
        "/api/v1/invite-org/signup",
        { inviteeEmails: ["x@example.com"], organizationId: acme.id, organizationRoleSlug },
        person,
      )
    await refused(() => invite("stronger"), 403)
    people.ok(await invite("inviter"))
  })
})
