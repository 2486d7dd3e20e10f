import assert from "node:assert/strict"
import { after, test } from "node:test"
import { createHistoryWorld, endHistoryWorld, runHistory } from "./histories.ts"

// Many longer ones: npm run faults -- histories.
const world = await createHistoryWorld()
after(() => endHistoryWorld(world))

test("what clients of two servers are told amid kills and a bad network is explained by one order", async (t) => {
  const { anomalies, strange, ...counts } = await runHistory(world, 400, ["server", "postgres", "database"])
  t.diagnostic(JSON.stringify(counts))
  assert.deepEqual({ anomalies, strange }, { anomalies: [], strange: [] })
  assert.ok(counts.answered > 150)
})
