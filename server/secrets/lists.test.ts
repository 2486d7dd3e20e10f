import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { inspect } from "node:util"
import { Prepared } from "../http/prepared.ts"
import { createKept } from "../kept.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const { call, db } = harness
const acme = await people.bootstrap(harness)
const project = await addProject(harness, acme)
const base = { projectId: project.id, environment: "dev" }

/** A machine identity in the project with this role. */
async function reader(role: string): Promise<{ id: string; token: string }> {
  const identity = await people.addIdentity(harness, acme, "no-access")
  await putInProject(harness, project, { identityId: identity.id }, role)
  return identity
}
const narrow = (conditions: Record<string, unknown>) => [
  { subject: "secrets", action: ["describeSecret"], conditions },
  { subject: "secrets", action: ["readValue"], conditions },
]
await addProjectRole(harness, project, "names-only", [{ subject: "secrets", action: ["describeSecret"] }])
await addProjectRole(harness, project, "tagged-only", narrow({ secretTags: { $in: ["red"] } }))
const changing = await reader("viewer")
const readers = {
  admin: acme.token,
  person: acme.adminToken,
  viewer: (await reader("viewer")).token,
  changing: changing.token,
  "names-only": (await reader("names-only")).token,
  "tagged-only": (await reader("tagged-only")).token,
}

const list = (token: string, more: Record<string, string>, path = "/"): Promise<Answer> =>
  call(`GET /api/v4/secrets?${new URLSearchParams({ ...base, secretPath: path, ...more }).toString()}`, {
    token,
  })
const write = async (
  route: string,
  body: object,
): Promise<any> /* eslint-disable-line typescript/no-explicit-any */ =>
  people.ok(await call(route, { token: acme.adminToken, body: { ...base, secretPath: "/", ...body } }))

/** Every reader is answered what is there now: a list with what lies deeper, which is nothing, is never kept. */
async function assertFresh(when: string): Promise<void> {
  for (const [name, token] of Object.entries(readers)) {
    for (const more of [{}, { viewSecretValue: "false" }, { expandSecretReferences: "true" }] as const) {
      const fresh = await list(token, { ...more, recursive: "true" })
      for (const time of ["first", "second"]) {
        const answer = await list(token, more)
        assert.deepEqual(
          [answer.status, answer.body.secrets, answer.body.message],
          [fresh.status, fresh.body.secrets, fresh.body.message],
          `${name}, ${when}, ${time} time`,
        )
      }
    }
  }
}

const tag = (slug: string) =>
  call(`POST /api/v1/projects/${project.id}/tags`, { token: acme.token, body: { slug, color: "#f00" } })
const red = people.ok(await tag("red")).tag
const blue = people.ok(await tag("blue")).tag

describe("a list that was asked for before", () => {
  test("is answered as it is now, to each as they may see it, after whatever change", async () => {
    await write("POST /api/v4/secrets/ONE", { secretValue: "1", tagIds: [red.id] })
    await write("POST /api/v4/secrets/TWO", { secretValue: "2 ${ONE}" })
    await assertFresh("at first")
    const changes: Record<string, () => Promise<unknown>> = {
      "a new value": () => write("PATCH /api/v4/secrets/ONE", { secretValue: "one" }),
      "a new comment": () => write("PATCH /api/v4/secrets/ONE", { secretComment: "what for" }),
      "hidden metadata": () =>
        write("PATCH /api/v4/secrets/TWO", { secretMetadata: [{ key: "k", value: "v", isEncrypted: true }] }),
      "a reminder": () =>
        write("PATCH /api/v4/secrets/TWO", { secretReminderNote: "soon", secretReminderRepeatDays: 3 }),
      "another name": () => write("PATCH /api/v4/secrets/TWO", { newSecretName: "ZWEI" }),
      "another secret": () => write("POST /api/v4/secrets/THREE", { secretValue: "3", tagIds: [blue.id] }),
      "other tags": () => write("PATCH /api/v4/secrets/THREE", { tagIds: [red.id, blue.id] }),
      "a tag of another name": async () =>
        people.ok(
          await call(`PATCH /api/v1/projects/${project.id}/tags/${blue.id}`, {
            token: acme.token,
            body: { slug: "green", color: "#0f0" },
          }),
        ),
      "a personal one": () => write("POST /api/v4/secrets/ONE", { secretValue: "mine", type: "personal" }),
      "another value of the personal one": () =>
        write("PATCH /api/v4/secrets/ONE", { secretValue: "still mine", type: "personal" }),
      "no personal one": () => write("DELETE /api/v4/secrets/ONE", { type: "personal" }),
      "a tag that is gone": async () =>
        people.ok(await call(`DELETE /api/v1/projects/${project.id}/tags/${blue.id}`, { token: acme.token })),
      "a secret that is gone": () => write("DELETE /api/v4/secrets/THREE", {}),
      "a value that was before": () => write("PATCH /api/v4/secrets/ONE", { secretValue: "1" }),
      "another role": async () =>
        people.ok(
          await call(`PATCH /api/v1/projects/${project.id}/memberships/identities/${changing.id}`, {
            token: acme.token,
            body: { roles: [{ role: "names-only" }] },
          }),
        ),
      "rules of a role": async () =>
        people.ok(
          await call(`PATCH /api/v1/projects/${project.id}/roles/${await roleId("names-only")}`, {
            token: acme.token,
            body: { permissions: narrow({ secretName: { $eq: "ONE" } }) },
          }),
        ),
      "an import": async () => {
        await call("POST /api/v2/folders", {
          token: acme.token,
          body: { ...base, path: "/", name: "source" },
        })
        await call("POST /api/v2/secret-imports", {
          token: acme.token,
          body: { ...base, path: "/", import: { environment: "dev", path: "/source" } },
        })
      },
    }
    for (const [name, change] of Object.entries(changes)) {
      await change()
      await assertFresh(name)
    }
  })

  test("is refused to who left, and recorded each time it is answered", async () => {
    const leaving = await reader("viewer")
    const count = async (): Promise<number> => {
      const { rows } = await db
        .selectFrom("audit_logs")
        .select((row) => row.fn.countAll<string>().as("rows"))
        .where("event_type", "=", "get-secrets")
        .where("actor_id", "=", leaving.id)
        .executeTakeFirstOrThrow()
      return Number(rows)
    }
    for (let time = 1; time <= 3; time++) {
      people.ok(await list(leaving.token, {}))
      assert.equal(await count(), time)
    }
    people.ok(
      await call(`DELETE /api/v1/projects/${project.id}/memberships/identities/${leaving.id}`, {
        token: acme.token,
      }),
    )
    assert.equal((await list(leaving.token, {})).status, 403)
    assert.equal(await count(), 3)
  })

  test("is known by its tag, until it is another", async () => {
    const first = await list(readers.viewer, {})
    const headers = { "if-none-match": String(first.headers["etag"]) }
    const again = () =>
      call(`GET /api/v4/secrets?${new URLSearchParams({ ...base, secretPath: "/" }).toString()}`, {
        token: readers.viewer,
        headers,
      })
    assert.deepEqual([(await again()).status, (await again()).status], [304, 304])
    await write("PATCH /api/v4/secrets/ONE", { secretValue: "changed" })
    assert.equal((await again()).status, 200)
  })
})

async function roleId(slug: string): Promise<string> {
  const { role } = people.ok(
    await call(`GET /api/v1/projects/${project.id}/roles/slug/${slug}`, { token: acme.token }),
  )
  return role.id
}

describe("answers that are kept", () => {
  const prepared = (bytes: number) => ({ answer: new Prepared("x".repeat(bytes)), numberOfSecrets: 1 })

  test("are let go when there are too many, and never kept when too large", () => {
    const kept = createKept({ bytes: 1_000, bytesOfOne: 500, unusedMs: 60_000 })
    kept.keep("a", prepared(400))
    kept.keep("b", prepared(400))
    assert.ok(kept.find("a"))
    kept.keep("c", prepared(400))
    assert.deepEqual(
      ["a", "b", "c", "d"].map((key) => kept.find(key) !== undefined),
      [true, false, true, false],
    )
    kept.keep("d", prepared(600))
    assert.equal(kept.find("d"), undefined)
    kept.clear()
    assert.equal(kept.find("a"), undefined)
  })

  test("are let go when nobody asks for them", async () => {
    const kept = createKept({ bytes: 1_000, bytesOfOne: 500, unusedMs: 20 })
    kept.keep("a", prepared(10))
    await new Promise((resolve) => setTimeout(resolve, 60))
    assert.equal(kept.find("a"), undefined)
  })

  test("show nothing of themselves", () => {
    const secret = new Prepared("a value")
    for (const text of [inspect({ secret }), JSON.stringify({ secret })]) {
      assert.ok(!text.includes("a value"), text)
    }
    assert.deepEqual(Object.keys(secret), [])
  })
})
