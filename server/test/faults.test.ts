import assert from "node:assert/strict"
import { after, test } from "node:test"
import { createWorld, endWorld, faultRound, type FaultKind } from "./faults.ts"

// Many more rounds, with a limit on the time of the recovery: npm run faults.
const world = await createWorld()
after(() => endWorld(world))

async function keepsItsWord(kind: FaultKind): Promise<number> {
  const { acknowledged, lost, orphans, strange, recoveryMs } = await faultRound(world, kind)
  assert.deepEqual({ lost, orphans, strange }, { lost: [], orphans: [], strange: [] })
  assert.ok(acknowledged > 0)
  return recoveryMs
}

test("a kill of everything amid writes loses nothing that was acknowledged", async (t) => {
  t.diagnostic(`back after ${Math.round(await keepsItsWord("group"))} ms`)
})

test("a kill of the server amid writes loses nothing, and the next start takes PostgreSQL over", async (t) => {
  t.diagnostic(`back after ${Math.round(await keepsItsWord("node"))} ms`)
})

test("a kill of PostgreSQL amid writes loses nothing, and the server heals by itself", async (t) => {
  const { pid } = world.server
  t.diagnostic(`back after ${Math.round(await keepsItsWord("postgres"))} ms`)
  assert.equal(world.server.pid, pid)
})
