import assert from "node:assert/strict"
import { test } from "node:test"
import { watchChanges } from "../test/changes.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { assertNone, leftWithoutAdmin, mistakes, snapshot, type Snapshot } from "../test/preview-rounds.ts"
import { createWorld, randomCall } from "../test/preview-worlds.ts"
import { Choices } from "../test/random-rights.ts"

/*
 * Random changes of access, previewed and then made. `PREVIEW_CASES=2000` makes more of them, and `PREVIEW_SEED` others.
 */
const cases = Number(process.env["PREVIEW_CASES"] ?? 100)
const seed = Number(process.env["PREVIEW_SEED"] ?? 20_261_125)
const ofWorld = 25

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const choices = new Choices(seed)

test("a preview changes no row, and what it says is what the act then does", async (t) => {
  const changes = await watchChanges(harness.db)
  const seen = new Map<string, number>()
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
  for (let done = 0; done < cases;) {
    const world = await createWorld(harness, acme, choices)
    const { token } = world
    let before: Snapshot = await snapshot(harness, world)
    for (let number = 0; number < ofWorld && done < cases; number++, done++) {
      const call = await randomCall(harness, world, choices)
      const what = `case ${done} of seed ${seed}: ${JSON.stringify(call)}`
      const unchanged = await changes()
      const preview = await harness.call("POST /api/v1/access/preview", { token, body: call })
      const untouched = await changes()
      assert.deepEqual(untouched.rest, unchanged.rest, what)
      const { method, path, body } = call
      const act = await harness.call(`${method} ${path}`, { token, body })
      assert.equal(preview.status, act.status, `${what}: ${preview.text} ${act.text}`)
      count(String(act.status))
      if (act.status !== 200) {
        assert.deepEqual({ ...preview.body, reqId: "" }, { ...act.body, reqId: "" }, what)
        continue
      }
      assert.deepEqual(untouched, unchanged, what)
      const after = await snapshot(harness, world)
      const said = preview.body
      assert.deepEqual(said.elsewhere, { projects: 0, changes: 0 }, what)
      assert.equal(said.isComplete, true, what)
      assertNone(mistakes(world, choices, { before, after, changes: said.changes }), what)
      const isDeleted = method === "DELETE" && /projects\/[^/]+$/.test(path)
      const left = isDeleted ? [] : leftWithoutAdmin(world, before, after)
      assert.deepEqual(said.lastAdmin.projects.map(({ id }: { id: string }) => id).toSorted(), left, what)
      count(said.changes.length > 0 ? "with changes" : "without changes")
      before = after
      const project = world.projects.findIndex(({ id }) => isDeleted && path.endsWith(id))
      if (project >= 0) break
    }
  }
  t.diagnostic(`${cases} changes of seed ${seed}: ${JSON.stringify(Object.fromEntries(seen))}`)
  assert.ok((seen.get("with changes") ?? 0) >= cases / 5)
})
