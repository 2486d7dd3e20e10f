import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { sql } from "kysely"
import { watchChanges } from "../test/changes.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject, type Project } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { call, db } = harness
const project = await addProject(harness, acme)
const changes = await watchChanges(db)

type Sent = Record<string, unknown>
const create = (body: Sent = {}, token = acme.adminToken, of: Project = project): Promise<Answer> =>
  call("POST /api/v2/service-token", {
    token,
    body: {
      name: "Job",
      workspaceId: of.id,
      scopes: [{ environment: "dev", secretPath: "/**" }],
      permissions: ["read", "write"],
      ...body,
    },
  })
const made = async (body: Sent = {}, of: Project = project): Promise<{ id: string; token: string }> => {
  const { serviceToken, serviceTokenData } = people.ok(await create(body, acme.adminToken, of))
  return { id: serviceTokenData.id, token: serviceToken }
}
const own = (token: string) => call("GET /api/v2/service-token", { token })
const remove = (id: string, token = acme.adminToken) => call(`DELETE /api/v2/service-token/${id}`, { token })
const listed = async (of: Project): Promise<Sent[]> => {
  const route = `GET /api/v1/workspace/${of.id}/service-token-data`
  return people.ok(await call(route, { token: acme.adminToken })).serviceTokenData
}
const secrets = (token: string, query: Record<string, string>) =>
  call(`GET /api/v3/secrets/raw?${new URLSearchParams(query).toString()}`, { token })
const write = (name: string, token: string, body: Sent = {}) =>
  call(`POST /api/v3/secrets/raw/${name}`, {
    token,
    body: { workspaceId: project.id, environment: "dev", secretValue: "value", ...body },
  })
const namesOf = (answer: Answer): string[] =>
  people.ok(answer).secrets.map(({ secretKey }: { secretKey: string }) => secretKey)

/** Sends what must be refused, and sees that nothing but the audit log has changed. */
async function refused(send: () => Promise<Answer>, status: number, error: string): Promise<Answer> {
  const { rest } = await changes()
  const answer = await send()
  assert.equal(answer.status, status, answer.text)
  assert.equal(answer.body.error, error)
  assert.deepEqual((await changes()).rest, rest)
  return answer
}

const lastEvent = (type: string) =>
  db
    .selectFrom("audit_logs")
    .selectAll()
    .where("event_type", "=", type)
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirstOrThrow()

describe("making a service token", () => {
  test("shows it once, in the form that clients know, and keeps its hash alone", async () => {
    const scopes = [
      { environment: "dev", secretPath: "/app/**" },
      { environment: "prod", secretPath: "/" },
    ]
    const answer = people.ok(await create({ name: "Deploy", scopes, expiresIn: 3_600 }))
    const { serviceToken, serviceTokenData } = answer
    assert.match(serviceToken, /^st\.[0-9a-f-]{36}\.[0-9a-f]{32}$/)
    const { id, createdAt, updatedAt, expiresAt, createdBy, ...rest } = serviceTokenData
    assert.deepEqual(rest, {
      name: "Deploy",
      scopes: scopes.map(({ environment, secretPath }) => ({ secretPath, environment })),
      permissions: ["read", "write"],
      lastUsed: null,
      projectId: project.id,
      expiryNotificationSent: false,
    })
    assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), 3_600_000)
    assert.equal(createdAt, updatedAt)
    const secret = serviceToken.split(".")[2]
    const row = await db.selectFrom("service_tokens").selectAll().where("id", "=", id).executeTakeFirst()
    assert.ok(!JSON.stringify(row).includes(secret))
    assert.equal(row?.created_by, createdBy)
    const event = await lastEvent("create-service-token")
    assert.deepEqual(event.event_metadata, {
      projectId: project.id,
      serviceTokenId: id,
      name: "Deploy",
      scopes,
      permissions: ["read", "write"],
      expiresAt,
    })
    assert.ok(!JSON.stringify(event).includes(secret))
  })

  test("takes what clients of old send, a slash behind the path, and next to nothing", async () => {
    const old = { encryptedKey: "key", iv: "iv", tag: "tag", randomBytes: "00" }
    const scopes = [{ environment: "dev", secretPath: "/" }]
    const body = { workspaceId: project.id, scopes, permissions: ["write", "read", "read"], ...old }
    const answer = await call("POST /api/v2/service-token/", { token: acme.adminToken, body })
    const { serviceTokenData, serviceToken } = people.ok(answer)
    assert.deepEqual(
      [serviceTokenData.name, serviceTokenData.expiresAt, serviceTokenData.permissions],
      ["Service token", null, ["read", "write"]],
    )
    const self = people.ok(await own(serviceToken))
    assert.deepEqual([self.encryptedKey, self.iv, self.tag, self.secretHash], [null, null, null, ""])
    assert.equal(people.ok(await create({ expiresIn: 0 })).serviceTokenData.expiresAt, null)
  })

  test("refuses what is no scope, permission or time", async () => {
    const scope = (secretPath: unknown) => ({ scopes: [{ environment: "dev", secretPath }] })
    const bad: Sent[] = [
      scope("app"),
      scope(""),
      scope("/(a|b)"),
      scope("/a*b*c*d*e"),
      scope(`/${"a".repeat(1_024)}`),
      scope("/\0"),
      scope(7),
      { scopes: [] },
      { scopes: "dev:/" },
      { permissions: [] },
      { permissions: ["admin"] },
      { expiresIn: -1 },
      { expiresIn: 1.5 },
      { expiresIn: 315_360_001 },
      { name: "a\nb" },
    ]
    for (const body of bad) await refused(() => create(body), 422, "ValidationFailure")
  })

  test("is 404 for an environment that is not there, and 403 for a machine identity", async () => {
    const scopes = [{ environment: "nowhere", secretPath: "/" }]
    const { body } = await refused(() => create({ scopes }), 404, "NotFound")
    assert.equal(body.message, `Environment with slug 'nowhere' in project with ID ${project.id} not found`)
    await refused(() => create({}, acme.token), 403, "Forbidden access to /api/v2/service-token")
  })

  test("hands out no more than its maker may do, in a project of its own rules", async () => {
    const at = await addProject(harness, acme)
    const narrowed = (action: string[], subject: string) => ({
      subject,
      action,
      conditions: { environment: "dev", secretPath: { $glob: "/app/**" } },
    })
    const subjects = ["secrets", "secret-folders", "secret-imports"]
    await addProjectRole(harness, at, "narrow", [
      { subject: "service-tokens", action: ["create"] },
      ...subjects.map((subject) => narrowed(["read"], subject)),
    ])
    const email = "narrow@example.com"
    const token = await people.addPerson(harness, acme, { email, role: "no-access" })
    await putInProject(harness, at, { username: email }, "narrow")
    const scope = (environment: string, secretPath: string) => ({ scopes: [{ environment, secretPath }] })
    const read = { permissions: ["read"] }
    people.ok(await create({ ...scope("dev", "/app/**"), ...read }, token, at))
    people.ok(await create({ ...scope("dev", "/app/one"), ...read }, token, at))
    const beyond: Sent[] = [
      { ...scope("dev", "/**"), ...read },
      { ...scope("dev", "/"), ...read },
      { ...scope("dev", "/application"), ...read },
      { ...scope("prod", "/app/**"), ...read },
      { ...scope("dev", "/app/**"), permissions: ["read", "write"] },
      { scopes: [...scope("dev", "/app/one").scopes, ...scope("prod", "/").scopes], ...read },
    ]
    for (const body of beyond) {
      await refused(() => create(body, token, at), 403, "PermissionBoundaryError")
    }
    assert.equal((await lastEvent("permission-denied")).actor_type, "user")
  })
})

describe("a service token", () => {
  test("tells of itself, with who has made it", async () => {
    const { id, token } = await made({ name: "Own" })
    const answer = people.ok(await own(`${token}.ffffffffffffffffffffffffffffffff`))
    assert.deepEqual(
      [answer.id, answer._id, answer.name, answer.workspace, answer.projectId, answer.__v],
      [id, id, "Own", project.id, project.id, 0],
    )
    assert.deepEqual(answer.scopes, [{ secretPath: "/**", environment: "dev" }])
    assert.equal(answer.user.email, acme.adminUsername)
    assert.equal(answer.user.id, answer.createdBy)
  })

  test("is known by both of its parts, whatever a client puts behind them", async () => {
    const { id, token } = await made()
    const secret = token.slice(-32)
    const others: [string, number][] = [
      [`st.${randomUUID()}.${secret}`, 404],
      [`st.${id}x.${secret}`, 404],
      ["st.", 404],
      [`st.${id}`, 401],
      [`st.${id}.`, 401],
      [`st.${id}.${secret.slice(1)}`, 401],
      [`st.${id}.${secret}0`, 401],
      [`st.${id}.${secret.toUpperCase().replace(/^\d+$/, "A")}`, 401],
      [`${token}.${"f".repeat(32)}`, 200],
      [`${token}.`, 200],
      [`st.${id.toUpperCase()}.${secret}`, 200],
    ]
    for (const [sent, status] of others) assert.equal((await own(sent)).status, status, sent)
  })

  test("reads and writes in its places, as itself in the audit log and in versions", async () => {
    const { id, token } = await made({ name: "Writer" })
    const { secret } = people.ok(await write("BY_SERVICE", token))
    const written = await lastEvent("create-secret")
    assert.deepEqual(
      [written.actor_type, written.actor_id, written.actor_metadata],
      ["service", id, { serviceId: id, name: "Writer" }],
    )
    assert.ok(
      namesOf(await secrets(token, { workspaceId: project.id, environment: "dev" })).includes("BY_SERVICE"),
    )
    assert.equal((await lastEvent("get-secrets")).actor_type, "service")
    people.ok(await remove(id))
    const versions = `GET /api/v1/secret/${secret.id}/secret-versions?offset=0&limit=10`
    const [version] = people.ok(await call(versions, { token: acme.adminToken })).secretVersions
    assert.deepEqual(version.actor, { actorId: id, actorType: "service", name: "Writer", membershipId: null })
  })

  test("is of one project, which it need not name where it reads", async () => {
    const { token } = await made()
    assert.deepEqual(
      namesOf(await secrets(token, { environment: "dev" })),
      namesOf(await secrets(token, { environment: "dev", workspaceId: project.id })),
    )
    const one = await call("GET /api/v4/secrets/BY_SERVICE?environment=dev", { token })
    assert.equal(people.ok(one).secret.secretKey, "BY_SERVICE")
    for (const [query, sender] of [
      [{}, token],
      [{ workspaceId: project.id }, token],
      [{ environment: "dev" }, acme.token],
      [{ environment: "dev" }, acme.adminToken],
    ] as const) {
      await refused(() => secrets(sender, query), 400, "BadRequest")
    }
    const other = await addProject(harness, acme)
    const phrase = `Service token not a part of the specified project with ID ${other.id}`
    const elsewhere = () => secrets(token, { environment: "dev", workspaceId: other.id })
    await refused(elsewhere, 403, phrase)
    const unknown = () => secrets(token, { environment: "dev", workspaceId: randomUUID() })
    await refused(unknown, 404, "NotFound")
    const workspace = await call(`GET /api/v1/workspace/${project.id}`, { token })
    assert.equal(people.ok(workspace).workspace.id, project.id)
  })

  test("goes by segments of its path, and sees nothing else, be it there or not", async () => {
    const at = { projectId: project.id, environment: "dev" }
    for (const name of ["app", "application"]) {
      const body = { ...at, path: "/", name }
      people.ok(await call("POST /api/v2/folders", { token: acme.token, body }))
    }
    const within = (secretPath: string) => ({ secretPath })
    for (const path of ["/app", "/application"]) people.ok(await write("DEEP", acme.token, within(path)))
    const { token } = await made({ scopes: [{ environment: "dev", secretPath: "/app/" }] })
    const read = (secretPath: string, more: Record<string, string> = {}) =>
      secrets(token, { environment: "dev", secretPath, ...more })
    assert.deepEqual(namesOf(await read("/app")), ["DEEP"])
    assert.deepEqual(namesOf(await read("/application")), [])
    assert.deepEqual(namesOf(await read("/", { recursive: "true" })), ["DEEP"])
    for (const [environment, secretPath] of [
      ["dev", "/nowhere"],
      ["nowhere", "/"],
      ["prod", "/"],
    ] as const) {
      const query = new URLSearchParams({ projectId: project.id, environment, secretPath }).toString()
      assert.deepEqual(namesOf(await call(`GET /api/v4/secrets?${query}`, { token })), [])
    }
    await refused(() => write("NEW", token, within("/application")), 403, "PermissionDenied")
    people.ok(await write("NEW", token, within("/app")))
    const personal = { ...within("/app"), type: "personal" }
    await refused(() => write("NEW", token, personal), 400, "BadRequest")
  })

  test("puts no value in place of a reference that leads out of its places", async () => {
    const at = await addProject(harness, acme)
    const put = async (name: string, environment: string, secretValue: string) =>
      people.ok(await write(name, acme.token, { workspaceId: at.id, environment, secretValue }))
    await put("HIDDEN", "prod", "out of reach")
    await put("SEEN", "dev", "in reach")
    await put("BOTH", "dev", "${prod.HIDDEN} ${SEEN}")
    const { token } = await made({}, at)
    const answer = await secrets(token, { environment: "dev", expandSecretReferences: "true" })
    const { secretValue } = people
      .ok(answer)
      .secrets.find(({ secretKey }: { secretKey: string }) => secretKey === "BOTH")
    assert.equal(secretValue, "${prod.HIDDEN} in reach")
  })

  test("follows its environment, not the name of it", async () => {
    const at = await addProject(harness, acme)
    const [dev] = at.environments
    const { token } = await made({}, at)
    const environments = `/api/v1/projects/${at.id}/environments`
    const admin = (route: string, body?: Sent) =>
      call(route, { token: acme.token, ...(body ? { body } : {}) })
    people.ok(await admin(`PATCH ${environments}/${dev?.id}`, { slug: "moved" }))
    people.ok(await admin(`POST ${environments}`, { name: "Impostor", slug: "dev" }))
    const put = (environment: string) => write("HERE", token, { workspaceId: at.id, environment })
    people.ok(await put("moved"))
    await refused(() => put("dev"), 403, "PermissionDenied")
    assert.deepEqual(people.ok(await own(token)).scopes, [{ secretPath: "/**", environment: "moved" }])
    people.ok(await admin(`DELETE ${environments}/${dev?.id}`))
    await refused(() => put("moved"), 403, "PermissionDenied")
    assert.deepEqual(people.ok(await own(token)).scopes, [])
  })

  test("is answered as itself and what it asked for, however many ask at once", async () => {
    const at = await addProject(harness, acme)
    const environments = at.environments.map(({ slug }) => slug)
    const values = Array.from({ length: 6 }, (_, index) => `value-${index}`)
    for (const environment of environments) {
      for (const value of values) {
        const secretValue = `${environment} ${value}`
        people.ok(await write(value, acme.token, { workspaceId: at.id, environment, secretValue }))
      }
    }
    const tokens = await Promise.all(
      environments.map((environment) => made({ scopes: [{ environment, secretPath: "/" }] }, at)),
    )
    const asked = environments.flatMap((environment, index) =>
      environments.flatMap((of) =>
        values.map((value) => ({ environment, token: tokens[index]?.token, of, value })),
      ),
    )
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        asked.map(async ({ environment, token, of, value }) => {
          const answer = await call(`GET /api/v4/secrets/${value}?environment=${of}`, { token })
          if (of === environment) assert.equal(people.ok(answer).secret.secretValue, `${of} ${value}`)
          else assert.equal(answer.body.error, "PermissionDenied", answer.text)
        }),
      )
    }
  })

  test("is noted when it is used, once a minute", async () => {
    const { id, token } = await made()
    people.ok(await own(token))
    const lastUsed = async (): Promise<Date | null | undefined> => {
      const row = await db
        .selectFrom("service_tokens")
        .select("last_used_at")
        .where("id", "=", id)
        .executeTakeFirst()
      return row?.last_used_at
    }
    let first = await lastUsed()
    for (let tries = 0; !first && tries < 200; tries++) {
      await sleep(10)
      first = await lastUsed()
    }
    assert.ok(first)
    people.ok(await own(token))
    await sleep(50)
    assert.deepEqual(await lastUsed(), first)
  })
})

describe("a change by a service token that loses its right meanwhile", () => {
  /** Sends a change that has to wait for a lock, lets something happen, and then the change go on. */
  async function meanwhile(happens: (of: { at: Project; id: string }) => Promise<Answer>): Promise<Answer> {
    const at = await addProject(harness, acme)
    const { id, token } = await made({}, at)
    const place = { workspaceId: at.id, environment: "dev" }
    const { secret } = people.ok(await write("CONTESTED", token, place))
    const change = () =>
      call("PATCH /api/v3/secrets/raw/CONTESTED", { token, body: { ...place, secretValue: "changed" } })
    const waiting = await db.transaction().execute(async (transaction) => {
      await transaction.selectFrom("secrets").select("id").where("id", "=", secret.id).forUpdate().execute()
      const sent = change()
      for (let isWaiting = false; !isWaiting; await sleep(5)) {
        const { rows } = await sql`
          select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
          db,
        )
        isWaiting = rows.length > 0
      }
      people.ok(await happens({ at, id }))
      return { sent }
    })
    const answer = await waiting.sent
    const now = await call(`GET /api/v4/secrets/id/${secret.id}`, { token: acme.token })
    assert.equal(people.ok(now).secret.secretValue, "value")
    return answer
  }

  test("is refused when the token was deleted", async () => {
    assert.equal((await meanwhile(({ id }) => remove(id))).status, 404)
  })

  test("is refused when the environment got another name", async () => {
    const rename = ({ at }: { at: Project }) =>
      call(`PATCH /api/v1/projects/${at.id}/environments/${at.environments[0]?.id}`, {
        token: acme.token,
        body: { slug: "renamed" },
      })
    // By its old name nobody finds it; its new one was not sent.
    const answer = await meanwhile(rename)
    assert.equal(answer.body.error, "PermissionDenied", answer.text)
  })
})

describe("the service tokens of a project", () => {
  test("are listed while they are good, the newest first, and deleted once", async () => {
    const at = await addProject(harness, acme)
    assert.deepEqual(await listed(at), [])
    const [first, second, short] = [await made({}, at), await made({}, at), await made({ expiresIn: 1 }, at)]
    const ids = async () => (await listed(at)).map(({ id }) => id)
    await db
      .updateTable("service_tokens")
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where("id", "=", short.id)
      .execute()
    assert.deepEqual(await ids(), [second.id, first.id])
    assert.equal((await own(short.token)).body.error, "TokenError")
    await refused(() => remove(short.id), 404, "NotFound")
    const answers = await Promise.all([remove(first.id), remove(first.id), remove(first.id)])
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((one, other) => one - other),
      [200, 404, 404],
    )
    assert.equal((await own(first.token)).status, 404)
    assert.deepEqual(await ids(), [second.id])
    const events = await db
      .selectFrom("audit_logs")
      .select("event_metadata")
      .where("event_type", "=", "delete-service-token")
      .execute()
    const deleted = events.map(({ event_metadata }) => (event_metadata as Sent)["serviceTokenId"])
    assert.equal(deleted.filter((id) => id === first.id).length, 1)
    await refused(() => remove("not-an-id"), 404, "NotFound")
  })

  test("are changed by nothing that a service token sends", async () => {
    const { id, token } = await made()
    for (const route of [
      "POST /api/v2/service-token",
      `DELETE /api/v2/service-token/${id}`,
      `GET /api/v1/workspace/${project.id}/service-token-data`,
      "GET /api/v1/groups",
      `GET /api/v1/projects/${project.id}`,
    ]) {
      const path = route.split(" ")[1] ?? ""
      await refused(() => call(route, { token }), 403, `Forbidden access to ${path}`)
    }
  })
})
