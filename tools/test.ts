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

// Races in full take long, and one file at a time, so that they race with nothing else.
const isLong = process.env["RACES"] === "all"
const concurrency = isLong ? 1 : Math.max(2, availableParallelism())
const timeoutMs = isLong ? 3_600_000 : 600_000
await runTests([`--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`, ...files.toSorted()])
