import { glob } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { runTests } from "./run-tests.ts"

/*
 * Runs the tests: one PostgreSQL for all of them, a migrated template, and a database of its own for each file that
 * asks for one. Arguments are files or globs to run instead of all; `--test-name-pattern` and `--test-skip-pattern`
 * name the tests to run in them, or not to, as Node's runner takes them.
 */
const names = { type: "string", multiple: true } as const
const { values, positionals } = parseArgs({
  options: { "test-name-pattern": names, "test-skip-pattern": names },
  allowPositionals: true,
})
const chosen = Object.entries(values).flatMap(([name, patterns]) => patterns.map((one) => `--${name}=${one}`))

const patterns = positionals.length > 0 ? positionals : ["server/**/*.test.ts", "tools/**/*.test.ts"]
const files: string[] = []
for (const pattern of patterns) {
  const before = files.length
  for await (const file of glob(pattern)) files.push(file)
  // Without files Node's runner would look for some of its own.
  if (files.length === before) throw new Error(`There is no test file ${pattern}`)
}

// Races in full take long, and one file at a time, so that they race with nothing else.
const isLong = process.env["RACES"] === "all"
const concurrency = isLong ? 1 : Math.max(2, availableParallelism())
const timeoutMs = isLong ? 3_600_000 : 600_000
const options = [`--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`, ...chosen]
await runTests([...options, ...files.toSorted()])
