import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const project = await addProject(harness, acme)
const { call, db } = harness

const at = { projectId: project.id, environment: "dev", secretPath: "/" }
type Sent = Record<string, unknown>
const create = (name: string, body: Sent = {}, token = acme.token): Promise<Answer> =>
  call(`POST /api/v4/secrets/${name}`, { token, body: { ...at, secretValue: `value of ${name}`, ...body } })
const update = (name: string, body: Sent, token = acme.token): Promise<Answer> =>
  call(`PATCH /api/v4/secrets/${name}`, { token, body: { ...at, ...body } })
const remove = (name: string, body: Sent = {}, token = acme.token): Promise<Answer> =>
  call(`DELETE /api/v4/secrets/${name}`, { token, body: { ...at, ...body } })
const get = (name: string, query: Record<string, string> = {}, token = acme.token): Promise<Answer> =>
  call(`GET /api/v4/secrets/${name}?${new URLSearchParams({ ...at, ...query }).toString()}`, { token })
const list = (query: Record<string, string> = {}, token = acme.token): Promise<Answer> =>
  call(`GET /api/v4/secrets?${new URLSearchParams({ ...at, ...query }).toString()}`, { token })
const namesOf = (answer: Answer): string[] =>
  people.ok(answer).secrets.map(({ secretKey }: { secretKey: string }) => secretKey)
const addFolder = async (path: string, name: string) =>
  people.ok(
    await call("POST /api/v2/folders", {
      token: acme.token,
      body: { projectId: project.id, environment: "dev", path, name },
    }),
  ).folder
const events = (type: string) =>
  db
    .selectFrom("audit_logs")
    .select(["event_metadata", "actor_type"])
    .where("event_type", "=", type)
    .orderBy("created_at", "desc")
    .execute()

describe("a secret", () => {
  test("is answered whole, as the strictest client wants it", async () => {
    const sent = {
      secretComment: "what for",
      secretMetadata: [
        { key: "owner", value: "ada" },
        { key: "hidden", value: "42", isEncrypted: true },
      ],
      skipMultilineEncoding: true,
      secretReminderNote: "renew",
      secretReminderRepeatDays: 30,
    }
    const { secret } = people.ok(await create("WHOLE", sent))
    const { id, createdAt, updatedAt, ...rest } = secret
    assert.deepEqual(rest, {
      ...sent,
      _id: id,
      workspace: project.id,
      environment: "dev",
      version: 1,
      type: "shared",
      secretKey: "WHOLE",
      secretValue: "value of WHOLE",
      isRotatedSecret: false,
      rotationId: null,
      secretPath: "/",
      secretValueHidden: false,
      tags: [],
    })
    assert.equal(createdAt, updatedAt)
    assert.deepEqual(people.ok(await get("WHOLE")).secret, secret)
    const byId = await call(`GET /api/v3/secrets/raw/id/${id}`, { token: acme.token })
    assert.deepEqual(people.ok(byId).secret, secret)
    const listed = people.ok(await list())
    assert.deepEqual(listed.imports, [])
    assert.deepEqual(
      listed.secrets.find((one: { id: string }) => one.id === id),
      secret,
    )
    const [event] = await events("get-secret")
    assert.deepEqual(event?.event_metadata, {
      projectId: project.id,
      environment: "dev",
      secretPath: "/",
      secretId: id,
      secretKey: "WHOLE",
      secretVersion: 1,
      type: "shared",
    })
  })

  test("has its value trimmed but for one line's end", async () => {
    const cases = { A: [" pad \n", "pad\n"], B: ["", ""], C: ["a\n\n", "a\n"], D: [" a\nb ", "a\nb"] }
    for (const [name, [value, stored]] of Object.entries(cases)) {
      people.ok(await create(`TRIM_${name}`, { secretValue: value }))
      assert.equal(people.ok(await get(`TRIM_${name}`)).secret.secretValue, stored)
    }
  })

  test("takes a reminder of no days and no words as none", async () => {
    const none = { secretReminderNote: "", secretReminderRepeatDays: 0 }
    const { secret } = people.ok(await create("REMIND", none))
    assert.deepEqual([secret.secretReminderNote, secret.secretReminderRepeatDays], [null, null])
  })

  test("has one of a name in a folder, however many try at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create("RACE")))
    const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other)
    assert.deepEqual(statuses, [200, 400, 400, 400, 400, 400, 400, 400])
    const { rows } = await sql<{ count: number }>`
      select count(*)::int from secret_versions where key = 'RACE'`.execute(db)
    assert.equal(rows[0]?.count, 1)
  })

  test("is changed and renamed, and keeps what it was", async () => {
    const first = people.ok(await create("OLD", { secretComment: "one" })).secret
    const second = people.ok(await update("OLD", { secretValue: "two" })).secret
    assert.deepEqual([second.id, second.version, second.secretValue], [first.id, 2, "two"])
    const third = people.ok(await update("OLD", { newSecretName: "NEW", secretComment: "" })).secret
    assert.deepEqual([third.id, third.version, third.secretValue], [first.id, 3, ""])
    assert.equal((await get("OLD")).status, 404)
    const now = people.ok(await get("NEW")).secret
    assert.deepEqual([now.secretValue, now.secretComment], ["two", ""])
    const then = people.ok(await get("NEW", { version: "1" })).secret
    assert.deepEqual(
      [then.secretValue, then.secretKey, then.version, then.id],
      ["value of OLD", "OLD", 1, first.id],
    )
    assert.equal(then.secretComment, "one")
    assert.equal((await get("NEW", { version: "4" })).status, 404)
    const versions = await call(`GET /api/v1/secret/${first.id}/secret-versions`, {
      token: acme.adminToken,
    })
    const { secretVersions } = people.ok(versions)
    assert.deepEqual(
      secretVersions.map((one: Sent) => [one["version"], one["secretValue"]]),
      [
        [3, "two"],
        [2, "two"],
        [1, "value of OLD"],
      ],
    )
    assert.equal(secretVersions[0].actor.actorType, "identity")
  })

  test("does not take a name that is taken", async () => {
    people.ok(await create("TAKEN_A"))
    people.ok(await create("TAKEN_B"))
    const before = await harness.state()
    const refused = await update("TAKEN_A", { newSecretName: "TAKEN_B" })
    assert.equal(refused.status, 400, refused.text)
    assert.deepEqual(await harness.state(), before)
  })

  test("is gone when it is deleted, and its name is free", async () => {
    people.ok(await create("GONE"))
    const { secret } = people.ok(await remove("GONE"))
    assert.equal(secret.secretValue, "value of GONE")
    assert.equal((await get("GONE")).status, 404)
    assert.equal((await call(`GET /api/v4/secrets/id/${secret.id}`, { token: acme.token })).status, 404)
    assert.equal((await remove("GONE")).status, 404)
    assert.notEqual(people.ok(await create("GONE")).secret.id, secret.id)
  })

  test("goes with its folder, whose last change it is", async () => {
    const folder = await addFolder("/", "going")
    people.ok(await create("INSIDE", { secretPath: "/going/" }))
    const detail = await call(`GET /api/v2/folders/${folder.id}`, { token: acme.token })
    assert.match(people.ok(detail).folder.lastSecretModified, /^\d{4}-/)
    const place = { projectId: project.id, environment: "dev", path: "/" }
    const route = "DELETE /api/v2/folders/going"
    assert.equal((await call(route, { token: acme.token, body: place })).status, 400)
    people.ok(await call(route, { token: acme.token, body: { ...place, forceDelete: true } }))
    await addFolder("/", "going")
    assert.deepEqual(namesOf(await list({ secretPath: "/going" })), [])
  })
})

describe("personal secrets", () => {
  const person = acme.adminToken
  test("stand in for a shared one, for their owner alone", async () => {
    people.ok(await create("BOTH"))
    people.ok(await create("BOTH", { type: "personal", secretValue: "mine" }, person))
    assert.equal(people.ok(await get("BOTH", {}, person)).secret.secretValue, "value of BOTH")
    const mine = people.ok(await get("BOTH", { type: "personal" }, person)).secret
    assert.deepEqual([mine.secretValue, mine.type], ["mine", "personal"])
    const query = new URLSearchParams({ workspaceId: project.id, environment: "dev" }).toString()
    const listed = people.ok(await call(`GET /api/v3/secrets/raw?${query}`, { token: person }))
    const both = listed.secrets.filter(({ secretKey }: { secretKey: string }) => secretKey === "BOTH")
    assert.deepEqual(
      both.map(({ type }: { type: string }) => type),
      ["personal", "shared"],
    )
    const plain = namesOf(await list({}, person)).filter((name) => name === "BOTH")
    assert.equal(plain.length, 1)
    const overridden = namesOf(await list({ includePersonalOverrides: "true" }, person))
    assert.equal(overridden.filter((name) => name === "BOTH").length, 2)

    const email = "grace@example.com"
    const other = await people.addPerson(harness, acme, { email, role: "member" })
    await putInProject(harness, project, { username: email }, "admin")
    assert.equal((await get("BOTH", { type: "personal" }, other)).status, 404)
    assert.equal((await call(`GET /api/v4/secrets/id/${mine.id}`, { token: other })).status, 404)
    assert.ok(!(await list({ includePersonalOverrides: "true" }, other)).text.includes("mine"))

    people.ok(await update("BOTH", { newSecretName: "BOTH_2" }))
    people.ok(await get("BOTH_2", { type: "personal" }, person))
    people.ok(await remove("BOTH_2"))
    assert.equal((await get("BOTH_2", { type: "personal" }, person)).status, 404)
  })

  test("are for people, and for names that there are", async () => {
    people.ok(await create("FOR_PEOPLE"))
    const refusals = [
      await create("FOR_PEOPLE", { type: "personal" }),
      await create("NOBODY_HAS", { type: "personal" }, person),
      await remove("FOR_PEOPLE", { type: "personal" }),
    ]
    assert.deepEqual(
      refusals.map(({ status }) => status),
      [400, 400, 400],
    )
  })
})

describe("lists", () => {
  test("go deeper when they are asked to, and tell where each lies", async () => {
    await addFolder("/deep/er", "most")
    await addFolder("/", "deep-not")
    people.ok(await create("ONE", { secretPath: "/deep" }))
    people.ok(await create("TWO", { secretPath: "/deep/er/most" }))
    people.ok(await create("NOT", { secretPath: "/deep-not" }))
    assert.deepEqual(namesOf(await list({ secretPath: "/deep" })), ["ONE"])
    const { secrets } = people.ok(await list({ secretPath: "/deep/", recursive: "True" }))
    assert.deepEqual(
      secrets.map((one: Sent) => [one["secretKey"], one["secretPath"]]),
      [
        ["ONE", "/deep"],
        ["TWO", "/deep/er/most"],
      ],
    )
  })

  test("hold more than is read beside the caller", async () => {
    await addFolder("/", "many")
    const secrets = Array.from({ length: 520 }, (_, index) => ({
      secretKey: `MANY_${String(index).padStart(3, "0")}`,
      secretValue: `${index}`,
    }))
    const body = { ...at, secretPath: "/many", secrets }
    people.ok(await call("POST /api/v4/secrets/batch", { token: acme.token, body }))
    const listed = people.ok(await list({ secretPath: "/many" })).secrets
    assert.deepEqual(
      listed.map(({ secretKey, secretValue }: Sent) => ({ secretKey, secretValue })),
      secrets,
    )
  })

  test("are narrowed by metadata, and by tags, which nothing has", async () => {
    await addFolder("/", "meta")
    const of = (...pairs: [string, string][]) => ({
      secretPath: "/meta",
      secretMetadata: pairs.map(([key, value]) => ({ key, value })),
    })
    people.ok(await create("AB", of(["a", "1"], ["b", "2"])))
    people.ok(await create("A", of(["a", "1"])))
    const filtered = async (metadataFilter: string) =>
      namesOf(await list({ secretPath: "/meta", metadataFilter }))
    assert.deepEqual(await filtered("key=a,value=1"), ["A", "AB"])
    assert.deepEqual(await filtered("key=a,value=1|key=b,value=2"), ["AB"])
    assert.deepEqual(await filtered("key=a,value=2"), [])
    assert.deepEqual(await filtered("not of that form"), ["A", "AB"])
    assert.deepEqual(namesOf(await list({ secretPath: "/meta", tagSlugs: "blue" })), [])
  })

  test("are not sent again to who has them", async () => {
    const first = await list({ secretPath: "/meta" })
    const tag = String(first.headers["etag"])
    const route = `GET /api/v4/secrets?${new URLSearchParams({ ...at, secretPath: "/meta" }).toString()}`
    const known = { token: acme.token, headers: { "if-none-match": `"other", W/${tag}` } }
    const again = await call(route, known)
    assert.deepEqual([again.status, again.text], [304, ""])
    people.ok(await update("A", { secretPath: "/meta", secretValue: "changed" }))
    assert.equal((await call(route, known)).status, 200)
    assert.equal((await list({ secretPath: "/meta" }, acme.adminToken)).headers["etag"] === tag, false)
  })

  test("of what is not there are empty for older clients, and 404 for newer ones", async () => {
    const old = async (query: Sent) =>
      call(
        `GET /api/v3/secrets/raw?${new URLSearchParams({ ...query } as Record<string, string>).toString()}`,
        {
          token: acme.token,
        },
      )
    const empty = { secrets: [], imports: [] }
    const place = { workspaceId: project.id, environment: "dev" }
    assert.deepEqual(people.ok(await old({ ...place, environment: "no" })), empty)
    for (const secretPath of ["/no", "deep", "//deep", "/deep/../deep"]) {
      assert.deepEqual(people.ok(await old({ ...place, secretPath })), empty)
      assert.equal((await list({ secretPath })).status, 404)
    }
    const answer = await list({ environment: "invalid-env" })
    assert.equal(answer.status, 404)
    const words = `Environment with slug 'invalid-env' in project with ID ${project.id} not found`
    assert.equal(answer.body.message, words)
    for (const query of [{}, { workspaceId: project.id }, { environment: "dev", workspaceSlug: "" }]) {
      assert.equal((await old(query)).status, 400)
    }
    people.ok(await old({ workspaceSlug: project.slug, workspaceId: "", environment: "dev" }))
    assert.equal((await list({ recursive: "1" })).status, 422)
  })
})

describe("rights", () => {
  const limited = async (permissions: Sent[]): Promise<string> => {
    const { id, token } = await people.addIdentity(harness, acme, "member")
    const slug = `role-${id.slice(-12)}`
    await addProjectRole(harness, project, slug, permissions as never)
    await putInProject(harness, project, { identityId: id }, slug)
    return token
  }

  test("a list holds exactly what its caller may see, and values what it may read", async () => {
    await addFolder("/team", "in")
    await addFolder("/", "teammates")
    for (const secretPath of ["/team", "/team/in", "/teammates"]) {
      for (const name of ["API_KEY", "API_URL", "DB_KEY"]) people.ok(await create(name, { secretPath }))
    }
    const token = await limited([
      { subject: "secrets", action: ["describeSecret"], conditions: { secretPath: { $glob: "/team/**" } } },
      {
        subject: "secrets",
        action: ["describeSecret"],
        inverted: true,
        conditions: { secretName: { $glob: "DB_*" } },
      },
      {
        subject: "secrets",
        action: ["readValue"],
        conditions: { secretName: "API_URL", environment: "dev" },
      },
    ])
    const { secrets } = people.ok(await list({ recursive: "true" }, token))
    assert.deepEqual(
      secrets.map((one: Sent) => [
        one["secretPath"],
        one["secretKey"],
        one["secretValue"],
        one["secretValueHidden"],
      ]),
      ["/team", "/team/in"].flatMap((path) => [
        [path, "API_KEY", "<hidden-by-infisical>", true],
        [path, "API_URL", "value of API_URL", false],
      ]),
    )
    assert.equal((await list({ secretPath: "/teammates" }, token)).status, 403)
    assert.equal((await list({ secretPath: "/team", environment: "prod" }, token)).status, 404)
    assert.equal((await get("DB_KEY", { secretPath: "/team" }, token)).status, 403)
    const key = people.ok(await get("API_KEY", { secretPath: "/team" }, token)).secret
    assert.deepEqual([key.secretValue, key.secretValueHidden], ["<hidden-by-infisical>", true])
  })

  test("who sees no value learns none by another way", async () => {
    people.ok(
      await create("UNSEEN", {
        secretValue: "the value itself",
        secretMetadata: [{ key: "h", value: "the value itself", isEncrypted: true }],
      }),
    )
    const { id } = people.ok(await get("UNSEEN")).secret
    const token = await limited([
      { subject: "secrets", action: ["describeSecret", "create", "edit", "delete"] },
    ])
    const batch = { ...at, secrets: [{ secretKey: "UNSEEN", secretComment: "changed" }] }
    const ways = [
      await get("UNSEEN", {}, token),
      await get("UNSEEN", { version: "1" }, token),
      await call(`GET /api/v4/secrets/id/${id}`, { token }),
      await list({ recursive: "true" }, token),
      await update("UNSEEN", { secretComment: "x" }, token),
      await call("PATCH /api/v4/secrets/batch", { token, body: batch }),
      await remove("UNSEEN", {}, token),
    ]
    for (const answer of ways) {
      assert.equal(answer.status, 200, answer.text)
      assert.ok(!answer.text.includes("the value itself"), answer.text)
    }
  })

  test("writing is judged by name, and renaming by both", async () => {
    const conditions = { secretName: { $glob: "MY_*" } }
    const token = await limited([{ subject: "secrets", action: ["create", "edit", "delete"], conditions }])
    const before = await harness.state()
    const refusals = [
      await create("YOURS", {}, token),
      await update("WHOLE", { secretValue: "x" }, token),
      await remove("WHOLE", {}, token),
    ]
    const after = await harness.state()
    assert.deepEqual(
      refusals.map(({ body }) => body.error),
      ["PermissionDenied", "PermissionDenied", "PermissionDenied"],
    )
    assert.deepEqual({ ...after, audit_logs: [] }, { ...before, audit_logs: [] })
    assert.equal((after["audit_logs"] ?? []).length, (before["audit_logs"] ?? []).length + 3)
    people.ok(await create("MY_OWN", {}, token))
    assert.equal((await update("MY_OWN", { newSecretName: "YOURS" }, token)).status, 403)
    people.ok(await remove("MY_OWN", {}, token))
  })
})
