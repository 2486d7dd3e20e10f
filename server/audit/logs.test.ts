import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const { call } = harness
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const shop = await addProject(harness, acme, { projectName: "Shop" })
const other = await addProject(harness, acme, { projectName: "Other" })
const foreign = await addProject(harness, elsewhere, { projectName: "Foreign" })
await people.addGroup(harness, acme, "Of no project")

type Log = {
  projectId: string | null
  projectName: string | null
  event: { type: string; metadata: Record<string, unknown> }
}
type Query = Record<string, string>
const ask = (query: Query, token = acme.token): Promise<Answer> =>
  call(`GET /api/v1/organization/audit-logs?${new URLSearchParams(query).toString()}`, { token })
const logs = async (query: Query, token = acme.token): Promise<Log[]> =>
  people.ok(await ask({ limit: "1000", ...query }, token)).auditLogs
/** The kinds of events, oldest first. */
const kinds = async (query: Query): Promise<string[]> =>
  (await logs(query)).map(({ event }) => event.type).toReversed()

const send = async (
  route: string,
  body: Record<string, unknown>,
): Promise<any> /* eslint-disable-line typescript/no-explicit-any */ =>
  people.ok(
    await call(route, { token: acme.token, body: { projectId: shop.id, environment: "dev", ...body } }),
  )
const secret = (name: string, more: Record<string, unknown> = {}) =>
  send(`POST /api/v4/secrets/${name}`, { secretValue: `value of ${name}`, ...more })

await send("POST /api/v2/folders", { path: "/", name: "app" })
await secret("DB")
await secret("DB", { secretPath: "/app" })
await secret("DB", { environment: "prod" })
await secret("DB", { projectId: other.id })
const batch = ["ONE", "TWO"].map((secretKey) => ({ secretKey, secretValue: "value" }))
const { secrets } = await send("POST /api/v4/secrets/batch", { secrets: batch })
await send("PATCH /api/v4/secrets/TWO", { newSecretName: "THREE" })
const moved = { sourceEnvironment: "dev", destinationEnvironment: "prod", secretIds: [secrets[0].id] }
await send("POST /api/v4/secrets/move", moved)
const imported = { environment: "dev", path: "/app" }
await send("POST /api/v2/secret-imports", { environment: "staging", path: "/", import: imported })
const list = new URLSearchParams({ projectId: shop.id, environment: "staging", include_imports: "true" })
people.ok(await call(`GET /api/v4/secrets?${list.toString()}`, { token: acme.token }))

describe("the events of a project", () => {
  test("are told with its id and name, and those of the organization without", async () => {
    const all = await logs({})
    assert.ok(all.some(({ event }) => event.type === "create-group"))
    const names = new Map([
      [shop.id, "Shop"],
      [other.id, "Other"],
    ])
    for (const { projectId, projectName, event } of all) {
      assert.equal(projectId, event.metadata["projectId"] ?? null, event.type)
      assert.equal(projectName, names.get(projectId ?? "") ?? null, event.type)
    }
    assert.deepEqual(new Set(all.map(({ projectId }) => projectId)), new Set([null, ...names.keys()]))
  })

  test("are selected by its id, in whatever case", async () => {
    const all = await logs({})
    for (const { id } of [shop, other]) {
      const expected = all.filter(({ projectId }) => projectId === id)
      assert.ok(expected.length > 0)
      assert.deepEqual(await logs({ projectId: id }), expected)
      assert.deepEqual(await logs({ projectId: id.toUpperCase() }), expected)
    }
  })

  test("come in pages", async () => {
    const whole = await logs({ projectId: shop.id })
    const pages: Log[] = []
    for (let offset = 0; offset < whole.length + 3; offset += 3) {
      pages.push(...(await logs({ projectId: shop.id, offset: String(offset), limit: "3" })))
    }
    assert.deepEqual(pages, whole)
  })

  const inShop = { projectId: shop.id }
  const cases: [string, Query, string[]][] = [
    ["a secret", { secretKey: "DB" }, ["create-secret", "create-secret", "create-secret", "create-secret"]],
    [
      "a secret of a project",
      { ...inShop, secretKey: "DB" },
      ["create-secret", "create-secret", "create-secret"],
    ],
    ["a secret of an environment", { ...inShop, environment: "prod", secretKey: "DB" }, ["create-secret"]],
    [
      "a secret at a path",
      { ...inShop, environment: "dev", secretPath: "/app/", secretKey: "DB" },
      ["create-secret"],
    ],
    [
      "one of several secrets that was moved",
      { ...inShop, secretKey: "ONE" },
      ["create-secrets", "move-secrets"],
    ],
    ["a secret under its old name", { ...inShop, secretKey: "TWO" }, ["create-secrets", "update-secret"]],
    ["a secret under its new name", { ...inShop, secretKey: "THREE" }, ["update-secret"]],
    [
      "a path, which is no prefix, with what was read along",
      { ...inShop, secretPath: "/app" },
      ["create-secret", "get-secrets"],
    ],
    [
      "an environment into which was moved",
      { ...inShop, environment: "prod" },
      ["create-secret", "move-secrets"],
    ],
    [
      "an environment and a kind",
      { ...inShop, environment: "dev", eventType: "move-secrets" },
      ["move-secrets"],
    ],
    ["an environment that has nothing of it", { ...inShop, environment: "prod", secretKey: "TWO" }, []],
    ["a secret that is not there", { ...inShop, secretKey: "NONE" }, []],
    ["a path that is none", { ...inShop, secretPath: "app" }, []],
    ["a project and another's secret", { projectId: other.id, secretKey: "ONE" }, []],
  ]
  for (const [what, query, expected] of cases) {
    test(`are found by ${what}`, async () => assert.deepEqual(await kinds(query), expected))
  }

  test("of another organization are not there, in the words of a project that nobody has", async () => {
    for (const projectId of [foreign.id, randomUUID(), "no-id", "a".repeat(300), "'"]) {
      assert.deepEqual(await logs({ projectId }), [])
    }
    assert.ok((await logs({ projectId: foreign.id }, elsewhere.token)).length > 0)
  })

  test("keep the project's name of now, also when it was deleted", async () => {
    const project = await addProject(harness, acme, { projectName: "Before" })
    const route = `/api/v1/projects/${project.id}`
    const names = async () => new Set((await logs({ projectId: project.id })).map((log) => log.projectName))
    assert.deepEqual(await names(), new Set(["Before"]))
    people.ok(await call(`PATCH ${route}`, { token: acme.token, body: { name: "After" } }))
    people.ok(await call(`DELETE ${route}`, { token: acme.token }))
    assert.deepEqual(await names(), new Set(["After"]))
    assert.deepEqual(await kinds({ projectId: project.id }), [
      "create-project",
      "update-project",
      "delete-project",
    ])
  })

  for (const name of ["projectId", "environment", "secretPath", "secretKey"]) {
    test(`${name} may be anything that can be text, and none when it is empty`, async () => {
      assert.equal((await ask({ [name]: "\0" })).status, 422)
      for (const value of ["a".repeat(300), `"}]'{\\`, "%", "\u{1f5dd}"]) {
        assert.deepEqual(await logs({ [name]: value }), [], value)
      }
      assert.ok((await logs({ [name]: "" })).some(({ event }) => event.type === "create-group"))
    })
  }
})

describe("a right in a project", () => {
  const permissions = [{ subject: "audit-logs", action: ["read"] }]

  /** Somebody without a right in the organization, who has a role in the project. */
  async function member(kind: "person" | "machine", role: string): Promise<string> {
    if (kind === "machine") {
      const { id, token } = await people.addIdentity(harness, acme, "no-access")
      await putInProject(harness, shop, { identityId: id }, role)
      return token
    }
    const email = `${role}@example.com`
    const token = await people.addPerson(harness, acme, { email, role: "no-access" })
    await putInProject(harness, shop, { username: email }, role)
    return token
  }

  /** Sees that it is refused for the right, by one more row of the audit log and no other change. */
  async function denied(query: Query, token: string): Promise<Record<string, unknown>> {
    const before = await harness.state()
    const { status, body, text } = await ask(query, token)
    assert.deepEqual([status, body.error], [403, "PermissionDenied"], text)
    const after = await harness.state()
    assert.deepEqual({ ...after, audit_logs: [] }, { ...before, audit_logs: [] })
    assert.equal((after["audit_logs"] ?? []).length, (before["audit_logs"] ?? []).length + 1)
    return { ...body, reqId: "" }
  }

  for (const kind of ["person", "machine"] as const) {
    test(`lets a ${kind} read what is recorded of that project, and nothing else`, async () => {
      const slug = `auditor-${kind}`
      await addProjectRole(harness, shop, slug, permissions)
      const token = await member(kind, slug)
      const seen = await logs({ projectId: shop.id }, token)
      assert.deepEqual(seen, await logs({ projectId: shop.id }))
      assert.ok(seen.length > 5)
      const words = await denied({}, token)
      for (const projectId of ["", other.id, foreign.id, randomUUID(), "no-id"]) {
        assert.deepEqual(await denied({ projectId }, token), words, projectId)
      }
    })
  }

  test("is needed by who is in it without one in the organization, and is over with the project", async () => {
    const project = await addProject(harness, acme)
    const { id, token } = await people.addIdentity(harness, acme, "no-access")
    await putInProject(harness, project, { identityId: id }, "no-access")
    await denied({ projectId: project.id }, token)
    const [refusal] = await logs({ projectId: project.id })
    assert.equal(refusal?.event.type, "permission-denied")
    const auditor = await people.addIdentity(harness, acme, "no-access")
    await putInProject(harness, project, { identityId: auditor.id }, "viewer")
    assert.ok((await logs({ projectId: project.id }, auditor.token)).length > 0)
    people.ok(await call(`DELETE /api/v1/projects/${project.id}`, { token: acme.token }))
    await denied({ projectId: project.id }, auditor.token)
  })

  test("is not needed by who may read all that the organization records", async () => {
    const token = await people.addMachine(harness, acme, "admin")
    assert.deepEqual(await logs({ projectId: shop.id }, token), await logs({ projectId: shop.id }))
  })
})
