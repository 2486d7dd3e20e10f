import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"
import { secretsIn } from "./imported.store.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { call } = harness
const { token } = acme

type Sent = Record<string, unknown>
type ImportRow = { importEnv: { slug: string }; importPath: string; position: number }
/** A place as `environment:path`. */
const placeOf = (text: string): { environment: string; path: string } => {
  const [environment = "", path = ""] = text.split(":")
  return { environment, path }
}

/** A project of its own, and what a test does in it as its admin. */
async function freshProject(organization = acme) {
  const as = { token: organization.token }
  const project = await addProject(harness, organization)
  const at = (text: string) => ({ projectId: project.id, ...placeOf(text) })
  const search = (query: Record<string, string>) => new URLSearchParams(query).toString()
  const secretAt = (text: string) => {
    const { path: secretPath, ...rest } = at(text)
    return { ...rest, secretPath }
  }
  return {
    project,
    at,
    async folder(text: string): Promise<string> {
      const { path, ...rest } = at(text)
      const parent = path.slice(0, path.lastIndexOf("/")) || "/"
      const body = { ...rest, path: parent, name: path.slice(path.lastIndexOf("/") + 1) }
      return people.ok(await call("POST /api/v2/folders", { ...as, body })).folder.id
    },
    add: async (text: string, ...names: string[]) => {
      for (const name of names) {
        const body = { ...secretAt(text), secretValue: `${name} of ${text}` }
        people.ok(await call(`POST /api/v4/secrets/${name}`, { ...as, body }))
      }
    },
    tryImport: (into: string, source: string) =>
      call("POST /api/v2/secret-imports", { ...as, body: { ...at(into), import: placeOf(source) } }),
    async import(into: string, source: string): Promise<string> {
      return people.ok(await this.tryImport(into, source)).secretImport.id
    },
    change: (id: string, into: string, change: Sent) =>
      call(`PATCH /api/v2/secret-imports/${id}`, { ...as, body: { ...at(into), import: change } }),
    remove: (id: string, into: string) =>
      call(`DELETE /api/v2/secret-imports/${id}`, { ...as, body: at(into) }),
    /** What a folder imports, in order. */
    async imports(text: string): Promise<string[]> {
      const listed = await call(`GET /api/v2/secret-imports?${search(at(text))}`, as)
      const rows: ImportRow[] = people.ok(listed).secretImports
      assert.deepEqual(
        rows.map(({ position }) => position),
        rows.map((_, index) => index + 1),
      )
      return rows.map(({ importEnv, importPath }) => `${importEnv.slug}:${importPath}`)
    },
    list: (text: string, query: Record<string, string> = {}, by = organization.token) =>
      call(`GET /api/v4/secrets?${search({ ...secretAt(text), includeImports: "true", ...query })}`, {
        token: by,
      }),
    get: (text: string, name: string, query: Record<string, string> = {}, by = organization.token) =>
      call(`GET /api/v4/secrets/${name}?${search({ ...secretAt(text), ...query })}`, { token: by }),
  }
}

/** What a list answers of imports: the place of each, and the values. */
const shown = (answer: Answer): Record<string, string[]>[] =>
  people.ok(answer).imports.map((each: { environment: string; secretPath: string; secrets: Sent[] }) => ({
    [`${each.environment}:${each.secretPath}`]: each.secrets.map(({ secretValue }) => secretValue),
  }))

describe("an import", () => {
  test("is answered as clients want it, by id, in lists, and with what it imports", async () => {
    const own = await freshProject()
    await own.add("staging:/", "ONE")
    const body = { ...own.at("dev:/"), import: placeOf("staging:/") }
    const made = people.ok(await call("POST /api/v2/secret-imports", { token, body })).secretImport
    const { id, createdAt, updatedAt, folderId, ...rest } = made
    assert.equal(createdAt, updatedAt)
    const staging = own.project.environments.find(({ slug }) => slug === "staging")
    const importEnv = { id: staging?.id, name: "Staging", slug: "staging" }
    assert.deepEqual(rest, {
      version: 1,
      importPath: "/",
      position: 1,
      isReplication: false,
      isReplicationSuccess: null,
      replicationStatus: null,
      lastReplicated: null,
      isReserved: false,
      importEnv,
    })
    const read = people.ok(await call(`GET /api/v1/secret-imports/${id}`, { token })).secretImport
    const { environment, projectId, secretPath, ...same } = read
    assert.deepEqual(same, made)
    assert.deepEqual([environment.slug, projectId, secretPath], ["dev", own.project.id, "/"])
    const query = new URLSearchParams({ workspaceId: own.project.id, environment: "dev" }).toString()
    const listed = await call(`GET /api/v1/secret-imports?${query}`, { token })
    assert.deepEqual(people.ok(listed).secretImports, [made])
    const [imported] = people.ok(
      await call(`GET /api/v1/secret-imports/secrets/raw?${query}`, { token }),
    ).secrets
    assert.deepEqual(imported.environmentInfo, importEnv)
    assert.deepEqual(
      [imported.environment, imported.secretPath, imported.secrets[0].secretValue],
      ["staging", "/", "ONE of staging:/"],
    )
    assert.notEqual(imported.folderId, folderId)
  })

  test("stands in an order, which is changed, and closes up", async () => {
    const own = await freshProject()
    const places = ["staging:/", "prod:/", "prod:/later", "staging:/later"]
    const ids: string[] = []
    for (const place of places) ids.push(await own.import("dev:/", place))
    assert.deepEqual(await own.imports("dev:/"), places)
    const moved = people.ok(await own.change(ids[3] ?? "", "dev:/", { position: 2 })).secretImport
    assert.deepEqual([moved.position, moved.version], [2, 2])
    assert.deepEqual(await own.imports("dev:/"), ["staging:/", "staging:/later", "prod:/", "prod:/later"])
    people.ok(await own.change(ids[0] ?? "", "dev:/", { position: 99 }))
    assert.deepEqual(await own.imports("dev:/"), ["staging:/later", "prod:/", "prod:/later", "staging:/"])
    const gone = people.ok(await own.remove(ids[1] ?? "", "dev:/")).secretImport
    assert.equal(gone.position, 2)
    assert.deepEqual(await own.imports("dev:/"), ["staging:/later", "prod:/later", "staging:/"])
    assert.equal((await own.remove(ids[1] ?? "", "dev:/")).status, 404)
    people.ok(await own.change(ids[2] ?? "", "dev:/", { environment: "staging", path: "/else" }))
    assert.deepEqual(await own.imports("dev:/"), ["staging:/later", "staging:/else", "staging:/"])
  })

  test("of itself, or in a cycle, is refused, however many try at once", async () => {
    const own = await freshProject()
    for (const place of ["dev:/a", "dev:/b", "prod:/c"]) await own.folder(place)
    await own.import("dev:/a", "dev:/b")
    await own.import("dev:/b", "prod:/c")
    const other = await own.import("prod:/c", "staging:/")
    const before = await harness.state()
    const refused = [
      await own.tryImport("dev:/a", "dev:/a"),
      await own.tryImport("prod:/c", "dev:/a"),
      await own.change(other, "prod:/c", { environment: "dev", path: "/b" }),
    ]
    assert.deepEqual(
      refused.map(({ status }) => status),
      [400, 400, 400],
    )
    assert.deepEqual(await harness.state(), before)
    await own.folder("dev:/x")
    await own.folder("dev:/y")
    const racing = [own.tryImport("dev:/x", "dev:/y"), own.tryImport("dev:/y", "dev:/x")]
    const statuses = (await Promise.all(racing)).map(({ status }) => status)
    assert.deepEqual(new Set(statuses), new Set([200, 400]))
  })

  test("names places of its own project, and a folder that is there to import into", async () => {
    const own = await freshProject()
    const other = await freshProject()
    const id = await other.import("dev:/", "prod:/")
    const before = await harness.state()
    const refused = [
      await own.tryImport("dev:/", "no-such:/"),
      await own.tryImport("dev:/no-such", "prod:/"),
      await own.tryImport("no-such:/", "prod:/"),
      await own.change(id, "dev:/", { position: 1 }),
      await own.remove(id, "dev:/"),
      await other.remove(id, "staging:/"),
    ]
    assert.deepEqual(
      refused.map(({ status }) => status),
      [404, 404, 404, 404, 404, 404],
    )
    assert.equal((await own.tryImport("dev:/", "prod:later")).status, 422)
    assert.deepEqual(await harness.state(), before)
  })

  test("goes on with a folder that is renamed, and ends with what goes", async () => {
    const own = await freshProject()
    await own.folder("prod:/a/b")
    const folder = await own.folder("prod:/a")
    await own.add("prod:/a/b", "ONE")
    await own.import("dev:/", "prod:/a/b")
    await own.import("staging:/", "prod:/a")
    const rename = { ...own.at("prod:/"), name: "z" }
    people.ok(await call(`PATCH /api/v2/folders/${folder}`, { token, body: rename }))
    assert.deepEqual(shown(await own.list("dev:/")), [{ "prod:/z/b": ["ONE of prod:/a/b"] }])
    const all = { ...own.at("prod:/"), forceDelete: true }
    people.ok(await call(`DELETE /api/v2/folders/${folder}`, { token, body: all }))
    assert.deepEqual([await own.imports("dev:/"), await own.imports("staging:/")], [[], []])
    await own.folder("prod:/z")
    assert.deepEqual(await own.imports("staging:/"), [])

    const id = await own.import("dev:/", "prod:/")
    const prod = own.project.environments.find(({ slug }) => slug === "prod")
    const route = `DELETE /api/v1/projects/${own.project.id}/environments/${prod?.id}`
    people.ok(await call(route, { token }))
    assert.deepEqual(await own.imports("dev:/"), [])
    assert.equal((await call(`GET /api/v1/secret-imports/${id}`, { token })).status, 404)
  })
})

describe("what is imported", () => {
  test("comes beside a list when it is asked for, from all depths, a name once an import", async () => {
    const own = await freshProject()
    for (const place of ["prod:/near", "prod:/far", "dev:/in"]) await own.folder(place)
    await own.add("dev:/", "OWN")
    await own.add("prod:/near", "A")
    await own.add("prod:/far", "A", "B")
    await own.add("staging:/", "A", "B", "C")
    await own.import("dev:/", "prod:/near")
    await own.import("dev:/", "prod:/later")
    await own.import("dev:/in", "prod:/far")
    await own.import("prod:/near", "staging:/")
    await own.import("prod:/near", "prod:/far")
    const near = { "prod:/near": ["A of prod:/near", "B of prod:/far", "C of staging:/"] }
    const later = { "prod:/later": [] }
    assert.deepEqual(shown(await own.list("dev:/")), [near, later])
    assert.deepEqual(shown(await own.list("dev:/", { includeImports: "false" })), [])
    const older = { includeImports: "false", include_imports: "true" }
    assert.deepEqual(shown(await own.list("dev:/", older)), [near, later])
    const far = { "prod:/far": ["A of prod:/far", "B of prod:/far"] }
    assert.deepEqual(shown(await own.list("dev:/", { recursive: "true" })), [near, later, far])
    const [event] = await harness.db
      .selectFrom("audit_logs")
      .select("event_metadata")
      .where("event_type", "=", "get-secrets")
      .orderBy("created_at", "desc")
      .execute()
    const metadata = event?.event_metadata as Sent | undefined
    assert.deepEqual(metadata?.["imports"], [
      { environment: "prod", secretPath: "/near", numberOfSecrets: 3 },
      { environment: "prod", secretPath: "/later", numberOfSecrets: 0 },
      { environment: "prod", secretPath: "/far", numberOfSecrets: 2 },
    ])

    assert.equal((await own.get("dev:/", "C")).status, 404)
    const one = people.ok(await own.get("dev:/", "C", { include_imports: "true" })).secret
    assert.deepEqual([one.environment, one.secretPath, one.secretValue], ["staging", "/", "C of staging:/"])
    const both = { includeImports: "true" }
    assert.equal(people.ok(await own.get("dev:/", "OWN", both)).secret.secretValue, "OWN of dev:/")
    assert.equal((await own.get("dev:/", "NOBODY", both)).status, 404)
    await own.import("dev:/", "prod:/far")
    assert.equal(people.ok(await own.get("dev:/", "A", both)).secret.secretValue, "A of prod:/far")
  })

  test("is read by a statement that stops at its limit, however much there is", async () => {
    const own = await freshProject()
    const folderIds = [await own.folder("prod:/one"), await own.folder("prod:/two")]
    await own.add("prod:/one", "A", "B")
    await own.add("prod:/two", "A", "C")
    const at = { orgId: acme.id, projectId: own.project.id }
    const counts = await Promise.all(
      [1, 3, 4, 5].map(
        async (limit) => (await secretsIn(harness.db, at, { folderIds, keys: null }, limit)).length,
      ),
    )
    assert.deepEqual(counts, [1, 3, 4, 4])
    const named = await secretsIn(harness.db, at, { folderIds, keys: ["A"] }, 5)
    assert.deepEqual(
      named.map(({ key }) => key),
      ["A", "A"],
    )
  })

  test("is exactly what the caller may read where it lies", async () => {
    const own = await freshProject()
    await own.folder("prod:/secret")
    await own.add("prod:/", "SEEN", "NAMED", "NOT")
    await own.add("prod:/secret", "ELSEWHERE")
    await own.import("dev:/", "prod:/")
    await own.import("dev:/", "prod:/secret")
    const { id, token: machine } = await people.addIdentity(harness, acme, "member")
    await addProjectRole(harness, own.project, "narrow", [
      { subject: "secrets", action: ["describeSecret", "readValue"], conditions: { environment: "dev" } },
      {
        subject: "secrets",
        action: ["describeSecret"],
        conditions: { secretName: { $in: ["SEEN", "NAMED"] } },
      },
      { subject: "secrets", action: ["readValue"], conditions: { secretName: "SEEN" } },
    ] as never)
    await putInProject(harness, own.project, { identityId: id }, "narrow")
    assert.deepEqual(shown(await own.list("dev:/", {}, machine)), [
      { "prod:/": ["<hidden-by-infisical>", "SEEN of prod:/"] },
    ])
    const both = { includeImports: "true" }
    assert.equal((await own.get("dev:/", "NOT", both, machine)).status, 404)
    const hidden = people.ok(await own.get("dev:/", "NAMED", both, machine)).secret
    assert.equal(hidden.secretValueHidden, true)
    const query = new URLSearchParams(own.at("dev:/")).toString()
    assert.equal((await call(`GET /api/v2/secret-imports/secrets?${query}`, { token: machine })).status, 403)
  })

  test("is followed ten deep, and ends where places that were renamed make a cycle", async () => {
    const own = await freshProject()
    const places = Array.from({ length: 12 }, (_, index) => `dev:/f${index}`)
    for (const place of places) {
      await own.folder(place)
      await own.add(place, `OF_${place.slice(6)}`)
    }
    for (const [index, place] of places.entries()) {
      await own.import(place, places[index + 1] ?? "dev:/renamed")
    }
    const first = people.ok(await own.list("dev:/f0")).imports[0].secrets
    assert.equal(first.length, 10)
    const { folders } = people.ok(
      await call(`GET /api/v2/folders?${new URLSearchParams(own.at("dev:/")).toString()}`, { token }),
    )
    const renamed = folders.find(({ name }: { name: string }) => name === "f8")
    const body = { ...own.at("dev:/"), name: "renamed" }
    people.ok(await call(`PATCH /api/v2/folders/${renamed.id}`, { token, body }))
    const names = people
      .ok(await own.list("dev:/f11"))
      .imports[0].secrets.map((one: Sent) => one["secretKey"])
    assert.deepEqual(names, ["OF_10", "OF_11", "OF_8", "OF_9"])
  })

  test("is judged by the rights on imports, by environment and path", async () => {
    const own = await freshProject()
    await own.folder("dev:/mine")
    const there = await own.import("dev:/", "prod:/")
    const { id, token: machine } = await people.addIdentity(harness, acme, "member")
    const conditions = { environment: "dev", secretPath: "/mine" }
    await addProjectRole(harness, own.project, "importer", [
      { subject: "secret-imports", action: ["read", "create", "edit", "delete"], conditions },
    ] as never)
    await putInProject(harness, own.project, { identityId: id }, "importer")
    const as = { token: machine }
    const source = { import: placeOf("prod:/") }
    const elsewhere = new URLSearchParams(own.at("dev:/")).toString()
    const refused = [
      await call("POST /api/v2/secret-imports", { ...as, body: { ...own.at("dev:/"), ...source } }),
      await call(`GET /api/v2/secret-imports?${elsewhere}`, as),
      await call(`GET /api/v2/secret-imports/${there}`, as),
      await call(`PATCH /api/v2/secret-imports/${there}`, { ...as, body: { ...own.at("dev:/"), ...source } }),
      await call(`DELETE /api/v2/secret-imports/${there}`, { ...as, body: own.at("dev:/") }),
    ]
    assert.deepEqual(
      refused.map(({ body }) => body.error),
      refused.map(() => "PermissionDenied"),
    )
    const body = { ...own.at("dev:/mine"), ...source }
    const made = people.ok(await call("POST /api/v2/secret-imports", { ...as, body })).secretImport
    people.ok(await call(`GET /api/v2/secret-imports/${made.id}`, as))
    people.ok(await call(`DELETE /api/v2/secret-imports/${made.id}`, { ...as, body: own.at("dev:/mine") }))
  })
})
