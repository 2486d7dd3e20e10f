import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"
import { expand, referencesIn, wordOf, type Target } from "./references.ts"

type Sent = Record<string, unknown>
const root = { environment: "dev", secretPath: "/" }

describe("references, by themselves", () => {
  test("are names of the same folder, or of another by environment and folders", () => {
    const inner = { environment: "dev", secretPath: "/a/b" }
    const cases: [text: string, found: object[]][] = [
      ["${NAME}", [{ ...inner, secretName: "NAME" }]],
      ["${prod.NAME}", [{ environment: "prod", secretPath: "/", secretName: "NAME" }]],
      ["${prod.x.y-z.NAME}!", [{ environment: "prod", secretPath: "/x/y-z", secretName: "NAME" }]],
      [
        "a ${A}${B} b",
        [
          { ...inner, secretName: "A" },
          { ...inner, secretName: "B" },
        ],
      ],
      ["${out${IN}er}", [{ ...inner, secretName: "IN" }]],
      ["a$b ${ } ${} ${ A } $A ${A ${.} ${.A} ${a..B} ${A.}", []],
    ]
    for (const [text, found] of cases) assert.deepEqual(referencesIn(text, inner), found, text)
  })

  const put = (
    values: Record<string, string>,
    name: string,
    budget = { steps: 1_000, characters: 10_000 },
  ) => {
    const targets = new Map<string, Target>(
      Object.entries(values).map(([secretName, value]) => [
        wordOf({ ...root, secretName }),
        { id: secretName, place: root, value },
      ]),
    )
    const target = targets.get(wordOf({ ...root, secretName: name }))
    assert.ok(target)
    return expand(target, (reference) => targets.get(wordOf(reference)), budget)
  }

  test("give way to values to any depth, and what leads nowhere or back stays", () => {
    const values = {
      A: "a",
      B: "<${A}>",
      C: "${B}${B}-${NO}",
      SELF: "s${SELF}",
      C1: "${C2}",
      C2: "${C1}",
      OVER: "${C1}+${A}",
      DOLLAR: "$& $1 $$",
      TEXT: "${DOLLAR}",
      MADE: "$${OPEN}A}",
      OPEN: "{",
    }
    const expected = {
      A: "a",
      B: "<a>",
      C: "<a><a>-${NO}",
      SELF: "s${SELF}",
      C1: "${C1}",
      C2: "${C2}",
      OVER: "${C1}+a",
      TEXT: "$& $1 $$",
      MADE: "${A}",
    }
    for (const [name, value] of Object.entries(expected)) assert.equal(put(values, name)?.value, value, name)
    const taken = [...(put(values, "C")?.taken ?? [])].map(({ id }) => id).toSorted()
    assert.deepEqual(taken, ["A", "B"])
  })

  test("stop at what a value may cost", () => {
    const laughs = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `L${index}`,
        "${L}".replace("L", `L${index + 1}`).repeat(10),
      ]),
    )
    const began = Date.now()
    assert.equal(put({ ...laughs, L30: "ha" }, "L0"), undefined)
    assert.equal(put({ A: "${B}".repeat(50), B: "b".repeat(500) }, "A"), undefined)
    assert.equal(put({ A: "${NO}".repeat(1_001) }, "A"), undefined)
    assert.equal(put({ A: "${B}${B}", B: "b" }, "A", { steps: 2, characters: 2 })?.value, "bb")
    assert.ok(Date.now() - began < 1_000)
  })
})

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { call } = harness
const { token } = acme

async function freshProject() {
  const project = await addProject(harness, acme)
  const at = (place: Partial<typeof root>) => ({ projectId: project.id, ...root, ...place })
  const read = (route: string, query: Record<string, string>, by: string) =>
    call(
      `${route}?${new URLSearchParams({ ...at({}), expandSecretReferences: "true", ...query }).toString()}`,
      {
        token: by,
      },
    )
  return {
    project,
    async folder(environment: string, name: string) {
      const body = { projectId: project.id, environment, path: "/", name }
      people.ok(await call("POST /api/v2/folders", { token, body }))
    },
    async add(name: string, secretValue: string, place: Partial<typeof root> = {}) {
      people.ok(await call(`POST /api/v4/secrets/${name}`, { token, body: { ...at(place), secretValue } }))
    },
    get: (name: string, query: Record<string, string> = {}, by = token) =>
      read(`GET /api/v4/secrets/${name}`, query, by),
    list: (query: Record<string, string> = {}, by = token) => read("GET /api/v4/secrets", query, by),
  }
}

const valueOf = (answer: Answer): string => people.ok(answer).secret.secretValue
const valuesOf = (secrets: Sent[]) =>
  Object.fromEntries(secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue]))
const lastEvent = async (type: string): Promise<Sent> => {
  const row = await harness.db
    .selectFrom("audit_logs")
    .select("event_metadata")
    .where("event_type", "=", type)
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirstOrThrow()
  return row.event_metadata as Sent
}

describe("references", () => {
  test("are put in place across environments, folders and imports when it is asked for", async () => {
    const own = await freshProject()
    await own.folder("prod", "db")
    await own.folder("dev", "app")
    await own.add("USER", "ada")
    await own.add("PASSWORD", "${HOST}-secret", { environment: "prod", secretPath: "/db" })
    await own.add("HOST", "db.example.com", { environment: "prod", secretPath: "/db" })
    await own.add("SHARED", "shared by ${prod.db.HOST}", { environment: "staging" })
    const body = { projectId: own.project.id, environment: "dev", path: "/app" }
    const source = { import: { environment: "staging", path: "/" } }
    people.ok(await call("POST /api/v2/secret-imports", { token, body: { ...body, ...source } }))
    const url = "${USER}:${prod.db.PASSWORD} ${dev.app.SHARED} ${NO} ${no.NO} a$b ${ }"
    await own.add("URL", url)
    assert.equal(valueOf(await own.get("URL", { expandSecretReferences: "false" })), url)
    const whole = "ada:db.example.com-secret shared by db.example.com ${NO} ${no.NO} a$b ${ }"
    assert.equal(valueOf(await own.get("URL", { expandSecretReferences: "True" })), whole)
    assert.equal(valueOf(await own.get("URL", { version: "1" })), whole)
    const { references, ...event } = await lastEvent("get-secret")
    assert.equal(event["secretKey"], "URL")
    const names = (references as Sent[]).map((one) => [
      one["environment"],
      one["secretPath"],
      one["secretKey"],
    ])
    assert.deepEqual(
      names.map((name) => name.join(" ")).toSorted((one, other) => (one < other ? -1 : 1)),
      ["dev / USER", "prod /db HOST", "prod /db PASSWORD", "staging / SHARED"],
    )
    const listed = people.ok(await own.list())
    assert.deepEqual(valuesOf(listed.secrets), { USER: "ada", URL: whole })
    assert.deepEqual((await lastEvent("get-secrets"))["references"], [
      { environment: "dev", secretPath: "/", numberOfSecrets: 1 },
      { environment: "prod", secretPath: "/db", numberOfSecrets: 2 },
      { environment: "staging", secretPath: "/", numberOfSecrets: 1 },
    ])
    const { imports } = people.ok(await own.list({ secretPath: "/app", includeImports: "true" }))
    assert.deepEqual(valuesOf(imports[0].secrets), { SHARED: "shared by db.example.com" })
    people.ok(await own.list({ expandSecretReferences: "false" }))
    assert.equal((await lastEvent("get-secrets"))["references"], undefined)
    const old = new URLSearchParams({ workspaceId: own.project.id, environment: "dev" })
    old.set("expandSecretReferences", "true")
    const raw = await call(`GET /api/v3/secrets/raw/URL?${old.toString()}`, { token })
    assert.equal(valueOf(raw), whole)
  })

  test("are read with the rights of the caller", async () => {
    const own = await freshProject()
    await own.add("SECRET", "the value itself", { environment: "prod" })
    await own.add("OPEN", "open", { environment: "staging" })
    await own.add("BETWEEN", "${prod.SECRET}", { environment: "staging" })
    await own.add("REF", "${prod.SECRET} ${staging.BETWEEN} ${staging.OPEN} ${staging.SEEN}")
    await own.add("SEEN", "described alone", { environment: "staging" })
    const { id, token: machine } = await people.addIdentity(harness, acme, "member")
    const action = ["describeSecret", "readValue"]
    await addProjectRole(harness, own.project, "narrow", [
      { subject: "secrets", action, conditions: { environment: { $in: ["dev", "staging"] } } },
      { subject: "secrets", action: ["readValue"], inverted: true, conditions: { secretName: "SEEN" } },
    ] as never)
    await putInProject(harness, own.project, { identityId: id }, "narrow")
    const expected = "${prod.SECRET} ${prod.SECRET} open ${staging.SEEN}"
    assert.equal(valueOf(await own.get("REF", {}, machine)), expected)
    const names = ((await lastEvent("get-secret"))["references"] as Sent[]).map((one) => one["secretKey"])
    assert.deepEqual(new Set(names), new Set(["BETWEEN", "OPEN"]))
    assert.deepEqual(valuesOf(people.ok(await own.list({}, machine)).secrets), { REF: expected })
    const unseen = await own.list({ viewSecretValue: "false" })
    assert.ok(!unseen.text.includes("the value itself"), unseen.text)
    assert.equal(valueOf(await own.get("REF")), "the value itself the value itself open described alone")
  })

  test("are shown as a tree, without what the caller may not read", async () => {
    const own = await freshProject()
    const far = { environment: "prod", secretPath: "/" }
    await own.add("FAR", "far ${NEAR} ${NEAR}", far)
    await own.add("NEAR", "near", far)
    await own.add("BACK", "${ROOT}")
    await own.add("ROOT", "${prod.FAR} ${BACK} ${NO}")
    const tree = async (by: string, name = "ROOT") => {
      const at = { workspaceId: own.project.id, ...root }
      const route = `GET /api/v3/secrets/raw/${name}/secret-reference-tree`
      return call(`${route}?${new URLSearchParams(at).toString()}`, { token: by })
    }
    const node = (key: string, value?: string, children: object[] = [], at: object = root) => ({
      ...at,
      key,
      ...(value === undefined ? {} : { value }),
      children,
    })
    const written = "${prod.FAR} ${BACK} ${NO}"
    const back = node("BACK", "${ROOT}", [node("ROOT", written)])
    assert.deepEqual(people.ok(await tree(acme.adminToken)), {
      tree: node("ROOT", written, [
        node("FAR", "far ${NEAR} ${NEAR}", [node("NEAR", "near", [], far)], far),
        back,
        node("NO"),
      ]),
      value: "far near near ${ROOT} ${NO}",
    })
    const names = ((await lastEvent("get-secret"))["references"] as Sent[]).map((one) => one["secretKey"])
    assert.deepEqual(new Set(names), new Set(["FAR", "NEAR", "BACK", "ROOT"]))
    assert.equal((await tree(token)).status, 403)
    assert.equal((await tree(acme.adminToken, "NO")).status, 404)

    const email = "reader@example.com"
    const reader = await people.addPerson(harness, acme, { email, role: "member" })
    await addProjectRole(harness, own.project, "dev-alone", [
      { subject: "secrets", action: ["describeSecret"] },
      { subject: "secrets", action: ["readValue"], conditions: { environment: "dev", secretName: "ROOT" } },
    ] as never)
    await putInProject(harness, own.project, { username: email }, "dev-alone")
    const narrow = people.ok(await tree(reader))
    assert.deepEqual(narrow, {
      tree: node("ROOT", written, [node("FAR", undefined, [], far), node("BACK"), node("NO")]),
      value: written,
    })
    assert.deepEqual(people.ok(await tree(reader, "BACK")), { tree: node("BACK") })
  })

  test("of another project or organization lead nowhere", async () => {
    const [own, other] = [await freshProject(), await freshProject()]
    await other.add("ONLY_THERE", "elsewhere")
    await own.add("REF", "${ONLY_THERE} ${dev.ONLY_THERE}")
    assert.equal(valueOf(await own.get("REF")), "${ONLY_THERE} ${dev.ONLY_THERE}")
  })

  test("that go round, or would be endless, are answered at once and as they are written", async () => {
    const own = await freshProject()
    await own.add("C1", "${C2}")
    await own.add("C2", "${C1}")
    for (let index = 0; index < 12; index++) await own.add(`L${index}`, `\${L${index + 1}}`.repeat(10))
    await own.add("L12", "ha".repeat(100))
    for (let index = 0; index < 25; index++) await own.add(`D${index}`, `\${D${index + 1}}`)
    await own.add("D25", "deep")
    const began = performance.now()
    assert.equal(valueOf(await own.get("C1")), "${C1}")
    assert.equal(valueOf(await own.get("L0")), "${L1}".repeat(10))
    assert.equal(valueOf(await own.get("L10")), "ha".repeat(10_000))
    const values = valuesOf(people.ok(await own.list()).secrets)
    assert.deepEqual(
      [values["C2"], values["L0"], values["L11"]],
      ["${C2}", "${L1}".repeat(10), "ha".repeat(1_000)],
    )
    assert.equal(valueOf(await own.get("D5")), "deep")
    assert.equal(valueOf(await own.get("D0")), "${D21}")
    assert.ok(performance.now() - began < 8_000)
  })
})
