import { spawnSync } from "node:child_process"
import { copyFile, readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

/*
 * Real clients against the server as it is started: `npm run conformance`. The clients are packages of their own, with
 * a lock file of their own, and are installed when they are not there. Arguments are files to run instead of all.
 */
const root = fileURLToPath(new URL("..", import.meta.url))
const folder = `${root}conformance/`
const installed = `${folder}node_modules/installed-lock.json`

function run(command: string, parameters: string[], cwd = root): void {
  const { status, error } = spawnSync(command, parameters, { cwd, stdio: "inherit" })
  if (status === 0) return
  console.error(`conformance: ${command} ${parameters.join(" ")} failed${error ? `: ${error.message}` : ""}`)
  process.exit(1)
}

const textOf = (path: string): Promise<string | undefined> => readFile(path, "utf8").catch(() => undefined)

if ((await textOf(installed)) !== (await textOf(`${folder}package-lock.json`))) {
  // No client needs its scripts, and none gets to run any.
  run("npm", ["ci", "--ignore-scripts"], folder)
  await copyFile(`${folder}package-lock.json`, installed)
}

run("tsc", ["--noEmit", "-p", "conformance"])

const named = process.argv.slice(2)
// In one process: the files share their servers.
const options = ["--test", "--test-isolation=none", "--test-timeout=120000"]
run(process.execPath, [...options, ...(named.length > 0 ? named : ["conformance/all.test.ts"])])
