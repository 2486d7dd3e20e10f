import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { builtInProjectRules } from "../access/project-roles.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, putInProject, type Project } from "../test/projects.ts"
import { deleteRole, heldRoleBySlug, lockRole } from "./roles.store.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const call = (method: string, path: string, body?: unknown, as = token) =>
  harness.call(`${method} ${path}`, { token: as, ...(body === undefined ? {} : { body }) })
const routeOf = ({ id }: Project) => `/api/v1/projects/${id}/roles`

const refused = refusing(harness, "but for its record")

let made = 0
/** A project, and somebody in it with a custom role of these rules and what a viewer may do. */
async function withRole(permissions: unknown[], ...others: string[]) {
  const project = await addProject(harness, acme)
  const body = { slug: "custom-one", name: "Custom", permissions }
  const { role } = people.ok(await call("POST", routeOf(project), body))
  const identity = await people.addIdentity(harness, acme, "no-access")
  await putInProject(harness, project, { identityId: identity.id }, ...others, "custom-one")
  return { project, role, identity, own: identity.token }
}

const rules = [
  {
    subject: "secrets",
    action: "describeSecret",
    conditions: { environment: "dev", secretPath: { $glob: "/apps/**" }, secretTags: { $in: ["red"] } },
  },
  { subject: "secret-folders", action: ["create"], conditions: { environment: "dev" }, inverted: true },
]
const shown = [
  { ...rules[0], action: ["describeSecret"], inverted: false },
  { ...rules[1], inverted: true },
]

describe("roles of a project", () => {
  test("are made, read by id and slug, listed, changed and deleted", async () => {
    const project = await addProject(harness, acme)
    const route = routeOf(project)
    const body = { slug: "Deployer", name: " Deployer ", description: "deploys", permissions: rules }
    const { role } = people.ok(await call("POST", route, body))
    assert.deepEqual(
      { ...role, id: "", createdAt: "", updatedAt: "" },
      {
        id: "",
        name: "Deployer",
        description: "deploys",
        slug: "deployer",
        permissions: shown,
        createdAt: "",
        updatedAt: "",
        projectId: project.id,
        version: 1,
      },
    )
    assert.deepEqual(people.ok(await call("GET", `${route}/slug/deployer`)).role, role)
    assert.deepEqual(people.ok(await call("GET", `/api/v1/projects/roles/${role.id}`)).role, role)
    const { permissions: _, version: __, ...listed } = role
    const { roles } = people.ok(await call("GET", route))
    assert.deepEqual(
      roles.map(({ slug, name }: { slug: string; name: string }) => [slug, name]),
      [
        ["admin", "Admin"],
        ["member", "Developer"],
        ["viewer", "Viewer"],
        ["no-access", "No Access"],
        ["deployer", "Deployer"],
      ],
    )
    assert.deepEqual(roles.at(-1), listed)
    const viewer = people.ok(await call("GET", `${route}/slug/viewer`)).role
    assert.deepEqual(
      viewer.permissions,
      builtInProjectRules.viewer.map((rule) => ({ ...rule, inverted: false })),
    )
    const changed = people.ok(await call("PATCH", `${route}/${role.id}`, { name: "Other" })).role
    assert.deepEqual({ ...role, name: "Other", updatedAt: "" }, { ...changed, updatedAt: "" })
    assert.deepEqual(people.ok(await call("PATCH", `${route}/${role.id}`, {})).role, changed)
    people.ok(await call("PATCH", `${route}/${role.id}`, { permissions: [] }))
    assert.deepEqual(people.ok(await call("DELETE", `${route}/${role.id}`)).role.permissions, [])
    await refused(() => call("GET", `/api/v1/projects/roles/${role.id}`), 404)
    await refused(() => call("GET", `${route}/slug/deployer`), 404)
    // Its slug may be used anew.
    people.ok(await call("POST", route, body))
    const events = await harness.db
      .selectFrom("audit_logs")
      .select("event_type")
      .where("event_type", "like", "%-project-role")
      .orderBy("created_at")
      .execute()
    assert.deepEqual(
      events.slice(-5).map(({ event_type }) => event_type.replace("-project-role", "")),
      ["create", "update", "update", "delete", "create"],
    )
  })

  test("are the same on the older routes, by the project's id and by its slug", async () => {
    const project = await addProject(harness, acme)
    const [v2, v1] = [`/api/v2/workspace/${project.id}/roles`, `/api/v1/workspace/${project.slug}/roles`]
    for (const [route, other] of [
      [v2, v1],
      [v1, v2],
    ] as const) {
      const body = { slug: "older", name: "Older", permissions: [{ subject: "secrets", action: "read" }] }
      const { role } = people.ok(await call("POST", route, body))
      assert.deepEqual(role.permissions, [{ subject: "secrets", action: ["read"], inverted: false }])
      const { version: _, ...withoutVersion } = role
      assert.deepEqual(people.ok(await call("GET", `${other}/slug/older`)).role, withoutVersion)
      assert.equal(people.ok(await call("GET", route)).roles.length, 5)
      people.ok(await call("PATCH", `${other}/${role.id}`, { name: "Renamed" }))
      assert.equal(people.ok(await call("DELETE", `${route}/${role.id}`)).role.name, "Renamed")
    }
    const permissions = [{ subject: "dynamic-secrets", action: "edit" }]
    const { role } = people.ok(await call("POST", v1, { slug: "dyn", name: "Dyn", permissions }))
    assert.deepEqual(role.permissions[0].action, ["edit-root-credential"])
  })

  test("have a slug of their own in their project", async () => {
    const [project, other] = [await addProject(harness, acme), await addProject(harness, acme)]
    const body = { slug: "once", name: "Once", permissions: [] }
    const answers = await Promise.all(Array.from({ length: 12 }, () => call("POST", routeOf(project), body)))
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, ...Array.from({ length: 11 }, () => 400)],
    )
    people.ok(await call("POST", routeOf(other), body))
    const { id } = people.ok(await call("POST", routeOf(project), { ...body, slug: "twice" })).role
    await refused(() => call("PATCH", `${routeOf(project)}/${id}`, { slug: "once" }), 400)
    for (const slug of ["admin", "viewer", "Custom", "no-access", "member", "", "a b", "x".repeat(65)]) {
      await refused(() => call("POST", routeOf(project), { ...body, slug }), 422)
    }
  })

  test("are nothing in another project, and built-in ones are nobody's to change", async () => {
    const { role } = await withRole([])
    const other = await addProject(harness, acme)
    await refused(() => call("PATCH", `${routeOf(other)}/${role.id}`, { name: "x" }), 404)
    await refused(() => call("DELETE", `${routeOf(other)}/${role.id}`), 404)
    const { roles } = people.ok(await call("GET", routeOf(other)))
    await refused(() => call("PATCH", `${routeOf(other)}/${roles[0].id}`, { name: "x" }), 400)
    await refused(() => call("DELETE", `${routeOf(other)}/${roles[0].id}`), 400)
  })

  test("stay while somebody holds them, or is to hold them", async () => {
    const { project, role } = await withRole([])
    const answer = await refused(() => call("DELETE", `${routeOf(project)}/${role.id}`), 400, "Delete role")
    assert.match(answer.body.message, /still held/)
    const later = people.ok(
      await call("POST", routeOf(project), { slug: "later", name: "x", permissions: [] }),
    )
    const group = await people.addGroup(harness, acme, `Later ${++made}`)
    const startsAt = new Date(Date.now() + 3_600_000)
    await putInProject(harness, project, { groupId: group.id }, "viewer", {
      role: "later",
      range: "1h",
      startsAt,
    })
    await refused(() => call("DELETE", `${routeOf(project)}/${later.role.id}`), 400)
    // One whose time is over holds nothing.
    const past = people.ok(await call("POST", routeOf(project), { slug: "past", name: "x", permissions: [] }))
    const identity = await people.addIdentity(harness, acme, "no-access")
    await putInProject(harness, project, { identityId: identity.id }, "viewer", {
      role: "past",
      range: "1ms",
      startsAt: new Date(Date.now() - 60_000),
    })
    people.ok(await call("DELETE", `${routeOf(project)}/${past.role.id}`))
  })
})

const project = await addProject(harness, acme)
describe("a rule", () => {
  const make = (rule: unknown) =>
    call("POST", routeOf(project), { slug: `rule-${++made}`, name: "Rule", permissions: [rule] })
  const secrets = { subject: "secrets", action: ["edit"] }

  for (const [what, rule, path] of [
    ["an unknown subject", { subject: "moon", action: "read" }, ["subject"]],
    ["an unknown action", { subject: "groups", action: "fly" }, ["action"]],
    ["no action", { subject: "groups", action: [] }, ["action"]],
    ["both spellings of reading", { subject: "secrets", action: ["read", "readValue"] }, ["action"]],
    [
      "an unknown field",
      { subject: "groups", action: "read", conditions: { secretPath: "/a" } },
      ["conditions", "secretPath"],
    ],
    ["a field that there is not", { ...secrets, conditions: { colour: "red" } }, ["conditions"]],
    [
      "an unknown operator",
      { ...secrets, conditions: { environment: { $regex: "a" } } },
      ["conditions", "environment"],
    ],
    ["no operator", { ...secrets, conditions: { environment: {} } }, ["conditions", "environment"]],
    ["a path without /", { ...secrets, conditions: { secretPath: "a" } }, ["conditions", "secretPath"]],
    [
      "a path without / in a list",
      { ...secrets, conditions: { secretPath: { $in: ["/a", "b"] } } },
      ["conditions", "secretPath", "$in", 1],
    ],
    [
      "a slow pattern",
      { ...secrets, conditions: { secretPath: { $glob: "/a*b*c*d*e" } } },
      ["conditions", "secretPath", "$glob"],
    ],
    [
      "a pattern with groups",
      { ...secrets, conditions: { secretName: { $glob: "@(a|b)" } } },
      ["conditions", "secretName", "$glob"],
    ],
    [
      "tags that are not listed",
      { ...secrets, conditions: { secretTags: "red" } },
      ["conditions", "secretTags"],
    ],
    [
      "a name of something else than the caller",
      { ...secrets, conditions: { environment: "{{user.id}}" } },
      ["conditions", "environment"],
    ],
    [
      "a name that is not closed",
      { ...secrets, conditions: { environment: { $ne: "{{identity.id" } } },
      ["conditions", "environment", "$ne"],
    ],
    ["NUL", { ...secrets, conditions: { environment: "a\0" } }, ["conditions", "environment"]],
    ["no rule at all", "read secrets", []],
  ] as [string, unknown, (string | number)[]][]) {
    test(`with ${what} is refused where it stands`, async () => {
      const answer = await refused(() => make(rule), 422)
      const paths = answer.body.message.map((issue: { path: unknown[] }) => issue.path.join("."))
      assert.ok(paths.includes(["permissions", 0, ...path].join(".")), answer.text)
    })
  }

  test("may be narrowed by everything that its subject knows", async () => {
    const good = [
      {
        ...secrets,
        conditions: { environment: { $in: ["dev"], $ne: "prod" }, secretName: { $glob: "A_*" } },
      },
      { ...secrets, conditions: { secretPath: { $glob: "/{{ identity.username }}/**" } } },
      { ...secrets, conditions: { environment: "{{identity.metadata.team}}-{{identity.auth.oidc.x}}" } },
      {
        subject: "dynamic-secrets",
        action: "lease",
        conditions: { metadata: { $elemMatch: { key: "team", value: { $in: ["a"] } } } },
      },
      { subject: "secret-syncs", action: "read", conditions: { connectionId: "x" } },
      {
        subject: "identity",
        action: ["assign-role"],
        conditions: { identityId: "x", assignableRole: "viewer" },
      },
      { subject: "member", action: "assign-role", conditions: { userEmail: { $glob: "*@a.example" } } },
      { subject: "groups", action: "assign-role", conditions: { groupName: "g" }, inverted: true },
    ]
    for (const rule of good) {
      const { permissions } = people.ok(await make(rule)).role
      assert.deepEqual(permissions, [{ inverted: false, ...rule, action: [rule.action].flat() }])
    }
  })
})

describe("nobody makes a role that may do more than they may", () => {
  const ownRules = [
    { subject: "role", action: ["read", "create", "edit", "delete"] },
    { subject: "secrets", action: ["read"], conditions: { secretPath: { $glob: "/apps/**" } } },
  ]
  const narrow = (secretPath: unknown, action: string | string[] = "read") => [
    { subject: "secrets", action, conditions: { secretPath } },
  ]

  test("nor gives one more, nor changes or lifts what is beyond them", async () => {
    const { project, own } = await withRole(ownRules)
    const route = routeOf(project)
    const make = (slug: string, permissions: unknown[]) =>
      call("POST", route, { slug, name: slug, permissions }, own)
    const { role } = people.ok(await make("inside", narrow("/apps/x")))
    people.ok(await make("ways", narrow({ $in: ["/apps/x"] }, ["describeSecret", "readValue"])))
    const beyond = [
      narrow("/etc"),
      narrow("/apps/x", "edit"),
      [{ subject: "secrets", action: "readValue" }],
      [{ subject: "settings", action: "edit" }],
      // What stands for a value of whoever will have it may become anything.
      narrow("/apps/{{identity.metadata.folder}}"),
      narrow({ $glob: "/apps/{{identity.username}}/**" }),
    ]
    for (const permissions of beyond) {
      const boundary = "PermissionBoundaryError"
      const answer = await refused(() => make("beyond", permissions), 403, boundary)
      assert.equal(answer.body.details.missingPermissions[0].subject, permissions[0]?.subject)
      await refused(() => call("PATCH", `${route}/${role.id}`, { permissions }, own), 403, boundary)
    }
    const greater = people.ok(
      await call("POST", route, { slug: "greater", name: "x", permissions: narrow("/etc") }),
    ).role
    await refused(() => call("PATCH", `${route}/${greater.id}`, { permissions: [] }, own), 403)
    const forbids = [{ subject: "settings", action: "edit", inverted: true }]
    const ban = people.ok(await call("POST", route, { slug: "ban", name: "x", permissions: forbids })).role
    await refused(() => call("PATCH", `${route}/${ban.id}`, { permissions: [] }, own), 403)
    people.ok(await call("PATCH", `${route}/${ban.id}`, { name: "renamed" }, own))
    people.ok(await call("PATCH", `${route}/${ban.id}`, { permissions: [] }))
  })

  test("and what forbids something forbids it", async () => {
    const { project, own } = await withRole([
      ...ownRules,
      { subject: "secrets", action: "readValue", conditions: { secretPath: "/apps/root" }, inverted: true },
    ])
    const make = (permissions: unknown[]) =>
      call("POST", routeOf(project), { slug: `r-${++made}`, name: "x", permissions }, own)
    people.ok(await make(narrow("/apps/x")))
    await refused(() => make(narrow("/apps/root")), 403)
    await refused(() => make(narrow({ $glob: "/apps/*" })), 403)
    people.ok(await make(narrow("/apps/root", "describeSecret")))
  })
})

describe("a role that is being given", () => {
  const rounds = [
    { what: "deleted", method: "DELETE", body: undefined, status: 400 },
    { what: "narrowed", method: "PATCH", body: { permissions: [] }, status: 200 },
  ]
  for (const { what, method, body, status } of rounds) {
    test(`is not ${what} before it has been given`, async () => {
      const { project } = await withRole([])
      const input = { slug: "contested", name: "x", permissions: rules }
      const { role } = people.ok(await call("POST", routeOf(project), input))
      const { id } = await people.addIdentity(harness, acme, "no-access")
      const order: string[] = []
      const giving = harness.db.transaction().execute(async (db) => {
        const held = await heldRoleBySlug(db, { orgId: acme.id, projectId: project.id }, "contested")
        const changing = call(method, `${routeOf(project)}/${role.id}`, body).then((answer) => {
          order.push(what)
          return answer
        })
        await new Promise((resolve) => setTimeout(resolve, 500))
        await putInProject({ ...harness, db }, project, { identityId: id }, "contested")
        order.push("given")
        return { held, changing }
      })
      const { held, changing } = await giving
      assert.deepEqual(held?.permissions.length, 2)
      assert.equal((await changing).status, status)
      assert.deepEqual(order, ["given", what])
    })
  }

  test("is not given once it has been deleted, however the two overlap", async () => {
    const project = await addProject(harness, acme)
    const place = { orgId: acme.id, projectId: project.id }
    const input = { slug: "contested", name: "x", permissions: rules }
    const { role } = people.ok(await call("POST", routeOf(project), input))
    const found = await harness.db.transaction().execute(async (db) => {
      await lockRole(db, place, role.id)
      const finding = harness.db
        .transaction()
        .execute(async (other) => heldRoleBySlug(other, place, "contested"))
      await new Promise((resolve) => setTimeout(resolve, 300))
      await deleteRole(db, acme.id, role.id)
      return { finding }
    })
    assert.equal(await found.finding, undefined)
  })
})
