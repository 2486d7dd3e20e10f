import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { StoredRule } from "../db/rules.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { call } = harness
const { token } = acme

const [, claims = ""] = token.split(".")
/** The machine identity whose token it is. */
const me: string = JSON.parse(Buffer.from(claims, "base64url").toString()).identityId

type Sent = Record<string, unknown>
type Snapshot = {
  id: string
  folderId: string
  parentFolderId: string | null
  actor: { actorId: string | null }
}
type Past = {
  id: string
  secretId: string
  secretKey: string
  secretValue: string
  secretValueHidden: boolean
  version: number
}
const inOrder = (one: string, other: string) => (one < other ? -1 : 1)
const search = (query: Record<string, string>) => new URLSearchParams(query).toString()

/** A project of its own, and what its admin does in its first environment. */
async function freshProject() {
  const project = await addProject(harness, acme)
  const at = (path: string) => ({ projectId: project.id, environment: "dev", path })
  const secretAt = (secretPath: string) => ({ projectId: project.id, environment: "dev", secretPath })
  const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1)
  const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/")) || "/"
  const act = async (route: string, body: Sent, by = token) =>
    people.ok(await call(route, { token: by, body }))
  /** The same for a secret by its path. */
  const secret = (verb: string, path: string, body: Sent = {}, by = token) =>
    act(`${verb} /api/v4/secrets/${nameOf(path)}`, { ...secretAt(parentOf(path)), ...body }, by)
  const list = (path: string, query: Record<string, string> = {}, by = token) =>
    call(
      `GET /api/v1/workspace/${project.id}/secret-snapshots?${search({ environment: "dev", path, ...query })}`,
      {
        token: by,
      },
    )
  return {
    project,
    at,
    secretAt,
    act,
    list,
    add: async (path: string, secretValue: string, body: Sent = {}): Promise<string> =>
      (await secret("POST", path, { secretValue, ...body })).secret.id,
    set: (path: string, body: Sent) => secret("PATCH", path, body),
    remove: (path: string) => secret("DELETE", path),
    folder: async (path: string): Promise<string> =>
      (await act("POST /api/v2/folders", { ...at(parentOf(path)), name: nameOf(path) })).folder.id,
    removeFolder: (path: string) =>
      act(`DELETE /api/v2/folders/${nameOf(path)}`, { ...at(parentOf(path)), forceDelete: true }),
    import: async (into: string, path: string, environment = "staging"): Promise<string> =>
      (await act("POST /api/v2/secret-imports", { ...at(into), import: { environment, path } })).secretImport
        .id,
    snapshots: async (path: string): Promise<Snapshot[]> =>
      people.ok(await list(path, { limit: "100" })).secretSnapshots,
    async newest(path: string): Promise<string> {
      const [first] = await this.snapshots(path)
      assert.ok(first)
      return first.id
    },
    /** All that lies in the environment: values by path, folders, imports. */
    async content() {
      const query = search({ ...secretAt("/"), recursive: "true" })
      const { secrets } = people.ok(await call(`GET /api/v4/secrets?${query}`, { token }))
      const folders = people.ok(
        await call(`GET /api/v2/folders?${search({ ...at("/"), recursive: "true" })}`, { token }),
      ).folders as { path: string; description: string | null }[]
      const imports: string[] = []
      for (const path of ["/", ...folders.map((each) => each.path)]) {
        const { secretImports } = people.ok(
          await call(`GET /api/v2/secret-imports?${search(at(path))}`, { token }),
        )
        for (const { importEnv, importPath } of secretImports)
          imports.push(`${path} ${importEnv.slug}:${importPath}`)
      }
      type Listed = Past & { secretPath: string; secretComment: string; secretMetadata: object[] }
      return {
        secrets: Object.fromEntries(
          (secrets as Listed[]).map((each) => [
            `${each.secretPath} ${each.secretKey}`,
            [each.secretValue, each.secretComment, each.secretMetadata],
          ]),
        ),
        folders: folders.map(({ path, description }) => `${path} ${description}`).toSorted(inOrder),
        imports,
      }
    },
  }
}

const get = (id: string, by = token) => call(`GET /api/v1/secret-snapshot/${id}`, { token: by })
const restore = (id: string, by = token) => call(`POST /api/v1/secret-snapshot/${id}/rollback`, { token: by })

async function limited(project: { id: string; orgId: string }, ...rules: StoredRule[]): Promise<string> {
  const machine = await people.addIdentity(harness, acme, "member")
  const slug = `role-${machine.id.slice(-12)}`
  await addProjectRole(harness, project, slug, rules)
  await putInProject(harness, project, { identityId: machine.id }, slug)
  return machine.token
}
const rule = (subject: string, action: string[], conditions = {}): StoredRule => ({
  subject,
  action,
  conditions,
})

/** Sees that it is refused so, and that nothing but the audit log has changed. */
const refuse = refusing(harness, "but for its record")
const refused = (status: number, ask: () => Promise<Answer>) => refuse(ask, status)

describe("the history of a folder", () => {
  test("begins with the folder and has every change of what lies in it, with who made it", async () => {
    const of = await freshProject()
    const [first, ...none] = await of.snapshots("/")
    assert.ok(first)
    assert.deepEqual([none, first.parentFolderId, first.actor.actorId], [[], null, null])
    const sub = await of.folder("/sub")
    const [id, moved] = [await of.add("/A", "1"), await of.add("/MOVED", "2")]
    const imported = await of.import("/", "/")
    const batch = { ...of.secretAt("/"), secrets: [{ secretKey: "B", secretValue: "b" }] }
    const move = { sourceEnvironment: "dev", destinationEnvironment: "dev", destinationSecretPath: "/sub" }
    const { projectId } = of.secretAt("/")
    const importing = { ...of.at("/"), import: { environment: "prod", path: "/" } }
    const changes: [path: string, change: () => Promise<unknown>][] = [
      ["/", () => of.set("/A", { secretValue: "2" })],
      ["/", () => of.set("/A", { newSecretName: "AA" })],
      ["/", () => of.act(`POST /api/v4/secrets/id/${id}/rollback`, { version: 1 })],
      ["/", () => of.act("POST /api/v4/secrets/batch", batch)],
      ["/", () => of.act("PATCH /api/v4/secrets/batch", batch)],
      ["/", () => of.act("DELETE /api/v4/secrets/batch", batch)],
      ["/ /sub", () => of.act("POST /api/v4/secrets/move", { projectId, ...move, secretIds: [moved] })],
      ["/", () => of.remove("/AA")],
      ["/", () => of.act(`PATCH /api/v2/folders/${sub}`, { ...of.at("/"), name: "sub", description: "d" })],
      ["/", () => of.act(`PATCH /api/v2/secret-imports/${imported}`, importing)],
      ["/", () => of.act(`DELETE /api/v2/secret-imports/${imported}`, of.at("/"))],
      ["/sub", () => of.folder("/sub/inner")],
      ["/", () => of.import("/", "/sub", "dev")],
      // What imports a folder follows when that is renamed, and ends with it.
      ["/", () => of.act(`PATCH /api/v2/folders/${sub}`, { ...of.at("/"), name: "other" })],
      ["/", () => of.removeFolder("/other")],
    ]
    for (const [index, [touched, change]] of changes.entries()) {
      // The last two changes are those of the inner folder itself.
      const folders = index < changes.length - 2 ? ["/", "/sub"] : ["/"]
      const before = await Promise.all(folders.map((path) => of.snapshots(path)))
      await change()
      for (const [at, path] of folders.entries()) {
        const [news, known] = [await of.snapshots(path), before[at] ?? []]
        const added = news.slice(0, news.length - known.length)
        assert.deepEqual(news.slice(added.length), known)
        const isTouched = touched.split(" ").includes(path)
        assert.deepEqual(
          added.map(({ actor }) => actor.actorId),
          isTouched ? [me] : [],
          `${index}: ${path}`,
        )
      }
    }
    const { count } = people.ok(
      await call(
        `GET /api/v1/workspace/${projectId}/secret-snapshots/count?${search({ environment: "dev", path: "/" })}`,
        { token },
      ),
    )
    assert.equal(count, (await of.snapshots("/")).length)
    const [page] = people.ok(await of.list("/", { offset: "1", limit: "1" })).secretSnapshots
    assert.equal(page.id, (await of.snapshots("/"))[1]?.id)
    assert.equal((await of.list("/gone")).status, 404)
  })

  test("has nothing of personal secrets, nor of what is refused", async () => {
    const of = await freshProject()
    await of.add("/A", "1")
    const before = await of.snapshots("/")
    const own = { ...of.secretAt("/"), type: "personal", secretValue: "mine" }
    await of.act("POST /api/v4/secrets/A", own, acme.adminToken)
    await of.act("PATCH /api/v4/secrets/A", { ...own, secretValue: "new" }, acme.adminToken)
    await of.act("DELETE /api/v4/secrets/A", own, acme.adminToken)
    await refused(400, () => call("POST /api/v4/secrets/A", { token, body: { ...own, type: "shared" } }))
    assert.deepEqual(await of.snapshots("/"), before)
  })

  test("shows a folder as it was: what its reader may see, and values to who may read them", async () => {
    const of = await freshProject()
    const id = await of.add("/A", "old", { secretComment: "why" })
    await of.add("/HIDDEN", "h")
    await of.folder("/sub")
    await of.import("/", "/far")
    const then = await of.newest("/")
    await of.set("/A", { secretValue: "new", newSecretName: "Z" })
    await of.remove("/HIDDEN")
    await of.removeFolder("/sub")
    const { secretSnapshot: shown } = people.ok(await get(then))
    assert.deepEqual(
      shown.secretVersions.map((each: Past) => [each.secretKey, each.secretValue, each.version]),
      [
        ["A", "old", 1],
        ["HIDDEN", "h", 1],
      ],
    )
    assert.deepEqual([shown.secretVersions[0].secretId, shown.secretVersions[0].secretComment], [id, "why"])
    assert.deepEqual(
      shown.folderVersion.map(({ name }: { name: string }) => name),
      ["sub"],
    )
    assert.deepEqual(shown.secretImports, [{ environment: "staging", secretPath: "/far" }])
    const seesA = await limited(
      of.project,
      rule("secret-rollback", ["read"]),
      rule("secrets", ["describeSecret"]),
      rule("secrets", ["readValue"], { secretName: "A" }),
    )
    // A is called Z by now, which this reader may not read.
    const { secretSnapshot: seen } = people.ok(await get(then, seesA))
    assert.deepEqual(
      seen.secretVersions.map((each: Past) => [each.secretKey, each.secretValueHidden]),
      [
        ["A", true],
        ["HIDDEN", true],
      ],
    )
    assert.deepEqual([seen.folderVersion, seen.secretImports], [[], []])
    const events = await harness.db
      .selectFrom("audit_logs")
      .select("event_metadata")
      .where("event_type", "=", "get-folder-snapshot")
      .execute()
    assert.deepEqual(
      events.map(({ event_metadata }) => (event_metadata as Sent)["numberOfSecrets"]),
      [2, 2],
    )
  })
})

describe("a folder that is restored", () => {
  test("is what it was, and that can be undone; one row of the audit log tells of it", async () => {
    const of = await freshProject()
    const metadata = [{ key: "k", value: "hidden", isEncrypted: true }]
    const renamed = await of.add("/RENAMED", "r", { secretComment: "c", secretMetadata: metadata })
    await of.add("/CHANGED", "1")
    await of.add("/GONE", "g")
    await of.add("/SAME", "s")
    await of.folder("/sub")
    await of.folder("/sub/deep")
    await of.add("/sub/deep/D", "d")
    await of.import("/sub", "/far")
    const stays = await of.folder("/stays")
    await of.add("/stays/LEFT", "before")
    await of.import("/", "/one")
    await of.import("/", "/two")
    const then = await of.newest("/")
    const content = await of.content()

    await of.set("/RENAMED", { newSecretName: "NAMED", secretComment: "", secretMetadata: [] })
    await of.set("/CHANGED", { secretValue: "2" })
    await of.remove("/GONE")
    await of.add("/NEW", "n")
    await of.removeFolder("/sub")
    await of.folder("/fresh")
    await of.add("/fresh/F", "f")
    await of.act(`PATCH /api/v2/folders/${stays}`, { ...of.at("/"), name: "moved", description: "now" })
    await of.set("/moved/LEFT", { secretValue: "after" })
    const listed = await call(`GET /api/v2/secret-imports?${search(of.at("/"))}`, { token })
    const [one] = people.ok(listed).secretImports
    await of.act(`DELETE /api/v2/secret-imports/${one.id}`, of.at("/"))
    await of.import("/", "/three")
    const now = await of.newest("/")
    const changed = await of.content()
    assert.notDeepEqual(changed, content)

    const { secretSnapshot: restored } = people.ok(await restore(then))
    assert.equal(restored.id, await of.newest("/"))
    assert.equal(restored.actor.actorId, me)
    // What lies in a folder that is there still has its own history.
    content.secrets["/stays LEFT"] = ["after", "", []]
    assert.deepEqual(await of.content(), content)
    const again = people.ok(await get(restored.id)).secretSnapshot
    assert.equal(again.secretVersions.find((each: Past) => each.secretKey === "RENAMED").secretId, renamed)
    assert.equal(again.secretVersions.find((each: Past) => each.secretKey === "SAME").version, 1)
    const rows = await harness.db
      .selectFrom("audit_logs")
      .select("event_metadata")
      .where("event_type", "=", "restore-folder")
      .execute()
    assert.deepEqual(
      rows.map(({ event_metadata }) => event_metadata),
      [
        {
          projectId: of.project.id,
          environment: "dev",
          secretPath: "/",
          snapshotId: then,
          secrets: {
            created: ["/GONE", "/sub/deep/D"],
            updated: ["/CHANGED", "/RENAMED"],
            deleted: ["/NEW"],
          },
          folders: { created: ["/sub", "/sub/deep"], updated: ["/stays"], deleted: ["/fresh"] },
          numberOfImportsCreated: 2,
          numberOfImportsDeleted: 1,
        },
      ],
    )

    people.ok(await restore(now))
    assert.deepEqual(await of.content(), changed)
    people.ok(await restore(restored.id))
    assert.deepEqual(await of.content(), content)
  })

  test("keeps personal secrets of what stays and of what is renamed back, and ends others", async () => {
    const of = await freshProject()
    for (const name of ["/A", "/B"]) await of.add(name, "shared")
    const then = await of.newest("/")
    const own = (name: string) =>
      of.act(
        `POST /api/v4/secrets/${name}`,
        { ...of.secretAt("/"), type: "personal", secretValue: `own ${name}` },
        acme.adminToken,
      )
    await of.set("/A", { newSecretName: "AA" })
    await of.set("/B", { secretValue: "changed" })
    await of.add("/C", "later")
    for (const name of ["AA", "B", "C"]) await own(name)
    people.ok(await restore(then))
    const query = search({ ...of.secretAt("/"), includePersonalOverrides: "true" })
    const { secrets } = people.ok(await call(`GET /api/v4/secrets?${query}`, { token: acme.adminToken }))
    assert.deepEqual(
      secrets.map((each: Past & { type: string }) => [each.secretKey, each.type, each.secretValue]),
      [
        ["A", "personal", "own AA"],
        ["A", "shared", "shared"],
        ["B", "personal", "own B"],
        ["B", "shared", "shared"],
      ],
    )
  })

  test("needs each right that the same by hand would need", async () => {
    const of = await freshProject()
    await of.add("/GONE", "g")
    await of.add("/CHANGED", "1")
    await of.folder("/sub")
    await of.import("/", "/far")
    const then = await of.newest("/")
    await of.remove("/GONE")
    await of.set("/CHANGED", { secretValue: "2" })
    await of.add("/NEW", "n")
    await of.removeFolder("/sub")
    await of.folder("/fresh")
    const [first] = people.ok(
      await call(`GET /api/v2/secret-imports?${search(of.at("/"))}`, { token }),
    ).secretImports
    await of.act(`DELETE /api/v2/secret-imports/${first.id}`, of.at("/"))
    await of.import("/", "/other")
    const all: StoredRule[] = [
      rule("secret-rollback", ["read", "create"]),
      rule("secrets", ["create"]),
      rule("secrets", ["edit"]),
      rule("secrets", ["delete"]),
      rule("secret-folders", ["create"]),
      rule("secret-folders", ["delete"]),
      rule("secret-imports", ["create"]),
      rule("secret-imports", ["delete"]),
    ]
    const short: string[] = []
    for (const left of all) short.push(await limited(of.project, ...all.filter((each) => each !== left)))
    await refused(403, async () => {
      let answer = await restore(then, short[0])
      for (const [index, by] of short.entries()) {
        answer = await restore(then, by)
        assert.equal(answer.body.error, "PermissionDenied", `without the rule ${index}`)
      }
      return answer
    })
    people.ok(await restore(then, await limited(of.project, ...all)))
  })

  test("opens no value to who may not read it now", async () => {
    const of = await freshProject()
    const { tag } = await of.act(`POST /api/v1/projects/${of.project.id}/tags`, {
      slug: "locked",
      color: "#fff",
    })
    await of.add("/A", "1")
    const then = await of.newest("/")
    await of.set("/A", { tagIds: [tag.id] })
    const writer = await limited(
      of.project,
      rule("secret-rollback", ["read", "create"]),
      rule("secrets", ["describeSecret", "readValue", "create", "edit", "delete"]),
      { ...rule("secrets", ["readValue"], { secretTags: { $in: ["locked"] } }), inverted: true },
    )
    const seen = people.ok(await get(then, writer)).secretSnapshot.secretVersions
    assert.deepEqual(
      seen.map((each: Past) => each.secretValueHidden),
      [true],
    )
    await refused(403, () => restore(then, writer))
    await of.remove("/A")
    await refused(403, () => restore(then, writer))
    people.ok(await restore(then))
  })

  test("imports nothing in a cycle, nor from an environment that is gone", async () => {
    const of = await freshProject()
    await of.folder("/sub")
    const id = await of.import("/", "/sub", "dev")
    await of.import("/", "/", "prod")
    const then = await of.newest("/")
    await of.act(`DELETE /api/v2/secret-imports/${id}`, of.at("/"))
    const back = await of.import("/sub", "/", "dev")
    await refused(400, () => restore(then))
    await of.act(`DELETE /api/v2/secret-imports/${back}`, of.at("/sub"))
    const prod = of.project.environments.find(({ slug }) => slug === "prod")
    const before = await of.snapshots("/")
    people.ok(await call(`DELETE /api/v1/projects/${of.project.id}/environments/${prod?.id}`, { token }))
    assert.equal((await of.snapshots("/")).length, before.length + 1)
    people.ok(await restore(then))
    assert.deepEqual((await of.content()).imports, ["/ dev:/sub"])
  })

  test("is there no more once its folder has ended", async () => {
    const of = await freshProject()
    await of.folder("/sub")
    const then = await of.newest("/sub")
    await of.removeFolder("/sub")
    for (const ask of [get, restore]) {
      const answer = await refused(404, () => ask(then))
      assert.equal(answer.body.message, `There is no snapshot with the ID ${then}`)
    }
    for (const ask of [get, restore]) await refused(404, () => ask("no-id"))
  })

  test("holds what it held, whatever is written into it at the same time", async () => {
    const of = await freshProject()
    for (const name of ["/A", "/B"]) await of.add(name, "then")
    const then = await of.newest("/")
    const writes = Array.from({ length: 12 }, (_, index) => [
      call(`POST /api/v4/secrets/N${index}`, { token, body: { ...of.secretAt("/"), secretValue: "n" } }),
      call("PATCH /api/v4/secrets/A", { token, body: { ...of.secretAt("/"), secretValue: `a${index}` } }),
    ])
    const restores = Array.from({ length: 4 }, () => restore(then))
    for (const answer of await Promise.all([...writes.flat(), ...restores])) people.ok(answer)
    // The newest snapshot is what is there.
    const shown = people.ok(await get(await of.newest("/"))).secretSnapshot.secretVersions
    const query = search(of.secretAt("/"))
    const { secrets } = people.ok(await call(`GET /api/v4/secrets?${query}`, { token }))
    const values = (list: Past[]) => list.map((each) => [each.secretKey, each.secretValue])
    assert.deepEqual(values(shown), values(secrets))
    people.ok(await restore(then))
    const { secrets: last } = people.ok(await call(`GET /api/v4/secrets?${query}`, { token }))
    assert.deepEqual(values(last), [
      ["A", "then"],
      ["B", "then"],
    ])
  })
})
