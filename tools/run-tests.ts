import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { makeTemplate, temporaryPostgres } from "./temporary-postgres.ts"

/** Every file is a process of its own: what one has compiled the others take from here, as servers do (`start.mjs`). */
const compiled = fileURLToPath(new URL("../node_modules/.cache/conclave", import.meta.url))

/**
 * Runs test files in a process of their own, beside a PostgreSQL for all of them with a migrated template; the exit
 * code of this process tells how that went. `parameters` are those of Node: its options, then the files.
 */
export async function runTests(parameters: string[], env: Record<string, string> = {}): Promise<void> {
  const temporary = await temporaryPostgres()
  try {
    const found = await makeTemplate(temporary)
    const runner = spawn(process.execPath, ["--test", ...parameters], {
      stdio: "inherit",
      env: { NODE_COMPILE_CACHE: compiled, ...process.env, ...env, ...found },
    })
    const stop = () => runner.kill("SIGTERM")
    process.once("SIGINT", stop)
    process.once("SIGTERM", stop)
    const [code] = (await once(runner, "exit")) as [number | null]
    process.exitCode = code ?? 1
  } finally {
    await temporary.stop()
  }
}
