import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject, type Project } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const project = await addProject(harness, acme)
const { call, db } = harness

const at = (of: Project = project, environment = "dev") => ({ projectId: of.id, environment })
const create = (path: string, name: string, token = acme.token): Promise<Answer> =>
  call("POST /api/v2/folders", { token, body: { ...at(), path, name } })
const list = (query: Record<string, string>, token = acme.token): Promise<Answer> =>
  call(`GET /api/v2/folders?${new URLSearchParams({ ...at(), ...query }).toString()}`, { token })
const namesIn = async (path: string, of = project): Promise<string[]> =>
  people.ok(await list({ ...at(of), path })).folders.map(({ name }: { name: string }) => name)
const remove = (idOrName: string, body: object): Promise<Answer> =>
  call(`DELETE /api/v2/folders/${idOrName}`, { token: acme.token, body: { ...at(), ...body } })

describe("folders", () => {
  test("begin with a root in each environment, which no list shows", async () => {
    const roots = await db
      .selectFrom("folders")
      .select(["environment_id", "path"])
      .where("project_id", "=", project.id)
      .where("parent_id", "is", null)
      .execute()
    assert.deepEqual(
      roots.map(({ environment_id }) => environment_id).toSorted(),
      project.environments.map(({ id }) => id).toSorted(),
    )
    const fresh = await addProject(harness, acme)
    assert.deepEqual(people.ok(await list(at(fresh))), { folders: [] })
  })

  test("are made with those on the way to them, once", async () => {
    const { folder } = people.ok(await create("/made/on", "way"))
    assert.equal(folder.path, "/made/on/way")
    assert.equal(folder.version, 1)
    assert.deepEqual(await namesIn("/made"), ["on"])
    assert.deepEqual(people.ok(await create("/made/on/", "way")).folder, folder)
    const events = await db
      .selectFrom("audit_logs")
      .select(sql<string>`event_metadata ->> 'folderPath'`.as("path"))
      .where("event_type", "=", "create-folder")
      .where(sql<boolean>`event_metadata ->> 'folderPath' like '/made%'`)
      .orderBy("path")
      .execute()
    assert.deepEqual(
      events.map(({ path }) => path),
      ["/made", "/made/on", "/made/on/way"],
    )
  })

  test("are made once by any number at the same time", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create("/race/of", "many")))
    const ids = new Set(answers.map((answer) => people.ok(answer).folder.id))
    assert.equal(ids.size, 1)
  })

  test("are listed by where they lie, or with all that lies deeper", async () => {
    people.ok(await create("/listed/x", "y"))
    people.ok(await create("/listed", "z"))
    people.ok(await create("/", "listed-not"))
    assert.deepEqual(await namesIn("/listed"), ["x", "z"])
    const { folders } = people.ok(await list({ path: "/listed", recursive: "True" }))
    const relative = folders.map(({ relativePath }: { relativePath: string }) => relativePath)
    assert.deepEqual(relative, ["/x", "/x/y", "/z"])
    for (const path of ["/absent", "listed", "//listed", "/listed/..", ""]) {
      assert.deepEqual(await namesIn(path), [], path)
    }
  })

  test("are told by their id with path, project and environment", async () => {
    const made = people.ok(await create("/told", "one")).folder
    const { folder } = people.ok(await call(`GET /api/v2/folders/${made.id}`, { token: acme.token }))
    const [dev] = project.environments
    const environment = { envId: dev?.id, envName: "Development", envSlug: "dev" }
    assert.deepEqual(folder, { ...made, projectId: project.id, environment })
  })

  test("are renamed with all that lies in them", async () => {
    const inner = people.ok(await create("/old/in", "deep")).folder
    people.ok(await create("/", "old-other"))
    const { folders } = people.ok(await list({ path: "/" }))
    const { id } = folders.find(({ name }: { name: string }) => name === "old")
    const route = `PATCH /api/v2/folders/${id}`
    const body = { ...at(), path: "/", name: "new", description: "renamed" }
    const { folder } = people.ok(await call(route, { token: acme.token, body }))
    assert.deepEqual([folder.path, folder.version, folder.description], ["/new", 2, "renamed"])
    const moved = people.ok(await call(`GET /api/v2/folders/${inner.id}`, { token: acme.token })).folder
    assert.equal(moved.path, "/new/in/deep")
    assert.ok((await namesIn("/")).includes("old-other"))
    assert.deepEqual(await namesIn("/old"), [])
  })

  test("keep their names when one is taken, and several are renamed together or not at all", async () => {
    const [one, two] = [people.ok(await create("/taken", "one")), people.ok(await create("/taken", "two"))]
    const change = (id: string, name: string) => ({ id, environment: "dev", path: "/taken", name })
    const batch = (folders: object[]) =>
      call("PATCH /api/v2/folders/batch", {
        token: acme.token,
        body: { projectSlug: project.slug, folders },
      })
    const before = await harness.state()
    const refused = await batch([change(one.folder.id, "three"), change(two.folder.id, "three")])
    assert.equal(refused.status, 400, refused.text)
    assert.deepEqual(await harness.state(), before)
    people.ok(await batch([change(one.folder.id, "three"), change(two.folder.id, "four")]))
    assert.deepEqual(await namesIn("/taken"), ["four", "three"])
  })

  test("are deleted by id or name, and with what they hold only by force", async () => {
    const { folder } = people.ok(await create("/gone/in", "deep"))
    const refused = await remove("gone", { path: "/" })
    assert.equal(refused.status, 400, refused.text)
    people.ok(await remove("gone", { path: "/", forceDelete: true }))
    const absent = await call(`GET /api/v2/folders/${folder.id}`, { token: acme.token })
    assert.equal(absent.status, 404)
    assert.equal((await remove("gone", { path: "/", forceDelete: true })).status, 404)
    const again = people.ok(await create("/gone/in", "deep")).folder
    assert.notEqual(again.id, folder.id)
    people.ok(await remove(again.id, { path: "/gone/in" }))
    // Those that older clients delete go with what they hold.
    const body = { workspaceId: project.id, environment: "dev", directory: "/" }
    people.ok(await call("DELETE /api/v1/folders/gone", { token: acme.token, body }))
  })
})

describe("what is refused", () => {
  test("names and paths that cannot be", async () => {
    const before = await harness.state()
    for (const name of ["", "a/b", "..", ".", "a b", "ä", "a\u0000", "x".repeat(256)]) {
      assert.equal((await create("/", name)).status, 422, name)
    }
    for (const path of ["", "a", "//", "/a//b", "/a/../b", "/./a", "/a b", "/a".repeat(33)]) {
      assert.equal((await create(path, "name")).status, 422, path)
    }
    const long = `/${"x".repeat(255)}`.repeat(4)
    assert.equal((await create(long, "name")).status, 400)
    assert.deepEqual(await harness.state(), before)
  })

  test("an environment that is not there, in words that the command line client prints", async () => {
    const answer = await list({ environment: "invalid-env" })
    assert.equal(answer.status, 404)
    assert.equal(
      answer.body.message,
      `Environment with slug 'invalid-env' in project with ID ${project.id} not found`,
    )
  })

  test("a folder in another place than is said, and the root", async () => {
    const { folder } = people.ok(await create("/here", "it"))
    const elsewhere = { ...at(), path: "/", name: "other" }
    const patch = await call(`PATCH /api/v2/folders/${folder.id}`, { token: acme.token, body: elsewhere })
    assert.deepEqual([patch.status, patch.body.error], [404, "UpdateFolder"])
    assert.equal((await remove(folder.id, { path: "/" })).status, 404)
    assert.equal((await remove(folder.id, { path: "/here", environment: "prod" })).status, 404)
    const root = await db
      .selectFrom("folders")
      .select("id")
      .where("project_id", "=", project.id)
      .where("path", "=", "/")
      .execute()
    for (const { id } of root) assert.equal((await remove(id, { path: "/", forceDelete: true })).status, 404)
  })
})

test("rights are judged by environment and path, by segments", async () => {
  const conditions = { environment: "dev", secretPath: { $glob: "/team/**" } }
  const actions = ["read", "create", "edit", "delete"]
  await addProjectRole(harness, project, "team", [
    { subject: "secret-folders", action: actions, conditions },
  ] as never)
  const { id, token } = await people.addIdentity(harness, acme, "member")
  await putInProject(harness, project, { identityId: id }, "team")
  people.ok(await create("/", "team"))
  people.ok(await create("/teammates", "mine"))
  people.ok(await create("/team", "mine", token))
  people.ok(await create("/team/of", "mine", token))
  for (const [path, name] of [
    ["/", "other"],
    ["/teammates", "other"],
    ["/teamx", "other"],
  ] as const) {
    const refused = await create(path, name, token)
    assert.deepEqual([refused.status, refused.body.error], [403, "PermissionDenied"], path)
  }
  assert.equal((await list({ path: "/teammates" }, token)).status, 403)
  assert.equal((await list({ path: "/team", environment: "prod" }, token)).status, 403)
  const { folders } = people.ok(await list({ path: "/", recursive: "true" }, token))
  const paths = folders.map(({ path }: { path: string }) => path)
  assert.deepEqual(paths, ["/team/mine", "/team/of", "/team/of/mine"])
})
