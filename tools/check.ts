import { spawnSync } from "node:child_process"

/**
 * Everything that must be true of a commit, the quickest first; stops at the first that is not. The types of
 * `conformance/` are checked by `npm run conformance`, as the clients' own are needed for it.
 */
const steps: [name: string, command: string, ...parameters: string[]][] = [
  ["types", "tsc", "--noEmit"],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["format", "prettier", "--check", "."],
  ["generated files", "node", "tools/start-checked.mjs", "tools/generate.ts", "--check"],
  ["tests", "node", "tools/start-checked.mjs", "tools/test.ts"],
]

for (const [name, command, ...parameters] of steps) {
  console.log(`check: ${name}`)
  const { status } = spawnSync(command, parameters, { stdio: "inherit" })
  if (status === 0) continue
  console.error(`check: ${name} failed`)
  process.exit(1)
}
console.log("check: all is well")
