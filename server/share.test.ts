import assert from "node:assert/strict"
import { test } from "node:test"
import { connectionsFor, shareOf } from "./share.ts"
import { StartError } from "./start-error.ts"

/** What is open at most: so many workers and one that comes, each with its pool and seven connections beside it. */
const mostOpen = ({ workers, poolSize }: { workers: number; poolSize: number }) =>
  (workers + 1) * (poolSize + 7)

test("so many connections as are made for workers give each a whole pool", () => {
  for (const workers of [1, 2, 8, 64]) {
    assert.deepEqual(shareOf(workers, connectionsFor(workers)), { workers, poolSize: 8 })
  }
})

test("fewer connections are divided, and five are left to others", () => {
  for (let allowed = 32; allowed < 200; allowed++) {
    const share = shareOf(2, allowed)
    assert.ok(share.poolSize >= 2 && mostOpen(share) <= allowed - 5, `${allowed}: ${JSON.stringify(share)}`)
  }
})

test("more workers than find connections do not start, and as many as there are processors are fewer then", () => {
  assert.throws(() => shareOf(2, 31), StartError)
  assert.throws(() => shareOf(8, 57), /allows 57 connections.*set CONCLAVE_WORKERS to 4/)
  assert.equal(shareOf("auto", 23).workers, 1)
})
