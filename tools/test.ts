import { spawn } from "node:child_process"
import { once } from "node:events"
import { glob } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { makeTemplate, temporaryPostgres } from "./temporary-postgres.ts"

/*
 * Runs the tests: one PostgreSQL for all of them, a migrated template, and a database of its own for each file that
 * asks for one. Arguments are files or globs to run instead of all.
 */
const patterns = process.argv.slice(2)
const files: string[] = []
for (const pattern of patterns.length > 0 ? patterns : ["server/**/*.test.ts", "tools/**/*.test.ts"]) {
  for await (const file of glob(pattern)) files.push(file)
}

const temporary = await temporaryPostgres()
try {
  const found = await makeTemplate(temporary)

  const concurrency = String(Math.max(2, availableParallelism()))
  const options = ["--test", `--test-concurrency=${concurrency}`, "--test-timeout=300000"]
  const runner = spawn(process.execPath, [...options, ...files.toSorted()], {
    stdio: "inherit",
    env: { ...process.env, ...found },
  })
  const stop = () => runner.kill("SIGTERM")
  process.once("SIGINT", stop)
  process.once("SIGTERM", stop)
  const [code] = (await once(runner, "exit")) as [number | null]
  process.exitCode = code ?? 1
} finally {
  await temporary.stop()
}
