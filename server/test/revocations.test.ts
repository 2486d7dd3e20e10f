import assert from "node:assert/strict"
import { test } from "node:test"
import { runTrials, ways } from "./revocations.ts"
import { startTwoServers } from "./two-servers.ts"

// Many more trials: npm run faults -- revoke.
const servers = await startTwoServers()

for (const way of ways) {
  test(`${way.name} on one server: no use of it on the other is allowed after the answer`, async () => {
    const { trials, stale, strange } = await runTrials(servers, way, 50)
    assert.deepEqual({ trials, stale, strange }, { trials: 50, stale: 0, strange: [] })
  })
}
