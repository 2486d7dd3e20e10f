import { glob } from "node:fs/promises"

/*
 * Every test, in one process: they share the servers, and the count of the methods that were driven. What looks at that
 * count comes last.
 */
const options = { cwd: import.meta.dirname, exclude: ["node_modules/**"] }
const files: string[] = []
for await (const file of glob("*/*.test.ts", options)) files.push(file)
for (const file of files.toSorted()) await import(`./${file}`)
await import("./sdk-3/coverage.ts")
