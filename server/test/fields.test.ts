import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { z } from "zod"
import { endpoints } from "../endpoints.ts"
import { adminTokenFor, caseOf, createWorld, send, withoutSuccess } from "./access-cases.ts"
import { watchChanges, type Changes } from "./changes.ts"
import { startHarness } from "./harness.ts"
import * as people from "./people.ts"

/*
 * Keys that a body may not have: the name of every column of the database, as it is and as the API would write it, in
 * dots and in brackets. None of them leads anywhere: the value is in no row afterwards, and no other table is written.
 */
const harness = await startHarness()
const { acme } = await createWorld(harness)
const changes = await watchChanges(harness.db)
const tables = (await harness.db.introspection.getTables()).filter(
  ({ isView, schema }) => !isView && schema === "public",
)
const columns = [...new Set(tables.flatMap((table) => table.columns.map(({ name }) => name)))]

const camelCase = (name: string): string =>
  name.replace(/_(\w)/g, (_whole, letter: string) => letter.toUpperCase())

/** The fields that a body may have, also those that a good request leaves out for others. */
const fieldsOf = (body: z.ZodType): object =>
  z.toJSONSchema(body, { io: "input", unrepresentable: "any" }).properties ?? {}

/** Each column's name in every form that a body could have it in, but for fields that the body may have. */
function foreignKeys(body: object, value: unknown): Record<string, unknown> {
  const forms = columns.flatMap((name) => [name, camelCase(name), `data.${name}`, `user[${name}]`])
  return Object.fromEntries(forms.filter((name) => !(name in body)).map((name) => [name, value]))
}

/** The tables that hold a text anywhere in their rows. */
async function tablesWith(text: string): Promise<string[]> {
  const found: string[] = []
  for (const { name } of tables) {
    const { rows } = await sql<{ isThere: boolean }>`
      select exists (select 1 from ${sql.table(name)} one where one::text like ${`%${text}%`}) as "isThere"`.execute(
      harness.db,
    )
    if (rows[0]?.isThere) found.push(name)
  }
  return found
}

const written = (before: Changes, after: Changes): Record<string, number> =>
  Object.fromEntries(
    Object.entries({ ...after.rest, audit_logs: after.audit }).map(([name, count]) => [
      name,
      count - (name === "audit_logs" ? before.audit : (before.rest[name] ?? 0)),
    ]),
  )

const nonzero = (counts: Record<string, number>) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0))

describe("keys that no body has", () => {
  const withBody = endpoints.filter(({ body, id }) => body && !withoutSuccess.has(id))
  for (const endpoint of withBody) {
    test(`${endpoint.id} puts none of them anywhere`, async () => {
      const fields = endpoint.body ? fieldsOf(endpoint.body) : {}
      const attempt = async (value: unknown) => {
        const request = await caseOf(endpoint)(harness, acme)
        const known = endpoint.access === "public" ? undefined : adminTokenFor(endpoint, acme)
        const extra = value === undefined ? {} : foreignKeys({ ...request.body, ...fields }, value)
        const nested = value === undefined ? {} : { data: extra, $set: extra }
        const body = { ...nested, ...extra, ...request.body }
        const before = await changes()
        people.ok(await send(harness, endpoint, { request, token: request.token ?? known, body }))
        return nonzero(written(before, await changes()))
      }
      const plain = await attempt(undefined)
      const canary = randomUUID()
      for (const value of [canary, true, "2099-01-01T00:00:00.000Z"]) {
        assert.deepEqual(await attempt(value), plain, String(value))
      }
      assert.deepEqual(await tablesWith(canary), [])
    })
  }

  test("a value that does lead somewhere would be found", async () => {
    const name = randomUUID()
    await people.addGroup(harness, acme, name)
    assert.ok((await tablesWith(name)).includes("groups"))
  })

  test("every column was tried on every body", (t) => {
    t.diagnostic(`${withBody.length} bodies, ${columns.length} columns, four forms, three values`)
    assert.ok(columns.length > 80 && withBody.length >= 30)
  })
})
