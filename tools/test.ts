import { glob } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { runTests } from "./run-tests.ts"

/*
 * Runs the tests: one PostgreSQL for all of them, a migrated template, and a database of its own for each file that
 * asks for one. Arguments are files or globs to run instead of all.
 */
const patterns = process.argv.slice(2)
const files: string[] = []
for (const pattern of patterns.length > 0 ? patterns : ["server/**/*.test.ts", "tools/**/*.test.ts"]) {
  for await (const file of glob(pattern)) files.push(file)
}

const concurrency = String(Math.max(2, availableParallelism()))
await runTests([`--test-concurrency=${concurrency}`, "--test-timeout=600000", ...files.toSorted()])
