import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { putInProject } from "../test/projects.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const { token } = acme
const templates = "/api/v1/project-templates"
const call = (route: string, body?: unknown, caller = token) => harness.call(route, { token: caller, body })
const create = (body: Record<string, unknown>, caller = token) => call(`POST ${templates}`, body, caller)
const make = async (body: Record<string, unknown>, caller = token) =>
  people.ok(await create(body, caller)).projectTemplate
const createProject = (body: Record<string, unknown>, caller = token) =>
  call("POST /api/v1/projects", { projectName: "Made", ...body }, caller)

/** A refusal that has changed nothing but the audit log. */
const refused = refusing(harness, "but for its record")
const lastEvent = async (type: string) => {
  const row = await harness.db
    .selectFrom("audit_logs")
    .select("event_metadata")
    .where("event_type", "=", type)
    .orderBy("created_at", "desc")
    .executeTakeFirst()
  return row?.event_metadata
}

const rule = { subject: "secrets", action: ["describeSecret"], conditions: { environment: "dev" } }
const roles = [
  {
    name: "Reader",
    slug: "reader",
    permissions: [rule, { subject: "tags", action: "edit", inverted: true }],
  },
  { name: "Nothing", slug: "nothing", permissions: [] },
]
const shownRoles = [
  {
    name: "Reader",
    slug: "reader",
    permissions: [
      { subject: "secrets", action: ["describeSecret"], inverted: false, conditions: { environment: "dev" } },
      { subject: "tags", action: ["edit"], inverted: true },
    ],
  },
  { name: "Nothing", slug: "nothing", permissions: [] },
]
// Not in the order of their positions.
const environments = [
  { name: "Production", slug: "prod", position: 7 },
  { name: "Try-out", slug: "try", position: 2 },
]

describe("templates", () => {
  test("need a name alone, and have the environments that every project has", async () => {
    const { id, createdAt, updatedAt, ...made } = await make({ name: " Plain " })
    const content = {
      name: "plain",
      description: null,
      type: "secret-manager",
      roles: [],
      environments: [
        { name: "Development", slug: "dev", position: 1 },
        { name: "Staging", slug: "staging", position: 2 },
        { name: "Production", slug: "prod", position: 3 },
      ],
    }
    assert.deepEqual(made, { ...content, orgId: acme.id })
    assert.equal(createdAt, updatedAt)
    assert.deepEqual(await lastEvent("create-project-template"), { templateId: id, ...content })
  })

  test("are read, listed by name and type, changed in part, and deleted", async () => {
    const made = await make({ name: "whole", description: "All", type: "kms", roles, environments })
    assert.deepEqual([made.roles, made.environments, made.description], [shownRoles, environments, "All"])
    const route = `${templates}/${made.id}`
    assert.deepEqual(people.ok(await call(`GET ${route}`)).projectTemplate, made)
    const listed = async (query = "") =>
      people
        .ok(await call(`GET ${templates}${query}`))
        .projectTemplates.map(({ name }: { name: string }) => name)
    assert.deepEqual(await listed(), ["plain", "whole"])
    assert.deepEqual(await listed("?type=kms"), ["whole"])

    const renamed = people.ok(
      await call(`PATCH ${route}`, { name: "renamed", description: "" }),
    ).projectTemplate
    const { updatedAt, ...rest } = renamed
    assert.ok(updatedAt > made.updatedAt)
    assert.deepEqual({ ...rest, updatedAt: made.updatedAt }, { ...made, name: "renamed", description: null })
    const event = { templateId: made.id, name: "renamed", description: null }
    assert.deepEqual(await lastEvent("update-project-template"), event)
    const before = await harness.state()
    assert.deepEqual(people.ok(await call(`PATCH ${route}`, {})).projectTemplate, renamed)
    assert.deepEqual(await harness.state(), before)

    assert.deepEqual(people.ok(await call(`DELETE ${route}`)).projectTemplate, renamed)
    const deleted = { templateId: made.id, name: "renamed" }
    assert.deepEqual(await lastEvent("delete-project-template"), deleted)
    for (const method of ["GET", "PATCH", "DELETE"]) await refused(() => call(`${method} ${route}`, {}), 404)
    await make({ name: "renamed" })
  })

  test("have a name of their own in the organization, also when many are made at once", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => create({ name: "contested" })))
    const statuses = answers.map(({ status }) => status).toSorted((one, next) => one - next)
    assert.deepEqual(statuses, [200, 400, 400, 400, 400])
    const other = await make({ name: "uncontested" })
    await refused(() => call(`PATCH ${templates}/${other.id}`, { name: "contested" }), 400)
    await make({ name: "contested" }, elsewhere.token)
  })

  test("are refused with anything that a project could not begin with", async () => {
    const good = { name: "never-made" }
    const role = { name: "Role", slug: "role", permissions: [] }
    const environment = { name: "One", slug: "one", position: 1 }
    const bad: Record<string, unknown>[] = [
      { name: "default" },
      { name: "two words" },
      { name: "" },
      { name: "n".repeat(65) },
      { ...good, description: "\0" },
      { ...good, description: "d".repeat(257) },
      { ...good, type: "unknown" },
      { ...good, environments: [] },
      { ...good, environments: [{ ...environment, position: 0 }] },
      { ...good, environments: [{ ...environment, position: 1.5 }] },
      { ...good, environments: [{ ...environment, slug: "Not a slug" }] },
      { ...good, environments: [environment, { ...environment, position: 2 }] },
      { ...good, environments: [environment, { ...environment, slug: "two" }] },
      { ...good, roles: [{ ...role, slug: "admin" }] },
      { ...good, roles: [role, role] },
      { ...good, roles: [{ ...role, permissions: [{ subject: "unknown", action: "read" }] }] },
      { ...good, roles: [{ ...role, permissions: [{ subject: "tags", action: "fly" }] }] },
      { ...good, roles: [{ ...role, permissions: [{ ...rule, conditions: { secretPath: {} } }] }] },
    ]
    const { id } = await make({ name: "steady" })
    for (const body of bad) {
      await refused(() => create(body), 422)
      await refused(() => call(`PATCH ${templates}/${id}`, body), 422)
    }
  })
})

describe("a project that is made of a template", () => {
  test("begins with its environments and roles, and does not follow its changes", async () => {
    const { id } = await make({ name: "start", roles, environments })
    for (const route of ["POST /api/v1/projects", "POST /api/v2/workspace"]) {
      const body = { projectName: "Begun", template: "start", shouldCreateDefaultEnvs: false }
      const { project } = people.ok(await call(route, body))
      assert.deepEqual(
        project.environments.map(({ slug }: { slug: string }) => slug),
        ["try", "prod"],
      )
      assert.deepEqual(people.ok(await call(`GET /api/v1/projects/${project.id}`)).project, project)
      const one = `GET /api/v1/projects/${project.id}/environments/slug/prod`
      assert.equal(people.ok(await call(one)).position, 7)
      const event = { projectId: project.id, name: "Begun", slug: project.slug, type: "secret-manager" }
      assert.deepEqual(await lastEvent("create-project"), { ...event, template: "start" })

      const role = people.ok(await call(`GET /api/v1/projects/${project.id}/roles/slug/reader`)).role
      assert.deepEqual([role.name, role.permissions], ["Reader", shownRoles[0]?.permissions])
      // Whoever made the project may do with them what they may do with those of their own.
      people.ok(await call(`DELETE /api/v1/projects/${project.id}/roles/${role.id}`))
    }
    const { project } = people.ok(await createProject({ template: "start" }))
    people.ok(
      await call(`PATCH ${templates}/${id}`, {
        roles: [],
        environments: [{ name: "A", slug: "a", position: 1 }],
      }),
    )
    const fresh = people.ok(await createProject({ template: "start" })).project
    assert.deepEqual(
      fresh.environments.map(({ slug }: { slug: string }) => slug),
      ["a"],
    )
    people.ok(await call(`DELETE ${templates}/${id}`))
    const kept = people.ok(await call(`GET /api/v1/projects/${project.id}`)).project
    assert.deepEqual(kept, project)
    people.ok(await call(`GET /api/v1/projects/${project.id}/roles/slug/reader`))
  })

  test("is for everybody who may make projects; a role of it is nobody's until it is given", async () => {
    await make({ name: "for-all", roles })
    const caller = await people.addPerson(harness, acme, { email: "maker@example.com", role: "member" })
    await refused(() => create({ name: "by-a-member" }, caller), 403)
    const { project } = people.ok(await createProject({ template: "for-all" }, caller))
    const guest = await people.addPerson(harness, acme, { email: "guest@example.com", role: "no-access" })
    const at = { id: project.id, orgId: acme.id }
    await putInProject(harness, at, { username: "guest@example.com" }, "reader")
    const { data } = people.ok(await call(`GET /api/v1/projects/${project.id}/permissions`, undefined, guest))
    assert.deepEqual(data.permissions, [
      ["describeSecret", "secrets", { environment: "dev" }],
      ["edit", "tags", 0, 1],
    ])
    assert.equal(data.memberships[0].roles[0].customRoleSlug, "reader")
  })

  test("is of the template's type, and of no other", async () => {
    await make({ name: "for-keys", type: "kms" })
    assert.equal(people.ok(await createProject({ template: "for-keys" })).project.type, "kms")
    assert.equal(people.ok(await createProject({ template: "for-keys", type: "kms" })).project.type, "kms")
    await refused(() => createProject({ template: "for-keys", type: "secret-manager" }), 400)
    assert.equal(people.ok(await createProject({})).project.type, "secret-manager")
  })

  test("is made of none that is not there, whoever has one of that name", async () => {
    await make({ name: "theirs" }, elsewhere.token)
    const foreign = await refused(() => createProject({ template: "theirs" }), 404)
    const unknown = await refused(() => createProject({ template: "nobodys" }), 404)
    assert.equal(foreign.body.message.replace("theirs", "nobodys"), unknown.body.message)
    await refused(() => createProject({ template: "a\0b" }), 422)
  })
})
