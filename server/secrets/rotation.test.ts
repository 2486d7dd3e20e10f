import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { sql } from "kysely"
import { keyIdOf } from "../crypto/blob.ts"
import type { Keyring, ToOpen } from "../encryption/keyring.ts"
import { renewOrganizationKey } from "../encryption/organization-renewal.ts"
import { finishRotations, keepRotating, rotateProjectKey } from "../encryption/rotation.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, type Project } from "../test/projects.ts"
import { otherServers, sealedIn } from "../test/sealed-values.ts"

/*
 * Data keys that change and go away beneath secrets: nobody notices the one, and nothing is left after the other.
 */
const harness = await startHarness()
const { call, db } = harness
const acme = await people.bootstrap(harness)
const server = await otherServers(harness)

type Owned = Pick<Project, "id" | "orgId">
const keyOf = ({ id, orgId }: Owned) => ({ orgId, projectId: id })
const newestOf = ({ id }: Owned) =>
  db
    .selectFrom("project_keys")
    .select(["id", "version", "resealed_at"])
    .where("project_id", "=", id)
    .orderBy("version", "desc")
    .executeTakeFirstOrThrow()
/** Has the newest key be as old as that no server seals by one before it. */
const settle = ({ id }: Owned) =>
  sql`update project_keys set created_at = created_at - interval '1 hour' where project_id = ${id}`.execute(
    db,
  )

const send = (project: Owned, route: string, body: object): Promise<Answer> =>
  call(route, {
    token: acme.token,
    body: { projectId: project.id, environment: "dev", secretPath: "/", ...body },
  })
const get = (project: Owned, name: string, query = {}): Promise<Answer> => {
  const sent = new URLSearchParams({ projectId: project.id, environment: "dev", ...query })
  return call(`GET /api/v4/secrets/${name}?${sent.toString()}`, { token: acme.token })
}
const valueOf = async (project: Owned, name: string, query = {}): Promise<string> =>
  people.ok(await get(project, name, query)).secret.secretValue

async function projectWith(names: string[]): Promise<Project> {
  const project = await addProject(harness, acme)
  const secrets = names.map((secretKey) => ({
    secretKey,
    secretValue: `first of ${secretKey}`,
    secretComment: "what for",
    secretMetadata: [{ key: "hidden", value: "too", isEncrypted: true }],
  }))
  people.ok(await send(project, "POST /api/v4/secrets/batch", { secrets }))
  return project
}

const keyIdsIn = async (project: Owned) =>
  new Set((await sealedIn(db, project.id)).map(({ sealed }) => keyIdOf(sealed)))

// More of both: npm run seals.
const { workers, rotations } =
  process.env["SEALS"] === "all" ? { workers: 16, rotations: 5 } : { workers: 6, rotations: 2 }

describe("the data key of a project is rotated", () => {
  test("amid reads and writes, which notice nothing, nor that the key above it is renewed", async (t) => {
    const names = Array.from({ length: 60 }, (_, index) => `S${index}`)
    const project = await projectWith(names)
    const written = new Map(names.map((name) => [name, `first of ${name}`]))
    const rotating = { isOver: false }
    const errors: string[] = []
    let count = 0
    const work = Array.from({ length: workers }, async (_, which) => {
      // Each has names of its own, so that it knows what it must read.
      const own = names.filter((_name, index) => index % workers === which)
      for (let turn = 0; !rotating.isOver; turn++) {
        const name = own[turn % own.length] ?? ""
        const value = `${which} ${turn}`
        const answers = [
          await send(project, `PATCH /api/v4/secrets/${name}`, { secretValue: value }),
          await get(project, name),
          await get(project, name, { version: "1" }),
        ]
        const [, now, then] = answers.map(({ status, body, text }) =>
          status === 200 ? body.secret.secretValue : void errors.push(text),
        )
        if (now !== value || then !== `first of ${name}`) errors.push(`${name}: ${now}, ${then}`)
        written.set(name, value)
        count += answers.length
      }
    })
    const other = server()
    for (let round = 0; round < rotations; round++) {
      const done = await rotateProjectKey({ db, keyring: other }, keyOf(project))
      assert.ok(done >= 120, `${done} rows`)
      await settle(project)
      await finishRotations({ db, keyring: other })
      assert.equal(await renewOrganizationKey({ db, keyring: other }, project.orgId), round + 2)
    }
    rotating.isOver = true
    await Promise.all(work)
    t.diagnostic(`${rotations} rotations amid ${count} requests, ${errors.length} errors`)
    assert.deepEqual(errors, [])
    assert.ok(count > 10 * rotations, `${count} requests`)
    assert.equal((await newestOf(project)).version, 1 + rotations)
    for (const name of names.slice(0, 10)) {
      assert.equal(await valueOf(project, name), written.get(name))
      assert.equal(await valueOf(project, name, { version: "1" }), `first of ${name}`)
    }
  })

  test("and goes on where it was ended, and is over once no server seals by the key before", async () => {
    const project = await projectWith(["A", "B"])
    const services = { db, keyring: server() }
    const aborted = { ...services, signal: AbortSignal.abort(new Error("ended")) }
    await assert.rejects(rotateProjectKey(aborted, keyOf(project)), /ended/)
    const newest = await newestOf(project)
    assert.deepEqual([newest.version, newest.resealed_at], [2, null])
    assert.ok(!(await keyIdsIn(project)).has(newest.id))

    assert.equal(await rotateProjectKey(services, keyOf(project)), 4)
    assert.deepEqual(await newestOf(project), newest)
    assert.deepEqual(await keyIdsIn(project), new Set([newest.id]))
    // The server of the tests still has the first key in memory, and seals by it.
    people.ok(await send(project, "POST /api/v4/secrets/LATE", { secretValue: "late" }))
    assert.equal((await keyIdsIn(project)).size, 2)
    assert.equal(await finishRotations(services), 0)

    await settle(project)
    assert.equal(await finishRotations(services), 2)
    assert.deepEqual(await keyIdsIn(project), new Set([newest.id]))
    assert.ok((await newestOf(project)).resealed_at)
    assert.equal(await valueOf(project, "LATE"), "late")
    await rotateProjectKey(services, keyOf(project))
    assert.equal((await newestOf(project)).version, 3)
  })

  test("and ended by every server by itself, which goes on when that fails", async () => {
    const project = await projectWith(["A"])
    const keyring = server()
    await keyring.rotate(keyOf(project))
    await settle(project)
    const broken: Keyring = { ...keyring, open: () => Promise.reject(new Error("away")) }
    const failures: unknown[] = []
    const failing = keepRotating(
      { db, keyring: broken },
      { everyMs: 5, failed: (error) => failures.push(error) },
    )
    for (let tries = 0; tries < 500 && failures.length < 2; tries++) await sleep(10)
    await failing.stop()
    assert.match(String(failures[1]), /away/)
    assert.equal((await newestOf(project)).resealed_at, null)
    const count = failures.length
    const working = keepRotating({ db, keyring }, { everyMs: 5, failed: (error) => failures.push(error) })
    for (let tries = 0; tries < 500 && !(await newestOf(project)).resealed_at; tries++) await sleep(10)
    await working.stop()
    assert.equal(failures.length, count)
    assert.deepEqual(await keyIdsIn(project), new Set([(await newestOf(project)).id]))
  })
})

test("nothing of a deleted project opens: not here, nor elsewhere after five minutes, nor ever after", async () => {
  const project = await projectWith(["A", "B"])
  people.ok(await send(project, "PATCH /api/v4/secrets/A", { secretValue: "second" }))
  await rotateProjectKey({ db, keyring: server() }, keyOf(project))
  people.ok(await send(project, "POST /api/v4/secrets/C", { secretValue: "third" }))
  const all = await sealedIn(db, project.id)
  assert.equal(all.length, 3 * 5 + 2)

  let now = 1_000_000
  const elsewhere = server(() => now)
  const opens = (ring: Keyring, value: ToOpen) =>
    ring.open(keyOf(project), [value]).then(
      () => true,
      () => false,
    )
  const opened = async (ring: Keyring) => {
    let count = 0
    for (const value of all) if (await opens(ring, value)) count++
    return count
  }
  assert.equal(await opened(elsewhere), all.length)
  people.ok(await call(`DELETE /api/v1/projects/${project.id}`, { token: acme.token }))
  assert.equal(await opened(harness.server.services.keyring), 0)
  assert.equal(await opened(server()), 0)
  now += 299_999
  assert.equal(await opened(elsewhere), all.length)
  now += 1
  assert.equal(await opened(elsewhere), 0)
  await assert.rejects(
    elsewhere.seal(keyOf(project), [{ text: "new", place: all[0]?.place ?? assert.fail() }]),
  )

  const { rows } = await sql<{ kept: number }>`
    select count(*)::int as kept from project_keys
    where project_id = ${project.id} and (wrapped_key is not null or destroyed_at is null)`.execute(db)
  assert.deepEqual(rows, [{ kept: 0 }])
  assert.equal(await rotateProjectKey({ db, keyring: server() }, keyOf(project)), 0)
})
