import assert from "node:assert/strict"
import { randomInt } from "node:crypto"
import { Writable } from "node:stream"
import { describe, test } from "node:test"
import { sql } from "kysely"
import pino from "pino"
import { randomHex } from "../crypto/ids.ts"
import type { ToOpen } from "../encryption/keyring.ts"
import { withBitFlipped } from "../test/bytes.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject } from "../test/projects.ts"
import { otherServers, sealedIn } from "../test/sealed-values.ts"

/*
 * What is written of secrets is sealed, and bound to where it stands: nothing of it can be read from the database, and
 * whoever may write to the database can neither move it nor put an earlier one back.
 */
const logged: string[] = []
const sink = new Writable({
  write(chunk: Buffer, _encoding, done) {
    logged.push(chunk.toString())
    done()
  },
})
const harness = await startHarness({}, async (database) => database, pino({ level: "trace" }, sink))
const { db, call } = harness
const acme = await people.bootstrap(harness)
const project = await addProject(harness, acme)
const at = { projectId: project.id, environment: "dev", secretPath: "/" }

const mark = "canary-"
const canary = (): string => `${mark}${randomHex(12)}`
const secretOf = (secretKey: string) => ({
  secretKey,
  secretValue: canary(),
  secretComment: canary(),
  secretMetadata: [{ key: "hidden", value: canary(), isEncrypted: true }],
})
const send = (route: string, body: object, token = acme.token): Promise<Answer> =>
  call(route, { token, body: { ...at, ...body } })
const get = (name: string, query = {}): Promise<Answer> =>
  call(`GET /api/v4/secrets/${name}?${new URLSearchParams({ ...at, ...query }).toString()}`, {
    token: acme.token,
  })

const names = Array.from({ length: 50 }, (_, index) => `S${index}`)
people.ok(await send("POST /api/v4/secrets/batch", { secrets: names.map(secretOf) }))

const columns = ["sealed_value", "sealed_comment", "sealed_metadata"] as const
const tables = { secrets: {}, secret_versions: { version: "1" } } as const

/** Runs statements that do what no server does, sees that every read of all the secrets is refused, and undoes them. */
async function refusedAfter(statements: string[], query = {}, some = names): Promise<void> {
  await sql`create table saved_s as select * from secrets`.execute(db)
  await sql`create table saved_v as select * from secret_versions`.execute(db)
  try {
    for (const statement of statements) await sql.raw(statement).execute(db)
    for (const name of some) {
      const answer = await get(name, query)
      assert.equal(answer.status, 500, `${name}: ${answer.text}`)
      assert.ok(!answer.text.includes(mark))
    }
  } finally {
    const back = columns.map((column) => `${column} = b.${column}`).join(", ")
    for (const [table, saved] of Object.entries({ secrets: "saved_s", secret_versions: "saved_v" })) {
      const from = `from ${saved} b where b.id = t.id`
      await sql.raw(`update ${table} t set ${back}, version = b.version ${from}`).execute(db)
      await sql.raw(`drop table ${saved}`).execute(db)
    }
  }
}

const isOne = (table: string): string => (table === "secret_versions" ? "version = 1" : "true")

describe("what was sealed opens nowhere else", () => {
  // Past versions are read of those that have a newer one.
  for (const [table, query] of Object.entries(tables)) {
    for (const column of columns) {
      test(`${table}.${column} of another row`, async () => {
        if (table === "secret_versions") await everyOneHasTwoVersions()
        await refusedAfter(
          [
            `with numbered as (
               select id, ${column}, row_number() over (order by id) as n, count(*) over () as total
               from ${table} where ${isOne(table)}
             ) update ${table} t set ${column} = other.${column}
               from numbered own join numbered other on other.n = own.n % own.total + 1 where own.id = t.id`,
          ],
          query,
        )
      })
    }
  }

  test("another column of the row, and the same of the kept version", async () => {
    await refusedAfter(["update secrets set sealed_value = sealed_comment"])
    await refusedAfter(["update secrets set sealed_comment = sealed_value"])
    await refusedAfter([
      `update secrets s set sealed_value = v.sealed_value
       from secret_versions v where v.secret_id = s.id and v.version = s.version`,
    ])
  })

  test("an earlier version of the row, also with its number", async () => {
    const before = await db
      .selectFrom("secrets")
      .select(["id", "sealed_value"])
      .where("key", "=", "S0")
      .execute()
    people.ok(await send("PATCH /api/v4/secrets/S0", { secretValue: "newer" }))
    for (const { id, sealed_value } of before) {
      const old = `update secrets set sealed_value = '\\x${sealed_value.toString("hex")}'`
      await refusedAfter([`${old} where id = '${id}'`], {}, ["S0"])
      await refusedAfter([`${old}, version = version - 2 where id = '${id}'`], {}, ["S0"])
    }
    assert.equal(people.ok(await get("S0")).secret.secretValue, "newer")
  })

  test("with a bit turned, or cut off", async () => {
    for (const name of names.slice(0, 20)) {
      const bit = randomInt(8)
      const where = `key = '${name}'`
      const turned = `set_byte(sealed_value, n, get_byte(sealed_value, n) # (1 << ${bit}))`
      const anywhere = `(select floor(random() * length(sealed_value))::int as n)`
      await refusedAfter(
        [`update secrets set sealed_value = (select ${turned} from ${anywhere} at) where ${where}`],
        {},
        [name],
      )
      const cut = `substr(sealed_value, 1, length(sealed_value) - ${1 + randomInt(20)})`
      await refusedAfter([`update secrets set sealed_value = ${cut} where ${where}`], {}, [name])
    }
  })
})

async function everyOneHasTwoVersions(): Promise<void> {
  const secrets = names.map((secretKey) => ({ secretKey, secretReminderNote: "again" }))
  people.ok(await send("PATCH /api/v4/secrets/batch", { secrets }))
}

// As many as it takes to be sure: npm run seals.
const isWhole = process.env["SEALS"] === "all"
const some = isWhole ? 50 : 8

const ring = (await otherServers(harness))()
const other = await addProject(harness, acme)
const sendThere = async (method: string) => {
  const secrets = names.slice(0, some).map((name) => secretOf(`OTHER_${name}`))
  people.ok(await send(`${method} /api/v4/secrets/batch`, { projectId: other.id, secrets }))
  return sealedIn(db, other.id)
}
const replaced = (await sendThere("POST")).filter(({ place }) => place.table === "secrets")
const stored = await sendThere("PATCH")

const causes = {
  changed: /^A sealed value was changed, or stands where it was not sealed\.$/,
  damaged: /^The value sealed in \S+ is damaged\.$/,
  keyless: /^The key \S+ of the project \S+ does not exist or was destroyed\.$/,
}

/** Tries to open each by itself; returns how often which cause was given not to. */
async function countCauses(values: Iterable<ToOpen>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const value of values) {
    const message = await ring.open({ orgId: other.orgId, projectId: other.id }, [value]).then(
      () => "opened",
      (error: Error) => error.message,
    )
    const cause = Object.entries(causes).find(([, text]) => text.test(message))?.[0] ?? message
    counts[cause] = (counts[cause] ?? 0) + 1
  }
  return counts
}

function* misplaced(): Iterable<ToOpen> {
  for (const here of stored) {
    for (const each of [...stored, ...replaced]) {
      if (each !== here) yield { sealed: each.sealed, place: here.place }
    }
  }
}

function* bitsTurned(values: ToOpen[]): Iterable<ToOpen> {
  for (const { sealed, place } of values) {
    for (let bit = 0; bit < sealed.length * 8; bit++) yield { sealed: withBitFlipped(sealed, bit), place }
  }
}

function* cutOff(values: ToOpen[]): Iterable<ToOpen> {
  for (const { sealed, place } of values) {
    for (let length = 0; length < sealed.length; length++) yield { sealed: sealed.subarray(0, length), place }
  }
}

describe("of all that is sealed in all columns", () => {
  test(`of ${some} secrets and their versions each opens in its place, and there no other and no earlier one`, async (t) => {
    assert.deepEqual([stored.length, replaced.length], [some * 9, some * 3])
    assert.deepEqual(await countCauses(stored), { opened: some * 9 })
    const refused = await countCauses(misplaced())
    t.diagnostic(JSON.stringify(refused))
    assert.deepEqual(refused, { changed: some * 9 * (some * 12 - 1) })
  })

  test("nothing opens with a bit turned or a byte missing", async (t) => {
    const rows = [...new Set(stored.map(({ place }) => place.rowId))].slice(0, isWhole ? 20 : 1)
    const values = stored.filter(({ place }) => rows.includes(place.rowId))
    assert.equal(values.length, rows.length * columns.length)
    for (const [wrong, each] of [
      [bitsTurned(values), 2 * 8],
      [cutOff(values), 46],
    ] as const) {
      const { changed = 0, damaged = 0, keyless = 0, ...others } = await countCauses(wrong)
      t.diagnostic(JSON.stringify({ changed, damaged, keyless }))
      assert.deepEqual(others, {})
      // What is too short, or of another format, is not even tried.
      assert.equal(damaged, each * values.length)
      assert.ok(changed > 0)
    }
  })
})

test("a thousand values are in no row, no line of the log, and no refusal", async () => {
  const many = Array.from({ length: 1_000 }, (_, index) => secretOf(`CANARY_${index}`))
  people.ok(await send("POST /api/v4/secrets/batch", { secrets: many }))
  people.ok(await send("POST /api/v4/secrets/S1", { ...secretOf("S1"), type: "personal" }, acme.adminToken))
  people.ok(await send("PATCH /api/v4/secrets/S2", secretOf("S2")))
  people.ok(await send("PATCH /api/v4/secrets/batch", { secrets: [secretOf("S3")] }))
  people.ok(await send("DELETE /api/v4/secrets/S4", {}))
  const query = new URLSearchParams({ ...at, recursive: "true" }).toString()
  const listed = await call(`GET /api/v4/secrets?${query}`, { token: acme.token })
  assert.ok(people.ok(listed).secrets.length >= 1_000)
  const refusals = [
    await send("POST /api/v4/secrets/S5", secretOf("S5")),
    await send("POST /api/v4/secrets/batch", { secrets: [secretOf("X"), secretOf("S5")] }),
    await send("POST /api/v4/secrets/X", { ...secretOf("X"), environment: "no" }),
    await send("POST /api/v4/secrets/X", { ...secretOf("X"), secretValue: [canary()] }),
    await send("POST /api/v4/secrets/X", { ...secretOf("X"), secretValue: `${canary()}\ud800` }),
    await send("POST /api/v4/secrets/X", { ...secretOf("X"), tagIds: ["none"] }),
    await send("POST /api/v4/secrets/X", { ...secretOf("X"), type: "personal" }),
    await send("PATCH /api/v4/secrets/UNKNOWN", secretOf("UNKNOWN")),
    await call("POST /api/v4/secrets/X", { token: acme.token, rawBody: `{"secretValue":"${canary()}"` }),
    await call("POST /api/v4/secrets/X", { body: { ...at, ...secretOf("X") } }),
  ]
  for (const answer of refusals) {
    assert.ok(answer.status >= 400 && answer.status < 500, answer.text)
    assert.ok(!answer.text.includes(mark), answer.text)
  }
  const hits: string[] = []
  const hex = Buffer.from(mark).toString("hex")
  for (const { name } of (await db.introspection.getTables()).filter((table) => !table.isView)) {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int from ${sql.table(name)} t
      where t::text like ${`%${mark}%`} or t::text like ${`%${hex}%`}`.execute(db)
    if (rows[0]?.count) hits.push(name)
  }
  assert.deepEqual(hits, [])
  assert.ok(logged.length > 100, "nothing was logged")
  assert.deepEqual(
    logged.filter((line) => line.includes(mark)),
    [],
  )
})
