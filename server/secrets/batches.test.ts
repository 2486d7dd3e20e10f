import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const project = await addProject(harness, acme)
const at = { workspaceId: project.id, environment: "dev", secretPath: "/" }

type Item = Record<string, unknown>
const send = (method: string, secrets: Item[], more: Item = {}): Promise<Answer> =>
  harness.call(`${method} /api/v3/secrets/batch/raw`, {
    token: acme.token,
    body: { ...at, secrets, ...more },
  })
const valuesOf = (answer: Answer): [string, string][] =>
  people.ok(answer).secrets.map((one: Item) => [one["secretKey"], one["secretValue"]])
const listed = async (): Promise<[string, string][]> => {
  const query = new URLSearchParams(at).toString()
  return valuesOf(await harness.call(`GET /api/v3/secrets/raw?${query}`, { token: acme.token }))
}

/** Sees that it is refused so, and has changed nothing. */
async function refused(status: number, ask: () => Promise<Answer>): Promise<void> {
  const before = await harness.state()
  const answer = await ask()
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(await harness.state(), before)
}

describe("several secrets at once", () => {
  const pair = (secretKey: string, secretValue: string) => ({ secretKey, secretValue })

  test("are made together or not at all", async () => {
    assert.deepEqual(valuesOf(await send("POST", [pair("B", "2"), pair("A", "1")])), [
      ["B", "2"],
      ["A", "1"],
    ])
    await refused(400, () => send("POST", [pair("C", "3"), pair("A", "1")]))
    await refused(400, () => send("POST", [pair("C", "3"), pair("C", "4")]))
    await refused(404, () => send("POST", [{ ...pair("C", "3"), tagIds: ["blue"] }]))
    await refused(404, () => send("POST", [pair("C", "3")], { secretPath: "/absent" }))
    await refused(422, () => send("POST", []))
    await refused(422, () => send("POST", [pair("a/b", "3")]))
  })

  test("are changed together or not at all, and answer their values", async () => {
    const changes = [pair("A", "one"), { secretKey: "B", secretComment: "two" }]
    const { secrets } = people.ok(await send("PATCH", changes))
    const found = secrets.map((one: Item) => [one["secretKey"], one["secretValue"], one["version"]])
    assert.deepEqual(found.toSorted(), [
      ["A", "one", 2],
      ["B", "2", 2],
    ])
    await refused(404, () => send("PATCH", [pair("A", "x"), pair("UNKNOWN", "x")]))
    await refused(400, () => send("PATCH", [pair("A", "x"), { ...pair("A", "y") }]))
    await refused(400, () => send("PATCH", [{ ...pair("A", "x"), newSecretName: "B" }]))
    await refused(400, () => send("PATCH", [{ ...pair("A", "x"), secretPath: "/elsewhere" }]))
    await refused(422, () => send("PATCH", [pair("A", "x")], { mode: "whatever" }))
  })

  test("leave out or make what is not there, when they are to", async () => {
    const changes = [pair("A", "1"), pair("D", "4")]
    assert.deepEqual(valuesOf(await send("PATCH", changes, { mode: "ignore" })), [["A", "1"]])
    assert.deepEqual(
      valuesOf(await send("PATCH", changes, { mode: "upsert" })),
      changes.map((one) => [one.secretKey, one.secretValue]),
    )
    assert.deepEqual(await listed(), [
      ["A", "1"],
      ["B", "2"],
      ["D", "4"],
    ])
  })

  test("are deleted together or not at all", async () => {
    await refused(404, () => send("DELETE", [{ secretKey: "A" }, { secretKey: "UNKNOWN" }]))
    people.ok(await send("DELETE", [{ secretKey: "A" }, { secretKey: "D" }]))
    assert.deepEqual(await listed(), [["B", "2"]])
  })

  test("are changed by many at the same time without a version lost", async () => {
    const names = ["M1", "M2", "M3"]
    people.ok(
      await send(
        "POST",
        names.map((name) => pair(name, "0")),
      ),
    )
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, turn) => {
        const order = turn % 2 === 0 ? names : names.toReversed()
        return send(
          "PATCH",
          order.map((name) => pair(name, String(turn))),
        )
      }),
    )
    for (const answer of answers) people.ok(answer)
    const { rows } = await sql`
      select s.key, s.version, count(*)::int as kept from secrets s join secret_versions v on v.secret_id = s.id
      where s.key like 'M_' group by s.key, s.version order by s.key`.execute(harness.db)
    assert.deepEqual(
      rows,
      names.map((key) => ({ key, version: 13, kept: 13 })),
    )
    const values = new Map(await listed())
    assert.equal(new Set(names.map((name) => values.get(name))).size, 1)
  })
})
