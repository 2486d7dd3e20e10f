import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, type Project } from "../test/projects.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const route = (project: Project, id = "") => `/api/v1/projects/${project.id}/environments${id && `/${id}`}`
const create = (project: Project, body: object) => harness.call(`POST ${route(project)}`, { token, body })
const patch = (project: Project, id: string, body: object) =>
  harness.call(`PATCH ${route(project, id)}`, { token, body })

/** The environments by their order, each with its place. */
async function places(project: Project): Promise<string> {
  const rows = await harness.db
    .selectFrom("environments")
    .select(["slug", "position"])
    .where("project_id", "=", project.id)
    .where("deleted_at", "is", null)
    .orderBy("position")
    .execute()
  return rows.map(({ slug, position }) => `${slug} ${position}`).join(", ")
}

const refused = refusing(harness)

describe("an environment", () => {
  test("is made behind the others, and is found by id, by slug, and by its id alone", async () => {
    const project = await addProject(harness, acme)
    const answer = people.ok(await create(project, { name: "Quality", slug: "qa", workspaceId: project.id }))
    const { environment } = answer
    assert.deepEqual(Object.keys(answer), ["message", "projectId", "environment"])
    assert.deepEqual(
      { ...environment, id: "", createdAt: "", updatedAt: "" },
      {
        id: "",
        name: "Quality",
        slug: "qa",
        position: 4,
        projectId: project.id,
        createdAt: "",
        updatedAt: "",
      },
    )
    const get = async (path: string) => people.ok(await harness.call(`GET ${path}`, { token }))
    assert.deepEqual(await get(route(project, environment.id)), { environment })
    assert.deepEqual(await get(route(project, "slug/qa")), environment)
    assert.deepEqual(await get(`/api/v1/workspace/environments/${environment.id}`), { environment })
    assert.deepEqual(await get(`/api/v1/workspace/${project.id}/environments/${environment.id}`), {
      environment,
    })
    const { workspace } = await get(`/api/v1/workspace/${project.id}`)
    assert.deepEqual(
      workspace.environments.map(({ slug }: { slug: string }) => slug),
      ["dev", "staging", "prod", "qa"],
    )
    const absent = await harness.call(`GET ${route(project, "slug/nope")}`, { token })
    const words = `Environment with slug 'nope' in project with ID ${project.id} not found`
    assert.deepEqual([absent.status, absent.body.message], [404, words])
  })

  test("takes a place where the others make room, and leaves a gap where there is one", async () => {
    const project = await addProject(harness, acme)
    people.ok(await create(project, { name: "A", slug: "a", position: 2 }))
    assert.equal(await places(project), "dev 1, a 2, staging 3, prod 4")
    people.ok(await create(project, { name: "B", slug: "b", position: 9 }))
    people.ok(await create(project, { name: "C", slug: "c", position: 7 }))
    assert.equal(await places(project), "dev 1, a 2, staging 3, prod 4, c 7, b 9")
    people.ok(await create(project, { name: "D", slug: "d" }))
    assert.equal(await places(project), "dev 1, a 2, staging 3, prod 4, c 7, b 9, d 10")
  })

  test("is moved up and down, renamed, and deleted", async () => {
    const project = await addProject(harness, acme)
    const [dev, staging, prod] = project.environments
    assert.ok(dev && staging && prod)
    people.ok(await patch(project, dev.id, { position: 3 }))
    assert.equal(await places(project), "staging 1, prod 2, dev 3")
    people.ok(await patch(project, dev.id, { position: 1 }))
    assert.equal(await places(project), "dev 1, staging 2, prod 3")
    const { environment } = people.ok(await patch(project, staging.id, { slug: "test", name: "Test" }))
    assert.deepEqual([environment.slug, environment.name, environment.position], ["test", "Test", 2])
    assert.deepEqual(
      { ...people.ok(await patch(project, staging.id, {})), message: "" },
      { message: "", projectId: project.id, environment },
    )
    const deleted = people.ok(await harness.call(`DELETE ${route(project, staging.id)}`, { token }))
    assert.deepEqual(deleted.environment, environment)
    assert.equal(await places(project), "dev 1, prod 3")
    for (const path of [route(project, staging.id), `/api/v1/workspace/environments/${staging.id}`])
      assert.equal((await harness.call(`GET ${path}`, { token })).status, 404)
    people.ok(await create(project, { name: "Again", slug: "test" }))
  })

  test("keeps a place of its own, whatever is moved and made at once", async () => {
    const project = await addProject(harness, acme)
    const ids = project.environments.map(({ id }) => id)
    await Promise.all([
      ...ids.map((id, index) => patch(project, id, { position: ((index + 1) % 3) + 1 })),
      ...Array.from({ length: 6 }, (_, index) =>
        create(project, { name: "N", slug: `n${index}`, position: (index % 2) + 1 }),
      ),
    ])
    const rows = await places(project)
    const taken = rows.split(", ").map((row) => row.split(" ")[1])
    assert.equal(taken.length, 9, rows)
    assert.equal(new Set(taken).size, 9, rows)
  })

  test("has a slug of its own in the project", async () => {
    const project = await addProject(harness, acme)
    const answer = await refused(() => create(project, { name: "Dev", slug: "dev" }), 400)
    assert.equal(answer.body.error, "CreateEnvironment")
    const staging = project.environments[1]?.id ?? ""
    await refused(() => patch(project, staging, { slug: "prod" }), 400)
    const other = await addProject(harness, acme, { shouldCreateDefaultEnvs: false })
    people.ok(await create(other, { name: "Dev", slug: "dev" }))
    const same = await Promise.all(
      Array.from({ length: 6 }, () => create(other, { name: "S", slug: "same" })),
    )
    assert.equal(same.filter(({ status }) => status === 200).length, 1)
    assert.equal(same.filter(({ status }) => status === 400).length, 5)
  })

  test("of another project of the same organization is 404", async () => {
    const [project, other] = [await addProject(harness, acme), await addProject(harness, acme)]
    const id = other.environments[0]?.id ?? ""
    await refused(() => patch(project, id, { name: "X" }), 404)
    await refused(() => harness.call(`DELETE ${route(project, id)}`, { token }), 404)
    assert.equal((await harness.call(`GET ${route(project, id)}`, { token })).status, 404)
  })

  for (const body of [
    {},
    { name: "A" },
    { name: "", slug: "a" },
    { name: "A", slug: "a b" },
    { name: "A", slug: "a".repeat(65) },
    { name: "A", slug: "a", position: 0 },
    { name: "A", slug: "a", position: 1.5 },
    { name: "A", slug: "a", position: 1e10 },
    { name: "A\0", slug: "a" },
  ]) {
    test(`${JSON.stringify(body).slice(0, 40)} is 422`, async () => {
      const project = await addProject(harness, acme)
      await refused(() => create(project, body), 422)
    })
  }
})

test("the routes of old answer the same projects", async () => {
  const body = { projectName: "Old", slug: "old-routes", organizationSlug: "" }
  const made = people.ok(await harness.call("POST /api/v2/workspace", { token, body })).project
  const get = async (path: string) => people.ok(await harness.call(`GET ${path}`, { token }))
  const { project } = await get(`/api/v1/projects/${made.id}`)
  assert.deepEqual(made, project)
  assert.deepEqual(await get(`/api/v1/workspace/${made.id}`), { workspace: project })
  assert.deepEqual(await get("/api/v2/workspace/old-routes"), project)
  const { projects } = await get("/api/v1/projects")
  assert.deepEqual(await get("/api/v1/workspace"), { workspaces: projects })
  const { workspaces } = await get(`/api/v2/organizations/${acme.id}/workspaces`)
  assert.deepEqual(
    workspaces.find(({ id }: { id: string }) => id === made.id),
    {
      id: made.id,
      name: "Old",
      slug: "old-routes",
      organization: acme.id,
      environments: made.environments.map(({ name, slug }: Record<string, string>) => ({ name, slug })),
    },
  )
  const retained = people.ok(
    await harness.call("PUT /api/v1/workspace/old-routes/audit-logs-retention", {
      token,
      body: { auditLogsRetentionDays: 7, projectSlug: "old-routes" },
    }),
  )
  assert.equal(retained.workspace.auditLogsRetentionDays, 7)
  const changed = people.ok(
    await harness.call(`PATCH /api/v1/workspace/${made.id}`, { token, body: { description: "new" } }),
  )
  assert.equal(changed.workspace.description, "new")
  assert.ok(!("environments" in changed.workspace))
  const deleted = people.ok(await harness.call("DELETE /api/v2/workspace/old-routes", { token, body: {} }))
  assert.equal(deleted.id, made.id)
  assert.equal((await harness.call(`GET /api/v1/workspace/${made.id}`, { token })).status, 404)
})
