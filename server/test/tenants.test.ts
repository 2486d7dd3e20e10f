import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { endpoints } from "../endpoints.ts"
import type { Endpoint } from "../http/endpoint.ts"
import { caseOf, createWorld, keptCaseOf, send, type Request, withoutSuccess } from "./access-cases.ts"
import { watchChanges } from "./changes.ts"
import { startHarness } from "./harness.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { at, everyIdReplaced, isName, placed, placesOf, unknownFor, type Place } from "./places.ts"

/*
 * What is another organization's does not exist: every endpoint, every place of its request that names something, and
 * ids of every kind of another organization. The answer is that of an id that nobody has, and nothing changes.
 */
const harness = await startHarness()
const { acme, elsewhere, stranger } = await createWorld(harness)
const changes = await watchChanges(harness.db)
let tried = 0

/** Endpoints that answer 200 for whatever id, as the API that they speak does, and act on the caller's own alone. */
const silent = new Set(["removeSession"])

/** The status of what nobody has: a group that is unknown to a project is 400, as the API that they speak says. */
function statusOfUnknown({ id, method, path }: Endpoint, place: Place): number {
  if (silent.has(id)) return 200
  const ofProject =
    /\/(projects|workspace)\/\{projectId\}\/(groups|group-memberships|memberships\/groups)\//.test(path)
  const isGroup = place[0] === "path" && String(place[1]).startsWith("groupId")
  return ofProject && isGroup && method !== "GET" ? 400 : 404
}

const scoped = endpoints.filter(({ access }) => access !== "public" && access !== "instanceAdmin")

/** Callers of the other organization: its admins of both kinds, and one who is in both organizations. */
function callersOf({ access, callers }: Endpoint): Record<string, string> {
  if (access === "signedIn" && callers.includes("user")) return { person: stranger.signedInToken }
  return {
    ...(callers.includes("user") ? { person: stranger.token, "person in both": elsewhere.adminToken } : {}),
    ...(callers.includes("machine") ? { machine: elsewhere.token } : {}),
  }
}

/** An id of every table that belongs to an organization, and those of its people and their sessions. */
async function idsOfAcme(): Promise<Record<string, string>> {
  const columns = await columnsOf("id")
  const found: Record<string, string> = { organization: acme.id }
  for (const table of columns) {
    const { rows } = await sql<{ id: string }>`
      select id::text from ${sql.table(table)} where org_id = ${acme.id} order by id limit 1`.execute(
      harness.db,
    )
    if (rows[0]) found[table] = rows[0].id
  }
  found["session"] = people.sessionOf(acme.adminToken)
  const { userId } = JSON.parse(Buffer.from(acme.adminToken.split(".")[1] ?? "", "base64url").toString())
  found["user"] = userId
  return found
}

/** Tables that have `org_id` and a column of this name. */
async function columnsOf(column: string): Promise<string[]> {
  const tables = (await harness.db.introspection.getTables()).filter(
    ({ isView, schema }) => !isView && schema === "public",
  )
  const has = (name: string, one: (typeof tables)[number]) => one.columns.some((each) => each.name === name)
  return tables.filter((one) => has("org_id", one) && has(column, one)).map(({ name }) => name)
}

/** What was answered, without the id of the request and without the name that was asked for. */
const wordsOf = (answer: Answer, asked: string): string =>
  JSON.stringify({ status: answer.status, ...answer.body, reqId: "" }).replaceAll(asked, "<asked>")

/** Sends all of them, and sees that each is answered as what nobody has is, and that nothing is written. */
async function answeredAlike(
  endpoint: Endpoint,
  { own, place, foreign, token }: { own: Request; place: Place; foreign: string[]; token: string },
): Promise<void> {
  const unknown = unknownFor(place)
  const before = await changes()
  const ask = (value: string) => send(harness, endpoint, { request: placed(own, place, value), token })
  const expected = await ask(unknown)
  assert.equal(expected.status, statusOfUnknown(endpoint, place), `${place.join(".")}: ${expected.text}`)
  const answers = await Promise.all(foreign.map(ask))
  for (const [index, answer] of answers.entries()) {
    const value = foreign[index] ?? ""
    const what = `${endpoint.id} ${place.join(".")} ${value}`
    assert.equal(wordsOf(answer, value), wordsOf(expected, unknown), what)
    assert.equal(answer.text.length - value.length, expected.text.length - unknown.length, what)
    tried++
  }
  assert.deepEqual(await changes(), before, `${endpoint.id} ${place.join(".")} changed something`)
}

const ids = Object.values(await idsOfAcme())

for (const endpoint of scoped) {
  test(`${endpoint.id} knows nothing of another organization`, async () => {
    const ours = await keptCaseOf(endpoint, harness, acme)
    const own = await keptCaseOf(endpoint, harness, elsewhere)
    for (const token of Object.values(callersOf(endpoint))) {
      for (const place of placesOf(ours)) {
        const same = at(ours, place)
        const foreign = isName(place) ? [same] : [same, ...ids]
        await answeredAlike(endpoint, { own, place, foreign, token })
      }
      if (placesOf(ours).length === 0 || silent.has(endpoint.id)) continue
      const before = await changes()
      const options = { token }
      const answer = await send(harness, endpoint, { request: ours, ...options })
      const unknown = await send(harness, endpoint, { request: everyIdReplaced(ours), ...options })
      assert.equal(answer.status, 404, answer.text)
      assert.equal(unknown.status, 404, unknown.text)
      assert.deepEqual(await changes(), before)
      tried++
    }
  })
}

test("there are more than 1,000 such cases", (t) => {
  t.diagnostic(`${tried} foreign requests, with ids of ${ids.length} kinds`)
  assert.ok(ids.length >= 8 && tried >= 1_000, `${tried} with ${ids.length}`)
})

/** Every text in the rows of an organization. */
async function textsOf(organizationId: string): Promise<Set<string>> {
  const texts = new Set<string>()
  for (const table of await columnsOf("org_id")) {
    const { rows } = await sql<{ row: unknown }>`
      select to_jsonb(one) as row from ${sql.table(table)} one where org_id = ${organizationId}`.execute(
      harness.db,
    )
    for (const text of textsIn(rows)) texts.add(text)
  }
  return texts
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value]
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** Every stored value that only the server may know, as it could be written in an answer. */
async function storedSecrets(): Promise<string[]> {
  const tables = (await harness.db.introspection.getTables()).filter(
    ({ isView, schema }) => !isView && schema === "public",
  )
  const secrets: string[] = []
  for (const { name, columns } of tables) {
    for (const column of columns.filter((each) =>
      /hash|sealed|cipher|encrypted|password$|secret$/.test(each.name),
    )) {
      const { rows } = await sql<{ value: unknown }>`
        select ${sql.ref(column.name)} as value from ${sql.table(name)} where ${sql.ref(column.name)} is not null`.execute(
        harness.db,
      )
      secrets.push(...rows.flatMap(({ value }) => writtenForms(value)))
    }
  }
  return secrets
}

const writtenForms = (value: unknown): string[] => {
  if (Buffer.isBuffer(value))
    return [value.toString("hex"), value.toString("base64"), value.toString("base64url")]
  return typeof value === "string" && value.length >= 16 ? [value] : []
}

/** A function that finds them in a text, by how they begin: there are thousands of them and of texts. */
function finderOf(secrets: string[]): (text: string) => string[] {
  const length = 12
  assert.ok(secrets.every((secret) => secret.length >= length))
  const byBeginning = Map.groupBy(secrets, (secret) => secret.slice(0, length))
  return (text) => {
    const found: string[] = []
    for (let at = 0; at + length <= text.length; at++) {
      const some = byBeginning.get(text.slice(at, at + length)) ?? []
      found.push(...some.filter((secret) => text.startsWith(secret, at)))
    }
    return found
  }
}

describe("an answer that succeeds", () => {
  test("names nothing of another organization, and nothing that only the server may know", async (t) => {
    const answers: { id: string; answer: Answer }[] = []
    for (const endpoint of scoped.filter(({ id }) => !withoutSuccess.has(id))) {
      for (const token of Object.values(callersOf(endpoint))) {
        // What only reads leaves its request good for the next.
        const own =
          endpoint.method === "GET"
            ? await keptCaseOf(endpoint, harness, elsewhere)
            : await caseOf(endpoint)(harness, elsewhere)
        const answer = await send(harness, endpoint, { request: own, token: own.token ?? token })
        if (answer.status === 200) answers.push({ id: endpoint.id, answer })
      }
    }
    const theirs = await textsOf(elsewhere.id)
    const only = [...(await textsOf(acme.id))].filter((text) => !theirs.has(text) && text.length > 3)
    const foreign = new Set(only)
    const secrets = await storedSecrets()
    const secretsIn = finderOf(secrets)
    const [one = ""] = secrets
    assert.ok(secretsIn(`a ${one}`).includes(one))
    assert.ok(answers.length > 80 && foreign.size > 200 && secrets.length > 20)
    for (const { id, answer } of answers) {
      const named = textsIn(answer.body).filter((text) => foreign.has(text))
      assert.deepEqual(named, [], id)
      assert.deepEqual(secretsIn(answer.text), [], id)
      assert.ok(!answer.text.includes("$argon2"), id)
    }
    t.diagnostic(`${answers.length} answers, ${foreign.size} texts of the other, ${secrets.length} secrets`)
  })
})
