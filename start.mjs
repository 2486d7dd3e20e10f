// Plain JavaScript that any Node can parse: an old one must be able to read the sentence below.
const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Conclave needs Node 22.18 or newer, and this is Node ${process.versions.node}: run "npm ci", which brings Node 24 with it, and then "npm start".`,
  )
  process.exit(1)
}
await import("./server/main.ts")
