import { loadConfig } from "./config.ts"
import { runMain, serveUntilStopped } from "./process.ts"
import type { RunningServer } from "./server.ts"

await runMain(() => {
  const config = loadConfig(process.env)
  return serveUntilStopped(config, (server) => void process.stdout.write(greeting(server)))
})

function greeting({ address, setupLink, services }: RunningServer): string {
  const lines = [`Conclave listens on ${address} (API and its document: ${services.siteUrl}/api/docs)`]
  if (setupLink) lines.push(`It is not set up yet. To set it up from another machine: ${setupLink}`)
  return `${lines.join("\n")}\n`
}
