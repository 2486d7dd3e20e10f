import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { operationsOf } from "./fuzz/document.ts"
import { fuzz, type Ground } from "./fuzz/run.ts"
import { createSeed } from "./fuzz/world.ts"
import { complaintAbout } from "./fuzz/judge.ts"
import { startMailServer } from "./mail-server.ts"

/*
 * Generated requests for every operation of our own document, valid ones, those at the limits and mutated ones, from
 * every kind of caller. `npm run fuzz` sends more of them, and others each time.
 */
const cases = Number(process.env["FUZZ_CASES"] ?? 200)
const seed = Number(process.env["FUZZ_SEED"] ?? 20_261_124)
const only = process.env["FUZZ_ONLY"]?.split(",")

const began = Date.now()
const mail = await startMailServer()
const world = await createSeed(mail.env)
const ground: Ground = { seed: world, world: await world.open() }
after(async () => {
  await ground.world.close()
  await world.close()
})

const totals = { sent: 0, findings: 0, copies: 0, unavailable: 0, good: 0 }
const operations = operationsOf().filter(({ id }) => only?.includes(id) ?? true)

describe("the document is kept, whatever is sent", () => {
  for (const operation of operations) {
    test(operation.id, async (t) => {
      const { sent, findings, statuses, copies } = await fuzz(ground, operation, { cases, seed })
      totals.sent += sent
      totals.findings += findings.length
      totals.copies += copies
      totals.unavailable += statuses[503] ?? 0
      totals.good += statuses[200] ?? 0
      if (only) t.diagnostic(`${operation.id} ${JSON.stringify(statuses)}`)
      assert.deepEqual(
        findings,
        [],
        `${operation.id}: draw it again with FUZZ_SEED=${seed} FUZZ_ONLY=${operation.id}`,
      )
      assert.equal(sent, cases)
    })
  }

  test("an answer that breaks a promise is found", async () => {
    const operation = operationsOf().find(({ id }) => id === "getGroupById")
    assert.ok(operation)
    const refusal = await ground.world.call("GET /api/v1/groups/x", { token: world.tokens["admin"] })
    assert.equal(complaintAbout(operation, refusal), undefined)
    const broken = {
      "another status": { ...refusal, status: 409 },
      "a failure": { ...refusal, status: 500, body: { ...refusal.body, statusCode: 500 } },
      "details where none belong": { ...refusal, body: { ...refusal.body, details: [] } },
      "another type": { ...refusal, headers: { "content-type": "text/html" } },
      "a status that is not its own": { ...refusal, status: 415 },
      "a success without its fields": { ...refusal, status: 200, body: {} },
      "no JSON": { ...refusal, body: undefined },
    }
    for (const [what, answer] of Object.entries(broken)) assert.ok(complaintAbout(operation, answer), what)
  })

  test("so many requests were sent", (t) => {
    assert.equal(totals.sent, cases * operations.length)
    const seconds = Math.round((Date.now() - began) / 1_000)
    t.diagnostic(
      `${operations.length} operations, ${totals.sent} cases, ${totals.good} of them 200, ${totals.unavailable} of them 503, seed ${seed}, ${totals.copies} new worlds, ${totals.findings} findings, ${seconds} s`,
    )
  })
})
