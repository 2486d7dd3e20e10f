import cluster from "node:cluster"
import { loadConfig } from "./config.ts"
import { runMain } from "./start-error.ts"

await runMain(async () => {
  const config = loadConfig(process.env)
  if (cluster.worker) return (await import("./worker.ts")).serveForPrimary(config, cluster.worker)
  if (config.workers !== 1) return (await import("./primary.ts")).serveByWorkers(config, greet)
  const { serveUntilStopped } = await import("./process.ts")
  return serveUntilStopped(config, ({ address, setupLink, services: { siteUrl } }) =>
    greet({ address, setupLink, siteUrl }),
  )
})

function greet(server: { address: string; siteUrl: string; setupLink?: string | undefined }): void {
  const lines = [`Conclave listens on ${server.address} (API and its document: ${server.siteUrl}/api/docs)`]
  if (server.setupLink)
    lines.push(`It is not set up yet. To set it up from another machine: ${server.setupLink}`)
  process.stdout.write(`${lines.join("\n")}\n`)
}
