import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, putInProject } from "../test/projects.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const { token } = acme
const create = (body: Record<string, unknown>, caller = token) =>
  harness.call("POST /api/v1/projects", { token: caller, body })
const get = (id: string, caller = token) => harness.call(`GET /api/v1/projects/${id}`, { token: caller })
const patch = (id: string, body: unknown, caller = token) =>
  harness.call(`PATCH /api/v1/projects/${id}`, { token: caller, body })

const statusesOf = (answers: { status: number }[]) =>
  answers.map(({ status }) => status).toSorted((one, other) => one - other)

/** A refusal that has changed nothing. */
const refused = refusing(harness)

const events = async (type: string) => {
  const rows = await harness.db
    .selectFrom("audit_logs")
    .select("event_metadata")
    .where("event_type", "=", type)
    .orderBy("created_at")
    .execute()
  return rows.map(({ event_metadata }) => event_metadata)
}

describe("making a project", () => {
  test("answers all of it, with three environments, and makes the creator its admin", async () => {
    const body = {
      projectName: " Payments ",
      projectDescription: "Money",
      slug: "payments",
      type: "secret-manager",
      organizationSlug: "",
      hasDeleteProtection: true,
    }
    const { project } = people.ok(await create(body))
    const { id, createdAt, updatedAt, environments, ...rest } = project
    assert.deepEqual(Object.keys(project), [
      "id",
      "name",
      "description",
      "type",
      "slug",
      "autoCapitalization",
      "orgId",
      "createdAt",
      "updatedAt",
      "version",
      "upgradeStatus",
      "pitVersionLimit",
      "kmsCertificateKeyId",
      "auditLogsRetentionDays",
      "hasDeleteProtection",
      "secretSharing",
      "showSnapshotsLegacy",
      "secretDetectionIgnoreValues",
      "_id",
      "environments",
      "kmsSecretManagerKeyId",
    ])
    assert.deepEqual(rest, {
      name: "Payments",
      description: "Money",
      type: "secret-manager",
      slug: "payments",
      autoCapitalization: false,
      orgId: acme.id,
      version: 3,
      upgradeStatus: null,
      pitVersionLimit: 10,
      kmsCertificateKeyId: null,
      auditLogsRetentionDays: null,
      hasDeleteProtection: true,
      secretSharing: true,
      showSnapshotsLegacy: false,
      secretDetectionIgnoreValues: [],
      _id: id,
      kmsSecretManagerKeyId: null,
    })
    assert.equal(createdAt, updatedAt)
    assert.deepEqual(
      environments.map(({ name, slug }: Record<string, string>) => [name, slug]),
      [
        ["Development", "dev"],
        ["Staging", "staging"],
        ["Production", "prod"],
      ],
    )
    assert.deepEqual(people.ok(await get(id)), { project })
    assert.deepEqual(people.ok(await harness.call("GET /api/v1/projects/slug/payments", { token })), project)
    const made = { projectId: id, name: "Payments", slug: "payments", type: "secret-manager" }
    assert.deepEqual((await events("create-project")).at(-1), made)
    people.ok(await patch(id, { hasDeleteProtection: false }))
  })

  test("needs a name alone", async () => {
    const { project } = people.ok(await create({ projectName: "Über alles!" }))
    assert.match(project.slug, /^uber-alles-[a-z0-9]{4}$/)
    assert.equal(project.description, null)
    const long = people.ok(await create({ projectName: "n".repeat(64) })).project
    assert.match(long.slug, /^n{31}-[a-z0-9]{4}$/)
    assert.match(people.ok(await create({ projectName: "项目" })).project.slug, /^project-[a-z0-9]{4}$/)
    const bare = people.ok(await create({ projectName: "Bare", shouldCreateDefaultEnvs: false })).project
    assert.deepEqual(bare.environments, [])
  })

  test("is for people and machine identities who may make projects, by either name of the right", async () => {
    const person = await people.addPerson(harness, acme, { email: "member@example.com" })
    const { project } = people.ok(await create({ projectName: "Mine" }, person))
    people.ok(await patch(project.id, { description: "mine" }, person))
    for (const subject of ["workspace", "project"]) {
      const body = { slug: `makes-${subject}`, name: subject, permissions: [{ subject, action: ["create"] }] }
      people.ok(await harness.call("POST /api/v1/organization/roles", { token, body }))
      people.ok(await create({ projectName: subject }, await people.addMachine(harness, acme, body.slug)))
    }
    const nobody = await people.addMachine(harness, acme, "no-access")
    const answer = await create({ projectName: "No" }, nobody)
    assert.deepEqual([answer.status, answer.body.error], [403, "PermissionDenied"])
  })

  test("is refused for a slug that is taken, also to all but one of many at once", async () => {
    const body = { projectName: "Twice", slug: "twice-taken" }
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(body)))
    assert.deepEqual(statusesOf(answers), [200, ...Array(7).fill(400)])
    const answer = await refused(() => create(body), 400)
    assert.equal(answer.body.message, "Another project of the organization already has this slug")
    // It is free elsewhere, and to whoever comes after.
    people.ok(await create(body, elsewhere.token))
    const { id } = people.ok(await harness.call("GET /api/v1/projects/slug/twice-taken", { token }))
    people.ok(await harness.call(`DELETE /api/v1/projects/${id}`, { token }))
    people.ok(await create(body))
  })

  for (const [title, body, status] of [
    ["no name", {}, 422],
    ["an empty name", { projectName: " " }, 422],
    ["a long name", { projectName: "n".repeat(65) }, 422],
    ["a name of NUL", { projectName: "a\0b" }, 422],
    ["a short slug", { projectName: "A", slug: "abcd" }, 422],
    ["a long slug", { projectName: "A", slug: "a".repeat(37) }, 422],
    ["a slug with a space", { projectName: "A", slug: "a slug" }, 422],
    ["an unknown type", { projectName: "A", type: "other" }, 422],
    ["a description of NUL", { projectName: "A", projectDescription: "\0" }, 422],
    ["a template that is not there", { projectName: "A", template: "none" }, 404],
    ["a key that is not there", { projectName: "A", kmsKeyId: acme.id }, 404],
  ] as const) {
    test(`with ${title} is ${status}`, async () => void (await refused(() => create(body), status)))
  }
})

describe("the list of projects", () => {
  const list = async (caller: string, query = "") =>
    people.ok(await harness.call(`GET /api/v1/projects${query}`, { token: caller })).projects

  test("has those that one is in, by oneself, by a group, or both, by name", async () => {
    const own = await people.addPerson(harness, acme, { email: "lister@example.com" })
    const names = ["Zulu", "alpha", "Émile", "hidden"]
    const [zulu, alpha, emile] = await Promise.all(
      names.map((projectName) => addProject(harness, acme, { projectName })),
    )
    assert.ok(zulu && alpha && emile)
    assert.deepEqual(await list(own), [])
    const group = await people.addGroup(harness, acme, "Listers")
    await putInProject(harness, zulu, { username: "lister@example.com" }, "no-access")
    await putInProject(harness, emile, { username: "lister@example.com" }, "viewer")
    await putInProject(harness, emile, { groupId: group.id }, "admin")
    await putInProject(harness, alpha, { groupId: group.id }, "viewer")
    people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/lister@example.com`, { token }))
    const listed = await list(own)
    assert.deepEqual(
      listed.map(({ name }: { name: string }) => name),
      ["alpha", "Émile", "Zulu"],
    )
    for (const each of listed) assert.deepEqual(each, people.ok(await get(each.id, own)).project)
    people.ok(await harness.call(`DELETE /api/v1/groups/${group.id}/users/lister@example.com`, { token }))
    assert.equal((await list(own)).length, 2)
    people.ok(await harness.call(`DELETE /api/v1/projects/${zulu.id}`, { token }))
    assert.equal((await list(own)).length, 1)
  })

  test("can be of one type, and with the roles of each for who may invite", async () => {
    const { token: machine } = await people.addIdentity(harness, acme, "admin")
    people.ok(await create({ projectName: "Kms", type: "kms" }, machine))
    people.ok(await create({ projectName: "Secrets" }, machine))
    const [kms, ...others] = await list(machine, "?type=kms&includeRoles=true")
    assert.equal(others.length, 0)
    assert.deepEqual(
      kms.roles.map(({ slug }: { slug: string }) => slug),
      ["admin", "member", "viewer", "no-access"],
    )
    assert.equal((await list(machine)).length, 2)
    const member = await people.addMachine(harness, acme, "member")
    const denied = await harness.call("GET /api/v1/projects?includeRoles=true", { token: member })
    assert.deepEqual([denied.status, denied.body.error], [403, "PermissionDenied"])
    const bad = await harness.call("GET /api/v1/projects?type=other", { token: member })
    assert.equal(bad.status, 422)
  })
})

describe("changing a project", () => {
  test("changes what is sent and nothing else", async () => {
    const { id } = await addProject(harness, acme, { projectName: "Before", projectDescription: "old" })
    const { project: before } = people.ok(await get(id))
    const sent = { slug: "after_it-all", pitVersionLimit: 100, secretSharing: false }
    const { project } = people.ok(await patch(id, sent))
    assert.deepEqual({ ...project, updatedAt: "" }, { ...before, ...sent, updatedAt: "" })
    assert.ok(project.updatedAt > before.updatedAt)
    assert.deepEqual(await events("update-project").then((all) => all.at(-1)), { projectId: id, ...sent })
    assert.equal(people.ok(await patch(id, { description: "" })).project.description, null)
    assert.deepEqual(people.ok(await patch(id, {})), people.ok(await get(id)))
  })

  for (const [title, body, status] of [
    ["an empty name", { name: "" }, 422],
    ["a slug with a capital", { slug: "Capital" }, 422],
    ["a slug of two dashes", { slug: "a--b" }, 422],
    ["no versions", { pitVersionLimit: 0 }, 422],
    ["101 versions", { pitVersionLimit: 101 }, 422],
    ["half a version", { pitVersionLimit: 1.5 }, 422],
    ["a slug that is taken", { slug: "taken-slug" }, 400],
  ] as const) {
    test(`to ${title} is ${status}`, async () => {
      await create({ projectName: "Taken", slug: "taken-slug" })
      const { id } = await addProject(harness, acme)
      await refused(() => patch(id, body), status)
    })
  }
})

describe("deleting a project", () => {
  test("ends it for everybody at once, and leaves its slug", async () => {
    const { id, slug } = await addProject(harness, acme, { slug: "deleted-one" })
    const answer = people.ok(await harness.call(`DELETE /api/v1/projects/${id}`, { token }))
    assert.equal(answer.project.id, id)
    assert.equal((await get(id)).status, 404)
    assert.equal((await harness.call(`GET /api/v1/projects/slug/${slug}`, { token })).status, 404)
    assert.equal((await harness.call(`DELETE /api/v1/projects/${id}`, { token })).status, 404)
    const open = await harness.db
      .selectFrom("project_identity_memberships")
      .select("id")
      .where("project_id", "=", id)
      .where("is_closed", "=", false)
      .execute()
    assert.deepEqual(open, [])
    const event = { projectId: id, name: answer.project.name, slug }
    assert.deepEqual((await events("delete-project")).at(-1), event)
    people.ok(await create({ projectName: "Next", slug }))
  })

  test("is refused while it is protected", async () => {
    const { id } = await addProject(harness, acme, { hasDeleteProtection: true })
    const answer = await refused(() => harness.call(`DELETE /api/v1/projects/${id}`, { token }), 403)
    assert.equal(answer.body.error, "ForbiddenError")
    people.ok(await patch(id, { hasDeleteProtection: false }))
    people.ok(await harness.call(`DELETE /api/v1/projects/${id}`, { token }))
  })

  test("works once, of many at once", async () => {
    const { id } = await addProject(harness, acme)
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => harness.call(`DELETE /api/v1/projects/${id}`, { token })),
    )
    assert.deepEqual(statusesOf(answers), [200, ...Array(5).fill(404)])
  })
})

test("what is no id of a project is 404", async () => {
  for (const id of ["x", "%00", acme.id.slice(1), "..%2fx", "' or 1=1"]) {
    assert.equal((await get(encodeURIComponent(id))).status, 404, id)
    assert.equal(
      (await harness.call(`GET /api/v1/projects/slug/${encodeURIComponent(id)}`, { token })).status,
      404,
      id,
    )
  }
})

test("the plan of the organization counts the projects that are there, and their environments", async () => {
  const used = async (): Promise<[projects: number, environments: number]> => {
    const route = `GET /api/v1/organizations/${acme.id}/plan`
    const { plan } = people.ok(await harness.call(route, { token: acme.adminToken }))
    return [plan.workspacesUsed, plan.environmentsUsed]
  }
  const [projects, environments] = await used()
  const { id, environments: made } = await addProject(harness, acme)
  assert.deepEqual(await used(), [projects + 1, environments + 3])
  people.ok(await harness.call(`DELETE /api/v1/projects/${id}/environments/${made[0]?.id}`, { token }))
  assert.deepEqual(await used(), [projects + 1, environments + 2])
  people.ok(await harness.call(`DELETE /api/v1/projects/${id}`, { token }))
  assert.deepEqual(await used(), [projects, environments])
})
