// Plain JavaScript that any Node can parse: an old one must be able to read the sentence below.
import * as nodeModule from "node:module"
import { fileURLToPath } from "node:url"

const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Conclave needs Node 22.18 or newer, and this is Node ${process.versions.node}: run "npm ci", which brings Node 24 with it, and then "npm start".`,
  )
  process.exit(1)
}
// Sources stripped of their types and compiled are kept beside the packages; where that cannot be, nothing is kept.
nodeModule.enableCompileCache(fileURLToPath(new URL("node_modules/.cache/conclave", import.meta.url)))
await import("./server/main.ts")
