import assert from "node:assert/strict"
import { after, test } from "node:test"
import { sql } from "kysely"
import { keyIdOf } from "../crypto/blob.ts"
import { newId } from "../crypto/ids.ts"
import { localRootKey } from "../crypto/root-key.ts"
import { openDatabase } from "../db/database.ts"
import { createTestDatabase } from "../test/databases.ts"
import { loadInstanceKeys } from "./instance-key.ts"
import { createKeyring, destroyProjectKeys, type Project } from "./keyring.ts"
import { resealProject, sealedTables, type SealedTable } from "./reseal.ts"

const database = await createTestDatabase()
const { queries: db, close } = openDatabase(database.connection, 4)
const keys = openDatabase(database.connection, 2)
after(async () => {
  await Promise.all([close(), keys.close()])
  await database.drop()
})
const root = localRootKey("6c1fe4e407b8911c104518103505b218")
const { instanceId } = await loadInstanceKeys(db, root)
const server = () => createKeyring({ db: keys.queries, root, instanceId })

// A table as one with secrets will be.
await sql`create table notes (org_id uuid, project_id uuid, id uuid, environment_id uuid, version int,
  sealed_value bytea, sealed_comment bytea, primary key (org_id, id))`.execute(db)
const table: SealedTable = {
  table: "notes",
  columns: ["sealed_value", "sealed_comment"],
  environmentColumn: "environment_id",
  versionColumn: "version",
}
type Row = {
  id: string
  environment_id: string
  version: number
  sealed_value: Buffer
  sealed_comment: Buffer | null
}

async function addProject(): Promise<Project> {
  const orgId = newId()
  await db
    .insertInto("organizations")
    .values({ id: orgId, name: "Acme", slug: `acme-${orgId}` })
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
async function addNotes(project: Project, count: number): Promise<void> {
  const ring = server()
  for (let index = 0; index < count; index++) {
    const [rowId, environment, version] = [newId(), newId(), index]
    const at = { table: "notes", environment, rowId, version }
    const [value, comment] = await ring.seal(project, [
      { text: `value ${rowId}`, place: { ...at, column: "sealed_value" } },
      { text: `comment ${rowId}`, place: { ...at, column: "sealed_comment" } },
    ])
    await sql`insert into notes values (${project.orgId}, ${project.projectId}, ${rowId}, ${environment}, ${version},
      ${value}, ${index % 3 === 0 ? null : comment})`.execute(db)
  }
}
async function notesOf({ projectId }: Project): Promise<Row[]> {
  return (await sql<Row>`select * from notes where project_id = ${projectId} order by id`.execute(db)).rows
}
const keyIdsOf = (rows: Row[]) =>
  new Set(
    rows.flatMap((row) =>
      [row.sealed_value, row.sealed_comment].flatMap((blob) => (blob ? [keyIdOf(blob)] : [])),
    ),
  )

async function assertAllOpen(project: Project): Promise<void> {
  for (const row of await notesOf(project)) {
    const at = { table: "notes", environment: row.environment_id, rowId: row.id, version: row.version }
    const [value] = await server().open(project, [
      { sealed: row.sealed_value, place: { ...at, column: "sealed_value" } },
    ])
    assert.equal(value?.reveal(), `value ${row.id}`)
    if (!row.sealed_comment) continue
    const place = { ...at, column: "sealed_comment" }
    const [comment] = await server().open(project, [{ sealed: row.sealed_comment, place }])
    assert.equal(comment?.reveal(), `comment ${row.id}`)
  }
}

test("after a rotation all values are sealed anew, in more than one batch, and no other project's", async () => {
  const [project, other] = [await addProject(), await addProject()]
  await addNotes(project, 230)
  await addNotes(other, 3)
  const before = await notesOf(other)
  const ring = server()
  const newest = await ring.rotate(project)
  assert.ok(!keyIdsOf(await notesOf(project)).has(newest))
  assert.equal(await resealProject({ db, keyring: ring }, project, [table]), 230)
  assert.deepEqual(keyIdsOf(await notesOf(project)), new Set([newest]))
  await assertAllOpen(project)
  assert.deepEqual(await notesOf(other), before)
  assert.equal(await resealProject({ db, keyring: ring }, project, [table]), 0)
})

test("ended in its midst, running it again does what is left", async () => {
  const project = await addProject()
  await addNotes(project, 230)
  const ring = server()
  const newest = await ring.rotate(project)
  const [, ...rest] = await notesOf(project)
  const broken = rest.at(-1) ?? assert.fail()
  await sql`update notes set version = version + 1 where id = ${broken.id}`.execute(db)
  await assert.rejects(
    resealProject({ db, keyring: ring }, project, [table]),
    /stands where it was not sealed/,
  )
  assert.equal(keyIdsOf(await notesOf(project)).size, 2)
  await sql`update notes set version = version - 1 where id = ${broken.id}`.execute(db)
  // Another server, that had the key before in memory, goes on.
  assert.equal(await resealProject({ db, keyring: server() }, project, [table]), 30)
  assert.deepEqual(keyIdsOf(await notesOf(project)), new Set([newest]))
  await assertAllOpen(project)
})

test("a server that knows nothing of the rotation seals anew with the newest key all the same", async () => {
  const project = await addProject()
  await addNotes(project, 2)
  const ring = server()
  await ring.seal(project, [])
  const newest = await server().rotate(project)
  assert.equal(await resealProject({ db, keyring: ring }, project, [table]), 2)
  assert.deepEqual(keyIdsOf(await notesOf(project)), new Set([newest]))
})

test("values of destroyed keys stay as they are, and a server that forgets them opens them no more", async () => {
  const project = await addProject()
  await addNotes(project, 2)
  const [row] = await notesOf(project)
  const { id: rowId, environment_id: environment, version, sealed_value: sealed } = row ?? assert.fail()
  const value = { sealed, place: { table: "notes", column: "sealed_value", environment, rowId, version } }
  const ring = server()
  assert.equal((await ring.open(project, [value]))[0]?.reveal(), `value ${rowId}`)
  await destroyProjectKeys(db, project)
  ring.forget(project)
  await assert.rejects(ring.open(project, [value]), /it was deleted/)
  assert.equal(await resealProject({ db, keyring: ring }, project, [table]), 0)
})

test("every sealed column that a project's key seals is sealed anew", async () => {
  const { rows } = await sql<{ table_name: string; columns: string[] }>`
    select c.table_name, array_agg(c.column_name::text order by c.ordinal_position) as columns
    from information_schema.columns c
    where c.table_schema = 'public' and c.column_name like 'sealed\_%' and c.table_name <> ${table.table}
      -- These count for a day, and the keys before still open them.
      and c.table_name <> 'idempotency_keys'
      and exists (
        select from information_schema.columns p where p.table_name = c.table_name and p.column_name = 'project_id'
      )
    group by c.table_name`.execute(db)
  const sorted = (tables: { name: string; columns: readonly string[] }[]) =>
    tables.toSorted((one, other) => one.name.localeCompare(other.name))
  assert.ok(rows.length > 0)
  assert.deepEqual(
    sorted(sealedTables.map(({ table: name, columns }) => ({ name, columns }))),
    sorted(rows.map(({ table_name: name, columns }) => ({ name, columns }))),
  )
})
