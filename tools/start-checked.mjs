// Runs a TypeScript tool after checking that this Node can: node tools/start-checked.mjs tools/<tool>.ts [arguments].
const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `This needs Node 22.18 or newer, and this is Node ${process.versions.node}: run "npm ci", which brings Node 24 with it, and start it through npm.`,
  )
  process.exit(1)
}
const tool = new URL(process.argv[2], `file://${process.cwd()}/`)
process.argv.splice(1, 2, tool.pathname)
await import(tool.href)
