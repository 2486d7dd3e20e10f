import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { inspect } from "node:util"
import { sql } from "kysely"
import { keyIdOf } from "../crypto/blob.ts"
import { newId } from "../crypto/ids.ts"
import { localRootKey } from "../crypto/root-key.ts"
import { openDatabase } from "../db/database.ts"
import { ValidationError } from "../errors.ts"
import { createTestDatabase } from "../test/databases.ts"
import { loadInstanceKeys } from "./instance-key.ts"
import { createKeyring, destroyProjectKeys, type PlaceInProject, type Project } from "./keyring.ts"
import { renewOrganizationKey } from "./organization-renewal.ts"
import { destroyOrganizationKeys } from "./organization-keys.ts"

const database = await createTestDatabase()
const { queries: db, close } = openDatabase(database.connection, 4)
after(async () => {
  await close()
  await database.drop()
})

const root = localRootKey("6c1fe4e407b8911c104518103505b218")
const { instanceId } = await loadInstanceKeys(db, root)
/** Another server on the same database, with nothing in memory. */
const server = () => createKeyring({ db, root, instanceId })

async function addProject(orgId = newId()): Promise<Project> {
  const organization = { id: orgId, name: "Acme", slug: `acme-${orgId}` }
  await db
    .insertInto("organizations")
    .values(organization)
    .onConflict((row) => row.doNothing())
    .execute()
  const projectId = newId()
  await db
    .insertInto("projects")
    .values({
      org_id: orgId,
      id: projectId,
      name: "App",
      slug: projectId,
      sort_key: "app",
      type: "secret-manager",
    })
    .execute()
  return { orgId, projectId }
}
const placeOf = (version = 1, rowId = newId()): PlaceInProject => ({
  table: "secrets",
  column: "sealed_value",
  environment: "018f0000-0000-7000-8000-000000000004",
  rowId,
  version,
})
const keysOf = ({ projectId }: Project) =>
  db.selectFrom("project_keys").selectAll().where("project_id", "=", projectId).orderBy("version").execute()

const newestAbove = ({ orgId }: Project) =>
  db
    .selectFrom("organization_keys")
    .select(["id", "version"])
    .where("org_id", "=", orgId)
    .orderBy("version", "desc")
    .executeTakeFirstOrThrow()

async function sealed(project: Project, text: string, place: PlaceInProject): Promise<Buffer> {
  const [blob] = await server().seal(project, [{ text, place }])
  return blob ?? assert.fail()
}
async function opened(project: Project, blob: Buffer, place: PlaceInProject): Promise<string | undefined> {
  const [secret] = await server().open(project, [{ sealed: blob, place }])
  return secret?.reveal()
}

describe("the values of a project", () => {
  test("are sealed by one server and opened by another, many at once", async () => {
    const project = await addProject()
    const values = Array.from({ length: 300 }, (_, index) => ({ text: `value ${index}`, place: placeOf() }))
    const blobs = await server().seal(project, values)
    const rows = blobs.map((blob, index) => ({ sealed: blob, place: values[index]?.place ?? assert.fail() }))
    const secrets = await server().open(project, rows)
    assert.deepEqual(
      secrets.map((secret) => secret.reveal()),
      values.map(({ text }) => text),
    )
    assert.ok(!inspect(secrets).includes("value 1"))
    assert.deepEqual(await server().open(project, []), [])
  })

  test("open in no other project, organization, environment, row or version", async () => {
    const project = await addProject()
    const sibling = await addProject(project.orgId)
    const stranger = await addProject()
    const place = placeOf(2)
    const blob = await sealed(project, "the water is wide", place)
    for (const each of [sibling, stranger]) {
      await sealed(each, "something", place)
      await assert.rejects(opened(each, blob, place), /does not exist or was destroyed/)
    }
    const ring = server()
    await ring.open(project, [{ sealed: blob, place }])
    await assert.rejects(ring.open(sibling, [{ sealed: blob, place }]))
    const elsewhere = [
      { environment: newId() },
      { rowId: newId() },
      { version: 3 },
      { version: 1 },
      { column: "comment" },
    ]
    for (const other of elsewhere) {
      await assert.rejects(opened(project, blob, { ...place, ...other }), /stands where it was not sealed/)
    }
    // The value that the row had before, put back.
    const before = await sealed(project, "an older one", { ...place, version: 1 })
    await assert.rejects(opened(project, before, place))
    await assert.rejects(opened(project, before.subarray(0, 45), place), /is damaged/)
    assert.equal(await opened(project, blob, place), "the water is wide")
  })

  test("open though their key's row be copied to another project: no", async () => {
    const [project, other] = [await addProject(), await addProject()]
    const place = placeOf()
    const blob = await sealed(project, "the water is wide", place)
    await sealed(other, "something", place)
    const [row] = await keysOf(project)
    const [there] = await keysOf(other)
    const moved = { org_id: other.orgId, project_id: other.projectId, version: 2 }
    const by = there?.organization_key_id ?? assert.fail()
    await db
      .insertInto("project_keys")
      .values({ ...(row ?? assert.fail()), ...moved, organization_key_id: by })
      .execute()
    await assert.rejects(opened(other, blob, place))
  })

  test("are refused when they are no Unicode, and nothing is sealed", async () => {
    const project = await addProject()
    const values = [
      { text: "fine", place: placeOf() },
      { text: "\ud800", place: placeOf() },
    ]
    await assert.rejects(server().seal(project, values), ValidationError)
    assert.deepEqual(await keysOf(project), [])
  })
})

describe("the key of a project", () => {
  test("is one, however many servers need the first one at once", async () => {
    const project = await addProject()
    const place = placeOf()
    const made = await Promise.all(
      Array.from({ length: 30 }, () => server().seal(project, [{ text: "x", place }])),
    )
    assert.equal((await keysOf(project)).length, 1)
    for (const [blob] of made) assert.equal(await opened(project, blob ?? assert.fail(), place), "x")
  })

  test("seals what blocks of 10,000 were reserved for, and wastes what is left when a server ends", async () => {
    const project = await addProject()
    const reserved = async () => (await keysOf(project)).map((row) => Number(row.seals_reserved))
    const ring = server()
    const seal = (count: number) =>
      ring.seal(
        project,
        Array.from({ length: count }, () => ({ text: "", place: placeOf() })),
      )
    await seal(1)
    assert.deepEqual(await reserved(), [10_000])
    await seal(9_999)
    assert.deepEqual(await reserved(), [10_000])
    await seal(1)
    assert.deepEqual(await reserved(), [20_000])
    await seal(10_001)
    assert.deepEqual(await reserved(), [40_000])
    await server().seal(project, [{ text: "", place: placeOf() }])
    assert.deepEqual(await reserved(), [50_000])
  })

  test("is followed by a new one when it has sealed 2^31 values", async () => {
    const project = await addProject()
    const place = placeOf()
    const before = await sealed(project, "before", place)
    await db
      .updateTable("project_keys")
      .set({ seals_reserved: 2 ** 31 })
      .where("project_id", "=", project.projectId)
      .execute()
    const rings = [server(), server(), server()]
    const made = await Promise.all(rings.map((ring) => ring.seal(project, [{ text: "after", place }])))
    const rows = await keysOf(project)
    assert.deepEqual(
      rows.map(({ version }) => version),
      [1, 2],
    )
    for (const [blob] of made) assert.equal(keyIdOf(blob ?? assert.fail()), rows[1]?.id)
    assert.equal(keyIdOf(before), rows[0]?.id)
    assert.equal(await opened(project, before, place), "before")
  })

  test("is rotated three times amid writes and reads without an error, and all can be read", async () => {
    const project = await addProject()
    const rings = [server(), server()]
    const kept: { sealed: Buffer; place: PlaceInProject; text: string }[] = []
    const rotating = { isOver: false }
    await rings[0]?.rotate(project)
    const writing = rings.map(async (ring, which) => {
      for (let count = 0; !rotating.isOver || count < 50; count++) {
        const [text, place] = [`${which} ${count}`, placeOf()]
        const [blob] = await ring.seal(project, [{ text, place }])
        kept.push({ sealed: blob ?? assert.fail(), place, text })
        const some = kept.slice(-5)
        const secrets = await ring.open(project, some)
        assert.deepEqual(
          secrets.map((secret) => secret.reveal()),
          some.map((one) => one.text),
        )
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
    for (let round = 0; round < 3; round++) await rings[round % 2]?.rotate(project)
    rotating.isOver = true
    await Promise.all(writing)
    assert.equal((await keysOf(project)).length, 4)
    assert.ok(new Set(kept.map((one) => keyIdOf(one.sealed))).size > 1)
    const secrets = await server().open(project, kept)
    assert.deepEqual(
      secrets.map((secret) => secret.reveal()),
      kept.map((one) => one.text),
    )
  })

  test("that is destroyed opens nothing, is followed by none, and leaves its neighbours alone", async () => {
    const project = await addProject()
    const sibling = await addProject(project.orgId)
    const place = placeOf()
    const blob = await sealed(project, "gone", place)
    const kept = await sealed(sibling, "kept", place)
    await server().rotate(project)
    await db.transaction().execute((transaction) => destroyProjectKeys(transaction, project))
    const rows = await keysOf(project)
    assert.deepEqual(
      rows.map((row) => [row.wrapped_key, row.destroyed_at !== null]),
      [
        [null, true],
        [null, true],
      ],
    )
    await assert.rejects(opened(project, blob, place), /has no key and gets none/)
    await assert.rejects(sealed(project, "new", place), /has no key and gets none/)
    await assert.rejects(server().rotate(project), /has no key and gets none/)
    assert.equal((await keysOf(project)).length, 2)
    assert.equal(await opened(sibling, kept, place), "kept")
  })

  test("is made for no project that was deleted before it had one", async () => {
    const project = await addProject()
    await db
      .updateTable("projects")
      .set({ deleted_at: new Date() })
      .where("id", "=", project.projectId)
      .execute()
    await assert.rejects(sealed(project, "new", placeOf()), /has no key and gets none/)
    await assert.rejects(sealed({ ...project, projectId: newId() }, "new", placeOf()), /gets none/)
    assert.deepEqual(await keysOf(project), [])
  })

  test("opens nothing once its organization's is destroyed", async () => {
    const project = await addProject()
    const place = placeOf()
    const blob = await sealed(project, "gone", place)
    await destroyOrganizationKeys(db, project.orgId)
    await assert.rejects(opened(project, blob, place), /was destroyed/)
    await assert.rejects(server().rotate(project), /gets none/)
  })

  test("stays when its organization's is renewed, and is wrapped by the new one", async () => {
    const project = await addProject()
    const sibling = await addProject(project.orgId)
    const place = placeOf()
    const blob = await sealed(project, "kept", place)
    const beside = await sealed(sibling, "kept, too", place)
    const keyring = server()
    await keyring.rotate(project)
    assert.equal(await renewOrganizationKey({ db, keyring }, project.orgId), 3)
    const newest = await newestAbove(project)
    assert.equal(newest.version, 2)
    for (const row of [...(await keysOf(project)), ...(await keysOf(sibling))]) {
      assert.equal(row.organization_key_id, newest.id)
    }
    assert.equal(await opened(project, blob, place), "kept")
    assert.equal(await opened(sibling, beside, place), "kept, too")
  })

  test("is wrapped anew by the same key when a renewal that was ended in its midst goes on", async () => {
    const project = await addProject()
    const keyring = server()
    const place = placeOf()
    const blob = await sealed(project, "kept", place)
    // More than one batch.
    for (let count = 1; count < 210; count++) await keyring.rotate(project)
    const byId = (await keysOf(project)).toSorted((one, other) => (one.id < other.id ? -1 : 1))
    const last = byId.at(-1) ?? assert.fail()
    const putLast = (wrapped: Buffer | null) =>
      db.updateTable("project_keys").set({ wrapped_key: wrapped }).where("id", "=", last.id).execute()
    await putLast(byId[0]?.wrapped_key ?? assert.fail())
    await assert.rejects(renewOrganizationKey({ db, keyring }, project.orgId), /was changed/)
    const begun = await newestAbove(project)
    const wrappedByIt = async () =>
      (await keysOf(project)).filter((row) => row.organization_key_id === begun.id).length
    assert.deepEqual([begun.version, await wrappedByIt()], [2, 200])

    await putLast(last.wrapped_key)
    assert.equal(await renewOrganizationKey({ db, keyring: server() }, project.orgId), 10)
    assert.deepEqual([await newestAbove(project), await wrappedByIt()], [begun, 210])
    assert.equal(await opened(project, blob, place), "kept")
  })

  test("that came after a renewal, wrapped by the key before, does not keep the next one from beginning", async () => {
    const project = await addProject()
    const keyring = server()
    for (const _version of [1, 2]) await keyring.rotate(project)
    const [, late] = await keysOf(project)
    const { organization_key_id, wrapped_key } = late ?? assert.fail()
    assert.equal(await renewOrganizationKey({ db, keyring }, project.orgId), 2)
    await db
      .updateTable("project_keys")
      .set({ organization_key_id, wrapped_key, created_at: sql`now()` })
      .where("id", "=", late?.id ?? "")
      .execute()
    assert.equal(await renewOrganizationKey({ db, keyring }, project.orgId), 2)
    const newest = await newestAbove(project)
    assert.equal(newest.version, 3)
    for (const row of await keysOf(project)) assert.equal(row.organization_key_id, newest.id)
  })
})

describe("the hash of a value", () => {
  test("finds equal values, also those of earlier keys, in one project and column alone", async () => {
    const [project, other] = [await addProject(), await addProject()]
    const column = "secrets.sealed_value"
    const early = await server().indexToStore(project, column, "same")
    await server().rotate(project)
    const late = await server().indexToStore(project, column, "same")
    assert.notDeepEqual(early, late)
    assert.deepEqual(await server().indexesToFind(project, column, "same"), [late, early])
    assert.notDeepEqual(await server().indexToStore(project, "secrets.comment", "same"), late)
    assert.notDeepEqual(await server().indexToStore(other, column, "same"), early)
    assert.notDeepEqual(await server().indexToStore(project, column, "Same"), late)
  })
})
